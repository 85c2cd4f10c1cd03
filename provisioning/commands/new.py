"""`new`: a key into a card's store, its record into a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from device.keystore import SLOTS, FileKeyStore
from protocol.ocra import DEFAULT_SUITE
from provisioning import record_secret
from provisioning.loader import StoreLoader
from provisioning.order import Order
from provisioning.place import KeyFile
from provisioning.provision import provision


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `new` into the command line."""
    new = commands.add_parser(
        "new",
        help="make a key for a card, on the card itself or on its mounted store",
        description="Makes a key, puts it into a card's store, and writes the card record for the "
        "verifier as an encrypted PSKC file (RFC 6030).",
        allow_abbrev=False,
    )
    new.set_defaults(run=run)
    new.add_argument("--store", type=Path, required=True, metavar="DIR", help="the card's store")
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help="the card record")
    record_secret.add_options(new)
    new.add_argument("--slot", choices=SLOTS, default=SLOTS[0], help="default: %(default)s")
    new.add_argument("--serial", help="the card's serial; default: a new one is drawn")
    new.add_argument("--issuer", default="Challng", help="whose verifier it is for")
    new.add_argument("--suite", default=DEFAULT_SUITE, help="default: %(default)s")
    new.add_argument(
        "--replace",
        action="store_true",
        help="put the new key in the place of a loaded one, which is lost",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the key; 0 when card and record have it."""
    secret = record_secret.read(arguments, new=True)
    order = Order(
        slot=arguments.slot,
        issuer=arguments.issuer,
        suite=arguments.suite,
        serial=arguments.serial,
        replace=arguments.replace,
    )
    place = KeyFile(arguments.out, secret)
    record = provision(order, StoreLoader(FileKeyStore(arguments.store)), place)
    print(f"card     {record.serial}, slot {order.slot}, key written to {arguments.store}")
    print(f"record   {arguments.out}, encrypted")
    print(f"next     challng-server card import {arguments.out} --user NAME, then delete the file")
    return 0
