"""How a user stands before any device is asked: closed account, opted out, ever had a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select

from ..db.prepared import Prepared
from ..db.tables import accounts, devices, shares, users
from ..db.types import Moment
from ..states.share import ShareState

SELECTED = select(
    users.c.opted_out_at,
    select(accounts.c.closed_at)
    .where(accounts.c.id == users.c.account_id)
    .scalar_subquery()
    .label("closed_at"),
    select(devices.c.id)
    .where(
        devices.c.owner_id == users.c.id,
        or_(
            devices.c.activated_at.is_not(None),
            devices.c.auto_activates_at <= bindparam("now", type_=Moment),
        ),
    )
    .exists()
    .label("owned"),
    # Ever active: approved, and maybe cancelled after that.
    select(shares.c.id)
    .where(
        shares.c.user_id == users.c.id,
        shares.c.state != ShareState.REJECTED.value,
        shares.c.decided_at.is_not(None),
    )
    .exists()
    .label("shared"),
)
"""How users stand at `now`, for a statement that says which of them: give its row to `read`."""

_STANDING = Prepared(SELECTED.where(users.c.id == bindparam("user")))


@dataclass(frozen=True)
class Standing:
    """`had_device`: some device was active for him once, so his password alone is too little."""

    closed: bool
    opted_out: bool
    had_device: bool

    @property
    def needs_no_device(self) -> bool:
        """Whether the password alone opens a session, whatever devices there are."""
        return self.closed or self.opted_out


@dataclass(frozen=True)
class Proven:
    """A user who has given his right password, and how he stands."""

    id: int
    name: str
    standing: Standing


def standing(connection: Connection, user_id: int, now: datetime) -> Standing:
    """Return how a user stands at `now`."""
    return read(_STANDING.one(connection, user=user_id, now=now))


def read(row: Any) -> Standing:  # noqa: ANN401 - a row of SELECTED
    """Return what a row says."""
    return Standing(
        closed=row.closed_at is not None,
        opted_out=row.opted_out_at is not None,
        had_device=bool(row.owned or row.shared),
    )
