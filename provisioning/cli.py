"""`challng-provision`: the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from device.errors import DeviceError
from device.keystore import SLOTS, FileKeyStore
from protocol.errors import ProtocolError
from protocol.ocra import DEFAULT_SUITE
from provisioning import passphrase
from provisioning.errors import ProvisioningError
from provisioning.new import Order, provision

DONE, REFUSED = 0, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command: 0 done, 1 refused (one sentence on stderr), 2 usage."""
    arguments = _parser().parse_args(argv)
    try:
        return _new(arguments)
    except (ProvisioningError, DeviceError, ProtocolError) as error:
        print(f"challng-provision: {error}", file=sys.stderr)
        return REFUSED


def _new(arguments: argparse.Namespace) -> int:
    secret = passphrase.read(arguments.passphrase_file)
    if len(secret) < passphrase.SHORT:
        print(
            f"challng-provision: a passphrase under {passphrase.SHORT} characters protects little",
            file=sys.stderr,
        )
    record = provision(
        FileKeyStore(arguments.store),
        arguments.out,
        secret,
        Order(
            slot=arguments.slot,
            issuer=arguments.issuer,
            suite=arguments.suite,
            serial=arguments.serial,
            replace=arguments.replace,
        ),
    )
    print(f"card     {record.serial}, slot {arguments.slot}, key written to {arguments.store}")
    print(f"record   {arguments.out}, encrypted with the passphrase")
    print(f"next     challng-server card import {arguments.out} --user NAME, then delete the file")
    return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="challng-provision", description="Puts keys onto cards.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('challng')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    new = commands.add_parser(
        "new",
        help="make a key for a card, on the card itself or on its mounted store",
        description="Makes a key, puts it into a card's store, and writes the card record for the "
        "verifier as an encrypted PSKC file (RFC 6030).",
        allow_abbrev=False,
    )
    new.add_argument("--store", type=Path, required=True, metavar="DIR", help="the card's store")
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help="the card record")
    new.add_argument(
        "--passphrase-file",
        metavar="FILE",
        help="read the record's passphrase from FILE, or from standard input (-); else it is asked",
    )
    new.add_argument("--slot", choices=SLOTS, default=SLOTS[0], help="default: %(default)s")
    new.add_argument("--serial", help="the card's serial; default: a new one is drawn")
    new.add_argument("--issuer", default="Challng", help="whose verifier it is for")
    new.add_argument("--suite", default=DEFAULT_SUITE, help="default: %(default)s")
    new.add_argument(
        "--replace",
        action="store_true",
        help="put the new key in the place of a loaded one, which is lost",
    )
    return parser
