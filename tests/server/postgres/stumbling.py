"""Transactions that the database itself undoes, when they write an event that was chosen."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from server.audit.events import Event
from server.verifier import Verifier


class Stumbles:
    """The next transactions that write an event fail with these SQLSTATEs, one after another."""

    def __init__(self, verifier: Verifier, patch: pytest.MonkeyPatch) -> None:
        self._left: dict[Event, list[str]] = {}
        self._write = verifier.audit.write
        patch.setattr(verifier.audit, "write", self._stumble)

    def at(self, event: Event, *codes: str) -> None:
        self._left[event] = list(codes)

    def _stumble(self, connection: Any, now: Any, event: Event, *given: Any, **more: Any) -> None:
        self._write(connection, now, event, *given, **more)
        if codes := self._left.get(event):
            connection.execute(undone(codes.pop(0)))


def undone(code: str) -> Any:
    """Return what has the database say that a transaction is undone."""
    return text(f"DO $$ BEGIN RAISE EXCEPTION 'made up' USING ERRCODE = '{code}'; END $$")
