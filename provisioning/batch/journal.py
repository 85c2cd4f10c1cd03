"""How far a batch is: one file, replaced whole at every step, with no secret in it.

Each card goes `waiting` -> `loading` (its serial and key id are written down before anything is
kept anywhere) -> `made`. What is `loading` when a batch begins was cut there; `uncertain` is a card
of which nobody knows whether it has its key; `refused` was told why and is tried again.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from provisioning import keyfile
from provisioning.batch.plan import Wanted
from provisioning.errors import ProvisioningError

_VERSION = 1


class JournalRefused(ProvisioningError, ValueError):
    """A journal that is in use, damaged, or of another batch."""


class CardState(StrEnum):
    """Where one card of the batch stands."""

    WAITING = "waiting"
    LOADING = "loading"
    MADE = "made"
    UNCERTAIN = "uncertain"
    REFUSED = "refused"


@dataclass(frozen=True)
class Entry:
    """One card of the batch; `when` is UTC, `note` a sentence that says what went wrong."""

    wanted: Wanted
    state: CardState = CardState.WAITING
    serial: str = ""
    key_id: str = ""
    when: str = ""
    note: str = ""


class Journal:
    """The entries of a batch on disk; one process at a time has it open."""

    def __init__(self, path: Path, plan: Sequence[Wanted], way: str) -> None:
        """Begin a journal, or go on with the one that is there; raises JournalRefused.

        `way` says how the cards are made: a journal goes on in its own way alone.
        """
        self.path = path
        self._way = way
        self._lock = _locked(path)
        try:
            self.resumed = path.exists()
            self.entries = self._begin(plan)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let another process have it."""
        os.close(self._lock)

    def note(self, number: int, **changes: str) -> Entry:
        """Change what is said of a card, durably; returns it."""
        entry = replace(self.entries[number], **changes)  # type: ignore[arg-type]
        self.entries[number] = entry
        self._write()
        return entry

    def count(self, state: CardState) -> int:
        """How many cards are in a state."""
        return sum(entry.state is state for entry in self.entries.values())

    def _begin(self, plan: Sequence[Wanted]) -> dict[int, Entry]:
        if not self.resumed:
            self.entries = {wanted.number: Entry(wanted) for wanted in plan}
            self._write()
            return self.entries
        entries = self._read()
        if [entry.wanted for entry in entries.values()] != list(plan):
            raise JournalRefused(
                f"{self.path} is the journal of another list: give the same list again, or begin "
                "another batch with another --out"
            )
        return entries

    def _write(self) -> None:
        content = {
            "version": _VERSION,
            "way": self._way,
            "cards": [asdict(entry) for entry in self.entries.values()],
        }
        text = json.dumps(content, ensure_ascii=False, indent=1)
        keyfile.replace(self.path, text.encode("utf-8"))

    def _read(self) -> dict[int, Entry]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if (content["version"], content["way"]) != (_VERSION, self._way):
                raise JournalRefused(
                    f"{self.path} is of a batch made in another way: give the same options again, "
                    "or begin another batch with another --out"
                )
            entries = [_entry(card) for card in content["cards"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, JournalRefused):
                raise
            raise JournalRefused(
                f"{self.path} is not a batch's journal: keep it, and begin another batch with "
                "another --out"
            ) from None
        return {entry.wanted.number: entry for entry in entries}


def _entry(card: dict[str, Any]) -> Entry:
    return Entry(**{**card, "wanted": Wanted(**card["wanted"]), "state": CardState(card["state"])})


def _locked(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise JournalRefused(
            f"another batch is at work in {path.parent}: wait until it ends, or stop it"
        ) from None
    return handle
