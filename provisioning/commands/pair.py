"""`pair`: a key onto a card over its USB cable, its record into a file."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from device.keystore import SLOTS
from protocol.ocra import DEFAULT_SUITE
from protocol.pskc import open_formats
from provisioning import enrolling, keyfile, record_secret
from provisioning.order import Order
from provisioning.place import KeyFile, Places
from provisioning.provision import provision

if TYPE_CHECKING:
    from provisioning.pair.person import Person


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `pair` into the command line."""
    pair = commands.add_parser(
        "pair",
        help="agree on a key with a card over its USB cable",
        description="Agrees on a key with the card at the other end of a USB serial cable; the key "
        "itself never travels. Both show six digits, and both must be told that they are the same. "
        "The card record for the verifier is an encrypted PSKC file (RFC 6030).",
        allow_abbrev=False,
    )
    pair.set_defaults(run=run)
    pair.add_argument(
        "--port",
        default="auto",
        metavar="PORT",
        help="the serial port, such as /dev/ttyACM0; auto: the one with a card's USB identity",
    )
    which = pair.add_mutually_exclusive_group(required=True)
    which.add_argument("--out", type=Path, metavar="FILE", help="the card record")
    which.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="the --out of a pairing that was cut at its last message: ask the card if it has the "
        "key, and confirm or remove the record",
    )
    record_secret.add_options(pair)
    enrolling.add_options(pair)
    pair.add_argument(
        "--slot", choices=SLOTS, help="default: the first free one, A on a card without keys"
    )
    pair.add_argument("--serial", help="the card's serial; default: its own, or a new one")
    pair.add_argument("--issuer", default="Challng", help="whose verifier it is for")
    pair.add_argument("--suite", default=DEFAULT_SUITE, help="default: %(default)s")
    pair.add_argument(
        "--replace",
        action="store_true",
        help="put the new key in the place of a loaded one, which is lost",
    )


def run(arguments: argparse.Namespace) -> int:
    """Pair, or settle what a cut left open; 0 when card and record agree."""
    from provisioning.pair.person import Terminal

    person = Terminal()
    if arguments.resume is not None:
        return _resume(arguments, person)
    return _pair(arguments, person)


def _pair(arguments: argparse.Namespace, person: Person) -> int:
    from provisioning.pair.loader import CableLoader
    from provisioning.pair.port import Port

    open_formats.refuse_name(arguments.out.suffix)
    keyfile.must_be_free(arguments.out)
    file = KeyFile(arguments.out, record_secret.read(arguments, new=True))
    keyfile.must_be_free(file.unconfirmed)
    verifier = enrolling.place(arguments)
    order = Order(
        slot=arguments.slot,
        issuer=arguments.issuer,
        suite=arguments.suite,
        serial=arguments.serial,
        replace=arguments.replace,
    )
    loader = CableLoader(lambda: Port(arguments.port), person, _again(arguments))
    with enrolling.saying_what_stands(arguments.out, arguments.url):
        record = provision(order, loader, Places([file, *([verifier] if verifier else [])]))
    person.tell(f"card     {record.serial} has the key")
    person.tell(f"record   {arguments.out}, encrypted")
    if verifier:
        person.tell(f"verifier {arguments.url}, active for {arguments.user}")
    else:
        _say_what_next(person, arguments.out)
    return 0


def _resume(arguments: argparse.Namespace, person: Person) -> int:
    from provisioning.pair.port import Port
    from provisioning.pair.resume import Settled, resume

    out = arguments.resume
    file = KeyFile(out, record_secret.read(arguments, new=False))
    record = file.prepared()
    # A record that is there already needs neither user nor PIN to be confirmed or forgotten.
    there = (
        [enrolling.VerifierPlace(enrolling.verifier(arguments), "", "")] if arguments.url else []
    )
    with enrolling.saying_what_stands(out, arguments.url):
        settled = resume(record, Places([file, *there]), lambda: Port(arguments.port), person)
    if settled is Settled.CONFIRMED:
        person.tell(f"card     {record.serial} has the key, its record is confirmed")
        person.tell(f"record   {out}, encrypted")
        if there:
            person.tell(f"verifier {arguments.url}, active")
        else:
            _say_what_next(person, out)
    else:
        person.tell(f"card     {record.serial} has not got the key, its record is removed")
        person.tell("next     pair the card again")
    return 0


def _again(arguments: argparse.Namespace) -> str:
    """The command that settles an uncertain end."""
    words = ["challng-provision", "pair", "--port", arguments.port, "--resume", str(arguments.out)]
    if arguments.url:
        words += ["--enrol", arguments.url]
    return shlex.join(words)


def _say_what_next(person: Person, out: Path) -> None:
    person.tell(f"next     challng-server card import {out} --user NAME, then delete the file")
