"""The outbox's other side: what is due, taken by compare-and-set, and what came of it.

A notice that is taken is out of everybody else's reach for `LEASE`, so two senders never send it
both; a sender that dies leaves it to be taken again after that.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select, update

from ..db.tables import outbox, users
from .outbox import Notice

LEASE = timedelta(minutes=10)
FIRST_WAIT = timedelta(minutes=1)
LONGEST = timedelta(days=1)
"""How long a notice is tried before it is given up."""
LATE = timedelta(minutes=15)
"""After this long a notice is overdue."""


@dataclass(frozen=True)
class Taken:
    """A notice to be sent by whoever has taken it; `reached` are targets that have it already."""

    id: int
    user_id: int
    user: str
    locale: str | None
    notice: Notice
    values: Mapping[str, str]
    tries: int
    reached: frozenset[str]


@dataclass(frozen=True)
class Counts:
    """How many notices there are of each fate."""

    waiting: int
    sent: int
    given_up: int


_WAITS = (outbox.c.sent_at.is_(None), outbox.c.given_up_at.is_(None))


def take(connection: Connection, now: datetime) -> Taken | None:
    """Take the notice that has been due longest; None where nothing is due."""
    while True:
        row = connection.execute(
            select(outbox, users.c.name, users.c.locale)
            .join(users, users.c.id == outbox.c.user_id)
            .where(*_WAITS, outbox.c.due_at <= now)
            .order_by(outbox.c.due_at, outbox.c.id)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        taken = connection.execute(
            update(outbox)
            .where(
                outbox.c.id == row.id,
                *_WAITS,
                outbox.c.tries == row.tries,
                outbox.c.due_at == row.due_at,
            )
            .values(tries=row.tries + 1, due_at=now + LEASE)
        )
        if taken.rowcount == 1:
            return Taken(
                row.id,
                row.user_id,
                row.name,
                row.locale,
                Notice(row.notice),
                json.loads(row.values),
                row.tries + 1,
                frozenset(json.loads(row.reached or "[]")),
            )


def sent(connection: Connection, taken: Taken, now: datetime) -> bool:
    """Note that everybody has it; False where another sender has taken it meanwhile."""
    return _note(connection, taken, sent_at=now)


def failed(
    connection: Connection, taken: Taken, reached: frozenset[str], now: datetime
) -> datetime | None:
    """Note that it is to be tried again; returns when, or None where it was given up."""
    wait = next_wait(taken.tries)
    values = {"reached": json.dumps(sorted(reached))}
    if wait is None:
        _note(connection, taken, given_up_at=now, **values)
        return None
    _note(connection, taken, due_at=now + wait, **values)
    return now + wait


def give_up(connection: Connection, taken: Taken, now: datetime) -> None:
    """Note that it will not be sent."""
    _note(connection, taken, given_up_at=now)


def next_wait(tries: int) -> timedelta | None:
    """Return how long to wait after the so-many-eth try failed: a minute, then twice as long each
    time, the last try being a day after the first; None where that one failed.
    """
    doubled = 1 << (tries - 1)
    waited = FIRST_WAIT * (doubled - 1)
    if waited >= LONGEST:
        return None
    return min(FIRST_WAIT * doubled, LONGEST - waited)


def counts(connection: Connection) -> Counts:
    """Count the notices."""
    row = connection.execute(
        select(
            func.count(outbox.c.id), func.count(outbox.c.sent_at), func.count(outbox.c.given_up_at)
        )
    ).one()
    return Counts(row[0] - row[1] - row[2], row[1], row[2])


def overdue(connection: Connection, now: datetime) -> int:
    """Count the notices that should have been sent a while ago, and were not tried or failed."""
    late = select(func.count(outbox.c.id)).where(*_WAITS, outbox.c.due_at < now - LATE)
    return connection.execute(late).scalar_one()


def _note(connection: Connection, taken: Taken, **values: object) -> bool:
    done = connection.execute(
        update(outbox)
        .where(outbox.c.id == taken.id, *_WAITS, outbox.c.tries == taken.tries)
        .values(values)
    )
    return done.rowcount == 1
