"""Reading the log a page at a time, newest first, as an auditor does. Checking it is `verify`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ..db.tables import audit_log
from .events import Event

PAGE = 50


@dataclass(frozen=True)
class Line:
    """One row of the log."""

    seq: int
    at: datetime
    event: str
    actor: str
    subject: str | None
    detail: str


@dataclass(frozen=True)
class Lines:
    """One page; `older` is where the next one begins, None at the end."""

    lines: tuple[Line, ...]
    older: int | None


def page(
    connection: Connection,
    *,
    event: Event | None = None,
    about: str | None = None,
    before: int | None = None,
    size: int = PAGE,
) -> Lines:
    """Return the rows before a row; of one event; about one subject or done by one actor."""
    wanted = select(audit_log).order_by(audit_log.c.seq.desc()).limit(size + 1)
    if before is not None:
        wanted = wanted.where(audit_log.c.seq < before)
    if event is not None:
        wanted = wanted.where(audit_log.c.event == event.value)
    if about is not None:
        wanted = wanted.where(
            (audit_log.c.subject == about) | (audit_log.c.actor.in_([about, f"user:{about}"]))
        )
    rows = connection.execute(wanted).all()
    lines = tuple(
        Line(row.seq, row.at, row.event, row.actor, row.subject, row.detail) for row in rows[:size]
    )
    return Lines(lines, lines[-1].seq if len(rows) > size else None)
