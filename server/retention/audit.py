"""Cutting old rows off the audit log, in such a way that the rest can still be verified.

The cut keeps, under a MAC of the chain's key, the last row and the last seal that are gone. So
nobody without the key can move it, and one that is put back to an older cut shows missing rows.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from ..audit.cut import Cut, read, write
from ..audit.events import Event
from ..audit.log import AuditLog
from ..crypto.secrets_table import AUDIT, Secrets
from ..db.engine import Database
from ..db.tables import audit_head, audit_log, audit_seals
from . import partitions

ACTOR = "tick"

MOST = 20_000
"""Rows that one transaction of SQLite cuts: its writers wait for it."""


def cut(
    database: Database, audit: AuditLog, secrets: Secrets, now: datetime, keep_days: int
) -> int:
    """Cut off the rows that are older than a number of whole days; returns how many those were."""
    horizon = _midnight(now) - timedelta(days=keep_days)
    total = 0
    while True:
        with database.writing() as connection:
            rows = _cut(connection, audit, secrets.get(AUDIT), now, horizon, database.is_sqlite)
        total += rows
        if rows < MOST or not database.is_sqlite:
            return total


def _cut(
    connection: Connection,
    audit: AuditLog,
    key: bytes,
    now: datetime,
    horizon: datetime,
    is_sqlite: bool,
) -> int:
    standing = read(connection)
    begin = standing.seq if standing else 0
    last = _last_before(connection, begin, horizon)
    last = min(last, begin + MOST) if is_sqlite else partitions.whole_chapters(connection, last)
    if last <= begin:
        return 0
    seal = connection.execute(
        select(audit_seals.c.seq, audit_seals.c.mac)
        .where(audit_seals.c.seq <= last)
        .order_by(audit_seals.c.seq.desc())
        .limit(1)
    ).one_or_none()
    if seal is None:  # not one of these rows is sealed yet
        return 0
    row_mac = connection.execute(
        select(audit_log.c.mac).where(audit_log.c.seq == last)
    ).scalar_one()
    write(connection, key, Cut(last, row_mac, seal.seq, seal.mac, now))
    # The seal that the cut names stays: the next one is made on it, and the anchor may name it.
    connection.execute(delete(audit_seals).where(audit_seals.c.seq < seal.seq))
    if not is_sqlite:
        partitions.drop_chapters(connection, last)
    connection.execute(delete(audit_log).where(audit_log.c.seq <= last))
    audit.write(connection, now, Event.AUDIT_CUT, ACTOR, None, rows=last - begin, up_to=last)
    return last - begin


def _last_before(connection: Connection, begin: int, horizon: datetime) -> int:
    """Return the last row of those that stand before the first one of the horizon or later.

    Rows are in the order of their numbers, and nearly in that of their times: clocks differ, and
    are set. So what the halving finds is looked at once more.
    """
    low, high = begin, connection.execute(select(audit_head.c.seq)).scalar_one()
    at = select(audit_log.c.at)
    while low < high:  # row `low` is older (or gone), row `high + 1` is not (or not there)
        middle = (low + high + 1) // 2
        found = connection.execute(at.where(audit_log.c.seq == middle)).scalar_one_or_none()
        if found is not None and found < horizon:
            low = middle
        else:
            high = middle - 1
    younger = connection.execute(
        select(func.min(audit_log.c.seq)).where(audit_log.c.seq <= low, audit_log.c.at >= horizon)
    ).scalar_one()
    return low if younger is None else int(younger) - 1


def _midnight(now: datetime) -> datetime:
    """Return the beginning of a day (UTC): what is cut off grows once a day, not at every tick."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
