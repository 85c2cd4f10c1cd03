"""`wipe`: takes keys off a card: overwritten, removed, and what may remain is said."""

from __future__ import annotations

import argparse
import sys

from device.errors import StoreError
from device.keystore import SLOTS, FileKeyStore
from protocol.fingerprint import key_id
from provisioning import forgetting, target
from provisioning.errors import NoSuchSlot, NotConfirmed


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Put `wipe` into the command line."""
    wipe = commands.add_parser(
        "wipe",
        help="take keys off a card",
        description="Overwrites and removes keys from a card's store, damaged ones too; with the "
        "last one the store's sealing key. A wipe that was cut short is finished by another.",
        allow_abbrev=False,
    )
    wipe.set_defaults(run=run)
    target.add_options(wipe)
    which = wipe.add_mutually_exclusive_group()
    which.add_argument("--slot", choices=SLOTS, help="default: the only one that holds a key")
    which.add_argument("--all", action="store_true", help="all slots and the sealing key")
    wipe.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Wipe; 0 when the keys are gone."""
    store = target.to_empty(arguments)
    if not store.directory.is_dir():
        raise NoSuchSlot(f"there is no key store at {store.directory}: nothing was wiped")
    slots = _slots(store, arguments)
    names = {slot: _name(store, slot) for slot in slots}
    for slot, name in names.items():
        print(f"slot {slot}   {name}")
    if not arguments.yes:
        _confirm()
    sealed, held = store.sealed_under(), [slot for slot in slots if slot in store.slots()]
    troubles = []
    for slot in slots:
        try:
            store.remove(slot)
        except StoreError as error:
            troubles.append(error)  # the other slots first
    if troubles:
        raise troubles[0]
    left = store.slots()
    what = f"slot {', '.join(held)}" if held else "what an earlier wipe left"
    print(f"wiped    {what} in {store.directory}: overwritten, then removed")
    print(f"left     {', '.join(left) if left else 'no key, and no sealing key'}")
    print(f"remains  {forgetting.what_remains(sealed, empty=not left)}")
    print("next     revoke the card at its verifier: challng-server card revoke SERIAL")
    return 0


def _slots(store: FileKeyStore, arguments: argparse.Namespace) -> tuple[str, ...]:
    loaded = store.slots()
    if arguments.slot is not None:
        return (str(arguments.slot),)
    if arguments.all or not loaded:
        return SLOTS  # those without a file, too: what a cut wipe left is finished
    if len(loaded) > 1:
        raise NoSuchSlot(f"slots {', '.join(loaded)} hold keys: say which with --slot, or --all")
    return loaded


def _name(store: FileKeyStore, slot: str) -> str:
    if slot not in store.slots():
        return "no key"
    key = target.loaded_key(store, slot)
    if key is None:
        return "a key that cannot be opened"
    return f"key {key_id(key.serial, slot, key.key)} of card {key.serial}, for {key.issuer}"


def _confirm() -> None:
    if not sys.stdin.isatty():
        raise NotConfirmed("nothing was wiped: there is no terminal to ask at, give --yes")
    if input("Destroy them? Type yes: ").strip().lower() != "yes":
        raise NotConfirmed("nothing was wiped")
