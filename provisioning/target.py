"""Which card's store a command works on: a directory here, or a card's disk mounted here."""

from __future__ import annotations

import argparse
from pathlib import Path

from device.errors import StoreError
from device.keystore import CardKey, FileKeyStore
from provisioning import image


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--store` and `--root`, of which one must be given."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--store", type=Path, metavar="DIR", help="the card's store, on the card")
    which.add_argument(
        "--root",
        type=Path,
        metavar="DIR",
        help=f"a card's root partition, mounted here; its store is {image.STORE} in it, sealed "
        "under a key file, as the card's board is not here",
    )


def to_load(arguments: argparse.Namespace) -> FileKeyStore:
    """The store to put keys into; raises ImageRefused."""
    if arguments.root is not None:
        return FileKeyStore(image.make_store(arguments.root), board_here=False)
    return FileKeyStore(arguments.store)


def to_empty(arguments: argparse.Namespace) -> FileKeyStore:
    """The store to take keys from, by whatever it is sealed; raises ImageRefused."""
    if arguments.root is not None:
        return FileKeyStore(image.store_of(arguments.root))
    return FileKeyStore(arguments.store)


def loaded_key(store: FileKeyStore, slot: str) -> CardKey | None:
    """What is in a slot, if it can be opened."""
    try:
        return store.load(slot)
    except StoreError:
        return None
