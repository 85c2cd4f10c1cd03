"""Passed identity checks as rows: good for a while, for one member of staff and one user.

What gives something away (a temporary code, another run of tries) spends a check; what only takes
a device out of use needs one and leaves it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from ..db.tables import identity_checks
from ..errors import IllegalMove
from ..words import N_

GOOD_FOR = timedelta(minutes=15)
"""How long after it was passed a check can be used."""

_NONE = N_(
    "Check the caller's identity first: there is no passed check of yours for this user, or it is "
    "older than 15 minutes, or it was used up."
)


def current(
    connection: Connection, staff_id: int, user_id: int, now: datetime
) -> tuple[int, datetime] | None:
    """Return the latest check that can be used, and until when; None where there is none."""
    row = connection.execute(
        select(identity_checks.c.id, identity_checks.c.at)
        .where(
            identity_checks.c.staff_id == staff_id,
            identity_checks.c.user_id == user_id,
            identity_checks.c.passed,
            identity_checks.c.used_at.is_(None),
            identity_checks.c.at > now - GOOD_FOR,
        )
        .order_by(identity_checks.c.id.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row.id, row.at + GOOD_FOR)


def need(connection: Connection, staff_id: int, user_id: int, now: datetime) -> int:
    """Return the check that can be used, and leave it; raises IllegalMove."""
    found = current(connection, staff_id, user_id, now)
    if found is None:
        raise IllegalMove(_NONE)
    return found[0]


def spend(
    connection: Connection, check_id: int, staff_id: int, user_id: int, now: datetime
) -> None:
    """Use a check up, by compare-and-set; raises IllegalMove."""
    used = connection.execute(
        update(identity_checks)
        .where(
            identity_checks.c.id == check_id,
            identity_checks.c.staff_id == staff_id,
            identity_checks.c.user_id == user_id,
            identity_checks.c.passed,
            identity_checks.c.used_at.is_(None),
            identity_checks.c.at > now - GOOD_FOR,
        )
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise IllegalMove(_NONE)
