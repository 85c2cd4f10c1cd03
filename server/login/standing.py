"""How a user stands before any device is asked: closed account, opted out, ever had a device."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, or_, select

from ..db.prepared import Prepared
from ..db.tables import accounts, devices, shares, users
from ..db.types import Moment
from ..states.share import ShareState

_STANDING = Prepared(
    select(
        users.c.opted_out_at,
        accounts.c.closed_at,
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
    .outerjoin(accounts, accounts.c.id == users.c.account_id)
    .where(users.c.id == bindparam("user"))
)


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


def standing(connection: Connection, user_id: int, now: datetime) -> Standing:
    """Return how a user stands at `now`."""
    row = _STANDING.one(connection, user=user_id, now=now)
    return Standing(
        closed=row.closed_at is not None,
        opted_out=row.opted_out_at is not None,
        had_device=bool(row.owned or row.shared),
    )
