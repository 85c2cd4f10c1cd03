"""Onto what the cards of a batch go: store directories, or cards on the cable.

`loader_for` is the seam: one Bench for each way, which gives a loader for each card, and says of a
card that was cut off whether it has its key.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from device.errors import StoreError
from device.keystore import FileKeyStore
from protocol.fingerprint import key_id
from protocol.pskc import CardRecord
from provisioning.batch.journal import Entry
from provisioning.batch.plan import Wanted
from provisioning.errors import NoAnswer, ProvisioningError
from provisioning.loader import Keep, Loader, StoreLoader
from provisioning.order import Order

if TYPE_CHECKING:
    from provisioning.pair.person import Person
    from provisioning.pair.port import Port


class BatchStopped(ProvisioningError):
    """A person ends the batch before a card; the card waits."""


class Bench(ABC):
    """One way of making the cards of a batch."""

    way: str
    draws_serials: bool
    """Whether a card has no serial of its own before it gets one here."""

    @abstractmethod
    def loader(self, entry: Entry) -> Loader:
        """The loader for this card of the batch."""

    @abstractmethod
    def has_key(self, entry: Entry) -> bool | None:
        """Whether a card that was cut off has its key; None where that cannot be seen from here."""


class Stores(Bench):
    """A store directory for each card, named by its serial, ready to be copied onto a card."""

    way = "stores"
    draws_serials = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def loader(self, entry: Entry) -> Loader:
        """A loader into the card's own directory."""
        return StoreLoader(FileKeyStore(self.folder / entry.serial))

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


class Cable(Bench):
    """One card after the other on the same cable, each paired by hand."""

    way = "cable"
    draws_serials = False

    def __init__(self, open_port: Callable[[], Port], name: str, out: Path, person: Person) -> None:
        self._open = open_port
        self._again = f"challng-provision pair --port {name} --resume {out}/SERIAL.pskc"
        self._person = person

    def loader(self, entry: Entry) -> Loader:
        """A loader that asks for the card first."""
        return _Asked(self._open, self._person, self._again, entry.wanted)

    def has_key(self, entry: Entry) -> bool | None:
        """The card is not here any more."""
        return None


class _Asked(Loader):
    def __init__(
        self, open_port: Callable[[], Port], person: Person, again: str, wanted: Wanted
    ) -> None:
        self._open = open_port
        self._person = person
        self._again = again
        self._wanted = wanted

    def load(self, order: Order, keep: Keep) -> CardRecord:
        from provisioning.pair.loader import CableLoader
        from provisioning.pair.talk import ask

        whose = f" for {self._wanted.label}" if self._wanted.label else ""
        question = (
            f"Card {self._wanted.number}{whose}: is it plugged in, and offers pairing? (yes/no)"
        )
        try:
            ready = ask(self._person, question)
        except (EOFError, NoAnswer):
            ready = False
        if not ready:
            raise BatchStopped("stopped: run the same again to go on with this card")
        return CableLoader(self._open, self._person, self._again).load(order, keep)


def loader_for(stores: Path | None, port: str, out: Path) -> Bench:
    """The way that the command line asks for: into stores, or else over the cable."""
    if stores is not None:
        return Stores(stores)
    from provisioning.pair.person import Terminal
    from provisioning.pair.port import Port

    return Cable(lambda: Port(port), port, out, Terminal())
