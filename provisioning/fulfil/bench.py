"""Onto what the card of an order goes: a store directory of its own, or a card on the cable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from device.errors import StoreError
from device.keystore import FileKeyStore
from protocol import card_suite, serial
from protocol.fingerprint import key_id
from protocol.pskc import CardRecord
from provisioning.fulfil.wanted import Pending
from provisioning.loader import Keep, Loader, StoreLoader
from provisioning.order import Order

if TYPE_CHECKING:
    from provisioning.pair.person import Person
    from provisioning.pair.port import Port


class Bench(ABC):
    """One way of making the card of an order."""

    @abstractmethod
    def loader(self, order: Order) -> Loader:
        """The loader for this order."""

    @abstractmethod
    def made(self, pending: Pending, slot: str) -> CardRecord | None:
        """The record of a card that was begun and surely has its key; None where it may not."""

    @abstractmethod
    def serial(self) -> str | None:
        """The serial of a card that is new; None where the card has one of its own."""


class Stores(Bench):
    """A store directory for each card, named by its serial, ready to be copied onto a card."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def serial(self) -> str | None:
        """Draw one that no directory has."""
        while True:
            drawn = serial.random()
            if not (self._folder / drawn).exists():
                return drawn

    def loader(self, order: Order) -> Loader:
        """A loader into the card's own directory."""
        return StoreLoader(FileKeyStore(self._folder / str(order.serial)))

    def made(self, pending: Pending, slot: str) -> CardRecord | None:
        """Look into the card's directory."""
        folder = self._folder / serial.check(pending.serial)
        if not folder.is_dir():
            return None
        try:
            held = FileKeyStore(folder).load(slot)
        except StoreError:
            return None
        if key_id(held.serial, slot, held.key) != pending.key_id:
            return None
        return CardRecord(
            serial=held.serial,
            suite=held.suite,
            key=held.key,
            counter=held.counter,
            issuer=held.issuer,
            key_id=pending.key_id,
            challenge_length=card_suite.check(held.suite).question_length,
        )


class Cable(Bench):
    """The card at the other end of a serial port, paired by hand."""

    def __init__(self, open_port: Callable[[], Port], person: Person, again: str) -> None:
        self._open, self._person, self._again = open_port, person, again

    def serial(self) -> str | None:
        """The card's own, or one that pairing draws."""
        return None

    def loader(self, order: Order) -> Loader:
        """A loader that pairs."""
        from provisioning.pair.loader import CableLoader

        return _Told(CableLoader(self._open, self._person, self._again), self._person, order)

    def made(self, pending: Pending, slot: str) -> CardRecord | None:
        """Its key never left the card: it is paired anew."""
        return None


class _Told(Loader):
    def __init__(self, loader: Loader, person: Person, order: Order) -> None:
        self._loader, self._person, self._order = loader, person, order

    def load(self, order: Order, keep: Keep) -> CardRecord:
        if order.replace:
            self._person.tell(
                f"Card {order.serial} was begun for this order: plug in that card, or a new one."
            )
        return self._loader.load(order, keep)
