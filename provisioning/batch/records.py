"""Where a batch's records go: a file each, the verifier if wanted, and the journal first."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

from protocol import pskc
from protocol.pskc import CardRecord
from provisioning.batch.journal import CardState, Entry, Journal
from provisioning.enrolling import VerifierPlace
from provisioning.place import KeyFile, Place, Places

Enrol = Callable[[str], VerifierPlace]
"""The verifier's place for a user's card."""


class Records(Place):
    """The place of one card of a batch: noted in the journal around every step."""

    def __init__(
        self, journal: Journal, entry: Entry, out: Path, secret: pskc.Secret, enrol: Enrol | None
    ) -> None:
        self._journal = journal
        self._number = entry.wanted.number
        self._user = entry.wanted.user or entry.wanted.name
        self._out = out
        self._secret = secret
        self._enrol = enrol

    def prepare(self, record: CardRecord) -> None:
        """Note serial and key id, then prepare the file and the verifier."""
        self._journal.note(
            self._number,
            state=CardState.LOADING,
            serial=record.serial,
            key_id=record.key_id,
            note="",
        )
        try:
            self._places(record.serial).prepare(record)
        except Exception:  # nothing is kept, and the card has not got the key yet
            self._journal.note(self._number, state=CardState.WAITING, key_id="")
            raise

    def confirm(self, record: CardRecord) -> None:
        """Confirm both, then note that the card is made."""
        self._places(record.serial).confirm(record)
        when = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._journal.note(self._number, state=CardState.MADE, when=when, note="")

    def abandon(self, record: CardRecord) -> None:
        """Have both forgotten, then note that the card waits; it keeps its serial."""
        for left in self._out.glob(f".{record.serial}.pskc.*"):
            left.unlink()  # a file that a cut left half written, before it had its name
        self._places(record.serial).abandon(record)
        self._journal.note(self._number, state=CardState.WAITING, key_id="")

    def settled_elsewhere(self, serial: str) -> bool | None:
        """What `pair --resume` found: True where the file has its name, False where it is gone.

        A file is written before the card has the key, so a card without one has no key.
        """
        file = KeyFile(self._file(serial), self._secret)
        if file.unconfirmed.exists():
            return None
        return file.out.exists()

    def _file(self, serial: str) -> Path:
        return self._out / f"{serial}.pskc"

    def _places(self, serial: str) -> Place:
        file = KeyFile(self._file(serial), self._secret)
        return Places([file, *([self._enrol(self._user)] if self._enrol else [])])


def stub(entry: Entry, suite: str) -> CardRecord:
    """As much of a card's record as the journal knows: enough to confirm or to abandon it."""
    return CardRecord(entry.serial, suite, b"", 0, entry.wanted.issuer, entry.key_id)
