"""Where a card record goes: first prepared, and confirmed when the card surely has the key."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from protocol import pskc
from protocol.pskc import CardRecord, open_formats
from provisioning import keyfile
from provisioning.errors import OutputRefused

UNCONFIRMED = ".unconfirmed"


class Place(ABC):
    """One place for card records, in two steps."""

    @abstractmethod
    def prepare(self, record: CardRecord) -> None:
        """Keep the record durably, good for no login yet; all or nothing."""

    @abstractmethod
    def confirm(self, record: CardRecord) -> None:
        """The card has the key: the record is good from now on. May be called again."""

    @abstractmethod
    def abandon(self, record: CardRecord) -> None:
        """The card surely has not the key: forget what was prepared. May be called again."""


class KeyFile(Place):
    """An encrypted PSKC file, called `OUT.unconfirmed` until the card is known to have the key."""

    def __init__(self, out: Path, secret: pskc.Secret) -> None:
        """Raise PskcError for a name that stands for open keys, such as `cards.csv`."""
        open_formats.refuse_name(out.suffix)
        self.out = out
        self.unconfirmed = out.with_name(out.name + UNCONFIRMED)
        self._secret = secret

    def must_be_free(self) -> None:
        """Raise OutputRefused where one of the two files is there."""
        keyfile.must_be_free(self.out)
        if os.path.lexists(self.unconfirmed):
            raise OutputRefused(
                f"{self.unconfirmed} is left from a run that did not end, and its card may have "
                "that key: name another file, and see docs/key-files.md what to do with this one"
            )

    def prepare(self, record: CardRecord) -> None:
        """Write `OUT.unconfirmed` (0600); raises OutputRefused where either file is there."""
        self.must_be_free()
        keyfile.write_new(self.unconfirmed, pskc.write([record], self._secret))

    def confirm(self, record: CardRecord) -> None:
        """Give the file its name; raises OutputRefused and leaves it unconfirmed otherwise."""
        keyfile.rename_new(self.unconfirmed, self.out)

    def abandon(self, record: CardRecord) -> None:
        """Remove `OUT.unconfirmed`."""
        keyfile.remove(self.unconfirmed)

    def prepared(self) -> CardRecord:
        """The record in `OUT.unconfirmed`; raises OutputRefused or PskcError."""
        (record, *_) = pskc.read(keyfile.read(self.unconfirmed), self._secret)
        return record


class Places(Place):
    """Several places for the same record; confirmed in their order."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = tuple(places)

    def prepare(self, record: CardRecord) -> None:
        """Prepare all; where one fails, those before it are abandoned."""
        done: list[Place] = []
        try:
            for place in self._places:
                place.prepare(record)
                done.append(place)
        except BaseException:
            for place in reversed(done):
                place.abandon(record)
            raise

    def confirm(self, record: CardRecord) -> None:
        """Confirm one after the other."""
        for place in self._places:
            place.confirm(record)

    def abandon(self, record: CardRecord) -> None:
        """Abandon all, the last first."""
        for place in reversed(self._places):
            place.abandon(record)
