"""Onto what the cards of a batch go: store directories, or cards on the cable.

`loader_for` is the seam: one Bench for each way, which gives a loader for each card, and says of a
card that was cut off whether it has its key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from device.errors import StoreError
from device.keystore import FileKeyStore
from protocol.fingerprint import key_id
from provisioning.batch.journal import Entry
from provisioning.loader import Loader, StoreLoader


class Bench(ABC):
    """One way of making the cards of a batch."""

    way: str
    draws_serials: bool
    """Whether a card has no serial of its own before it gets one here."""

    @abstractmethod
    def loader(self, serial: str) -> Loader:
        """The loader for the next card, which is to have this serial if it has none of its own."""

    @abstractmethod
    def has_key(self, entry: Entry) -> bool | None:
        """Whether a card that was cut off has its key; None where that cannot be seen from here."""


class Stores(Bench):
    """A store directory for each card, named by its serial, ready to be copied onto a card."""

    way = "stores"
    draws_serials = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def loader(self, serial: str) -> Loader:
        """A loader into the card's own directory."""
        return StoreLoader(FileKeyStore(self.folder / serial))

    def has_key(self, entry: Entry) -> bool | None:
        """Look into the card's directory."""
        folder = self.folder / entry.serial
        if not folder.is_dir():
            return False
        store = FileKeyStore(folder)
        slot = entry.wanted.slot
        try:
            if slot not in store.slots():
                return False
            held = store.load(slot)
        except StoreError:
            return None
        return key_id(held.serial, slot, held.key) == entry.key_id


def loader_for(stores: Path) -> Bench:
    """The way that the command line asks for."""
    return Stores(stores)
