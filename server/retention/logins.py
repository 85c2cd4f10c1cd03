"""Forgetting logins that are past, and sessions that have ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, exists, select
from sqlalchemy.exc import DBAPIError

from ..audit.events import Event
from ..audit.log import AuditLog
from ..db.engine import Database
from ..db.tables import logins, sessions
from ..db.types import Moment
from ..login import ids
from . import partitions
from .audit import ACTOR

MOST = 5_000
"""Rows that one transaction deletes."""

_A_DAY = timedelta(days=1)
_ENDED = (
    select(sessions.c.token_hash)
    .where(sessions.c.ends_at < bindparam("before", type_=Moment))
    .limit(MOST)
)
_OLD = (
    select(logins.c.id)
    .where(
        logins.c.id < bindparam("made_before"),
        logins.c.begun_at < bindparam("before", type_=Moment),
        ~exists().where(sessions.c.login_id == logins.c.id),
    )
    .order_by(logins.c.id)
    .limit(MOST)
)


def cut(database: Database, audit: AuditLog, now: datetime, keep_days: int) -> int:
    """Forget the logins that began more than a number of whole days ago; returns how many.

    They were decided, or have expired, long before. One that a session came of stays as long as
    the session. On PostgreSQL they go by whole weeks, once the last of a week is old enough.
    """
    horizon = now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=keep_days)
    _in_parts(database, lambda connection: _forget_sessions(connection, now))
    rows = 0 if database.is_sqlite else _drop_weeks(database, horizon)
    rows += _in_parts(database, lambda connection: _forget_logins(connection, horizon))
    if rows:
        with database.writing() as connection:
            audit.write(connection, now, Event.LOGINS_CUT, ACTOR, None, logins=rows)
    return rows


def _drop_weeks(database: Database, horizon: datetime) -> int:
    with database.reading() as connection:
        found = partitions.weeks(connection)
    dropped = 0
    for week in found:
        if partitions.start_of(week + 1) > horizon:
            break
        try:
            with database.writing() as connection:
                dropped += partitions.drop_week(connection, week)
        except DBAPIError:  # somebody reads it, or a session refers to it: at a later tick
            break
    return dropped


def _in_parts(database: Database, step: Callable[[Connection], int]) -> int:
    total = 0
    while True:
        with database.writing() as connection:
            done = step(connection)
        total += done
        if done < MOST:
            return total


def _forget_sessions(connection: Connection, now: datetime) -> int:
    # A day later than they end, whatever the clocks of the workers say.
    old = connection.execute(_ENDED, {"before": now - _A_DAY}).scalars().all()
    connection.execute(delete(sessions).where(sessions.c.token_hash.in_(old)))
    return len(old)


def _forget_logins(connection: Connection, horizon: datetime) -> int:
    wanted = {"made_before": ids.start_of(horizon), "before": horizon}
    old = connection.execute(_OLD, wanted).scalars().all()
    connection.execute(delete(logins).where(logins.c.id.in_(old)))
    return len(old)
