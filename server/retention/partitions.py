"""PostgreSQL's partitions of the audit log (chapters of so many rows) and of the logins (weeks).

A partition's name says its range, so that no bound has to be read back: `audit_log_0_1000000` has
the rows from 0 up to before 1,000,000; `logins_2970` the logins of the 2,970th week since 1970.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from ..login import ids

SCHEMA = "challng_parts"
WEEKS_AHEAD = 4
CHAPTERS_AHEAD = 2

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK = timedelta(weeks=1)
_NAMES = text(
    "SELECT c.relname FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid"
    " WHERE i.inhparent = to_regclass(:parent) AND c.relname <> :rest ORDER BY 1"
)
_BRIEFLY = text("SET LOCAL lock_timeout = '500ms'")
"""Everything that decides waits behind whoever waits for a whole table: that shall not be long."""


# --- the audit log


def chapters(connection: Connection) -> list[tuple[int, int]]:
    """Return the chapters: the first row that each may have, and the first that it may not."""
    return sorted(
        (int(first), int(end))
        for _, _, first, end in (name.split("_") for name in _names(connection, "audit_log"))
    )


def whole_chapters(connection: Connection, last: int) -> int:
    """Return the last row that can be cut off without cutting a chapter in two."""
    for first, end in chapters(connection):
        if first <= last < end - 1:
            return first - 1
    return last


def drop_chapters(connection: Connection, last: int) -> None:
    """Drop the chapters that end with a row or before it."""
    connection.execute(_BRIEFLY)
    for first, end in chapters(connection):
        if end - 1 <= last:
            connection.execute(text(f"DROP TABLE {SCHEMA}.audit_log_{first}_{end}"))


def add_chapters(connection: Connection, written: int, rows: int) -> int:
    """Make the chapters after the one that is being written; returns how many were missing."""
    connection.execute(_BRIEFLY)
    found = chapters(connection)
    made = 0
    begin = max((end for _, end in found), default=0)
    if begin <= written:  # the first, or it was not looked at for long: those rows lie elsewhere
        begin = (written // rows + 1) * rows
    while begin < written + CHAPTERS_AHEAD * rows:
        _make(connection, "audit_log", f"{begin}_{begin + rows}", begin, begin + rows)
        begin += rows
        made += 1
    return made


# --- the logins


def weeks(connection: Connection) -> list[int]:
    """Return the weeks that have a partition."""
    return sorted(int(name.split("_")[1]) for name in _names(connection, "logins"))


def week_of(moment: datetime) -> int:
    """Return the number of a moment's week."""
    return (moment - _EPOCH) // _WEEK


def start_of(week: int) -> datetime:
    """Return the moment that a week begins."""
    return _EPOCH + week * _WEEK


def add_weeks(connection: Connection, now: datetime) -> int:
    """Make the partitions of the weeks to come; returns how many were missing."""
    connection.execute(_BRIEFLY)
    there = set(weeks(connection))
    made = 0
    for week in range(week_of(now) + 1, week_of(now) + 1 + WEEKS_AHEAD):
        if week not in there:
            first, end = (f"'{ids.start_of(start_of(each))}'" for each in (week, week + 1))
            _make(connection, "logins", str(week), first, end)
            made += 1
    return made


def drop_week(connection: Connection, week: int) -> int:
    """Drop the partition of a week; returns how many logins that were.

    A session that refers to one of them prevents it.
    """
    connection.execute(_BRIEFLY)
    name = f"{SCHEMA}.logins_{week}"
    rows: int = connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608
    connection.execute(text(f"ALTER TABLE logins DETACH PARTITION {name}"))
    connection.execute(text(f"DROP TABLE {name}"))
    return rows


# --- both


def _names(connection: Connection, parent: str) -> list[str]:
    return list(connection.execute(_NAMES, {"parent": parent, "rest": f"{parent}_rest"}).scalars())


def _make(connection: Connection, parent: str, name: str, first: object, end: object) -> None:
    connection.execute(
        text(
            f"CREATE TABLE {SCHEMA}.{parent}_{name} PARTITION OF {parent}"
            f" FOR VALUES FROM ({first}) TO ({end})"
        )
    )
