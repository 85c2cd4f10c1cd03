"""`new`: a key into a card's store, its record into a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from device.keystore import SLOTS, FileKeyStore
from protocol.fingerprint import key_id
from protocol.ocra import DEFAULT_SUITE
from protocol.pskc import open_formats
from provisioning import dice, enrolling, record_secret, target
from provisioning.loader import StoreLoader
from provisioning.order import Order, slot_for
from provisioning.place import KeyFile, Places
from provisioning.provision import provision


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `new` into the command line."""
    new = commands.add_parser(
        "new",
        help="make a key for a card, on the card itself or on its mounted disk",
        description="Makes a key, puts it into a card's store, and writes the card record for the "
        "verifier as an encrypted PSKC file (RFC 6030).",
        allow_abbrev=False,
    )
    new.set_defaults(run=run)
    target.add_options(new)
    new.add_argument("--out", type=Path, required=True, metavar="FILE", help="the card record")
    new.add_argument(
        "--format",
        metavar="FORMAT",
        default="pskc",
        help="pskc, and no other: csv and otpauth are refused, their keys stand open",
    )
    record_secret.add_options(new)
    enrolling.add_options(new)
    new.add_argument(
        "--slot", choices=SLOTS, help="default: the first free one, A on a card without keys"
    )
    new.add_argument(
        "--serial", help="the card's serial; default: that of its other slots, or a new one"
    )
    new.add_argument("--issuer", default="Challng", help="whose verifier it is for")
    new.add_argument("--suite", default=DEFAULT_SUITE, help="default: %(default)s")
    new.add_argument(
        "--dice",
        action="store_true",
        help=f"ask for rolls of your own dice ({dice.ENOUGH} are worth 128 bits) and mix them in",
    )
    new.add_argument(
        "--replace",
        action="store_true",
        help="put the new key in the place of a loaded one, which is lost",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the key; 0 when card and record have it."""
    open_formats.refuse_name(arguments.out.suffix)
    open_formats.need_pskc(arguments.format)
    store = target.to_load(arguments)
    slot = slot_for(arguments.slot, store.slots(), replace=arguments.replace)
    order = Order(
        slot=slot,
        issuer=arguments.issuer,
        suite=arguments.suite,
        serial=arguments.serial,
        replace=arguments.replace,
    )
    invalid = _becomes_invalid(store, slot) if arguments.replace else None
    if invalid:
        print(f"replaces {invalid}", file=sys.stderr)
    file = KeyFile(arguments.out, record_secret.read(arguments, new=True))
    file.must_be_free()
    verifier = enrolling.place(arguments)
    place = Places([file, *([verifier] if verifier else [])])
    loader = StoreLoader(store, dice.mixed(dice.ask())) if arguments.dice else StoreLoader(store)
    with enrolling.saying_what_stands(arguments.out, arguments.url):
        record = provision(order, loader, place)
    others = [one for one in store.slots() if one != slot]
    beside = f" (beside {', '.join(others)})" if others else ""
    print(f"card     {record.serial}, slot {slot}{beside}, key written to {store.directory}")
    print(f"record   {arguments.out}, encrypted")
    if invalid:
        print(f"invalid  {invalid}")
    if verifier:
        print(f"verifier {arguments.url}, active for {arguments.user}")
        return 0
    print(f"next     challng-server card import {arguments.out} --user NAME, then delete the file")
    return 0


def _becomes_invalid(store: FileKeyStore, slot: str) -> str | None:
    """What a replaced key leaves behind that is worth nothing then; None for an empty slot."""
    if slot not in store.slots():
        return None
    key = target.loaded_key(store, slot)
    if key is None:
        return (
            f"the key in slot {slot}, which cannot be opened: its record and every login with it "
            "end; revoke that card at its verifier"
        )
    return (
        f"key {key_id(key.serial, slot, key.key)} for {key.issuer}: its record and every login "
        f"with it end; revoke {key.serial} at that verifier before the new record goes there"
    )
