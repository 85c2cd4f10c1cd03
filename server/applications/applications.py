"""The applications' table: each known by its token, with what it may do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from ..audit.events import Event
from ..credentials.checking import Door
from ..credentials.tokens import Tokens
from ..db.tables import applications


class May(StrEnum):
    """What an application may do."""

    VALIDATE = "validate"
    """Begin a login of a user whose first factor it has checked itself, and see his devices."""
    CONFIRM = "confirm"
    """Have an action confirmed by a user's device."""


@dataclass(frozen=True)
class Application:
    """One application, without its token."""

    id: int
    name: str
    may: frozenset[May]
    revoked: bool = False

    @property
    def actor(self) -> str:
        """What the audit log calls it."""
        return f"application:{self.name}"


def _made(row: Row[Any]) -> Application:
    may = {May.VALIDATE: row.may_validate, May.CONFIRM: row.may_confirm}
    return Application(
        row.id,
        row.name,
        frozenset(each for each, has in may.items() if has),
        row.revoked_at is not None,
    )


TOKENS = Tokens(applications, "cha_", _made)
DOOR = Door(
    name="\x00applications",
    none="Give the application's token as `Authorization: Bearer TOKEN`.",
    refused=(
        "This application's credential is not valid: ask the verifier's operator for a new one "
        "(`challng-server application add`)."
    ),
    event=Event.APPLICATION_REFUSED,
)


def columns(may: Collection[May]) -> dict[str, bool]:
    """Return the columns of what an application may do."""
    return {f"may_{each.value}": each in may for each in May}
