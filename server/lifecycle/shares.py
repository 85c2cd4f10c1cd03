"""Shares as rows: read, moved by compare-and-set, and who takes part in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from ..db.tables import devices, shares, users
from ..errors import IllegalMove, NotThere
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState, state_at
from ..states.share import SHARE, ShareMove, ShareState
from ..words import N_

OPEN = (ShareState.PROVED, ShareState.PENDING, ShareState.ACTIVE)
_NOT_THERE = N_("There is no such share.")
_NOT_NOW = N_("This cannot be done with the share any more, or not yet: nothing was changed.")
_USES_ONE = N_("You use a shared device: cancel that first, and your own is back in use.")

_OWNERS = users.alias("owners")
_SELECT = (
    select(
        shares,
        users.c.name.label("user"),
        devices.c.kind,
        devices.c.serial,
        devices.c.owner_id,
        _OWNERS.c.name.label("owner"),
    )
    .join(users, users.c.id == shares.c.user_id)
    .join(devices, devices.c.id == shares.c.device_id)
    .join(_OWNERS, _OWNERS.c.id == devices.c.owner_id)
    .order_by(shares.c.id)
)


@dataclass(frozen=True)
class Share:
    """A share: `user` uses the device of `owner`."""

    id: int
    state: ShareState
    user_id: int
    user: str
    device_id: int
    kind: DeviceKind
    serial: str
    owner_id: int
    owner: str
    asked_at: datetime
    decided_at: datetime | None
    reason: str | None


def get(connection: Connection, share_id: str | int) -> Share:
    """Return a share, or raise NotThere."""
    text = str(share_id)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1
    row = connection.execute(_SELECT.where(shares.c.id == number)).one_or_none()
    if row is None:
        raise NotThere(_NOT_THERE)
    return _read(row)


def get_own(connection: Connection, user_id: int, share_id: str | int) -> Share:
    """Return a share that a user asked for, or of a device of his; no other is there for him."""
    found = get(connection, share_id)
    if user_id not in {found.user_id, found.owner_id}:
        raise NotThere(_NOT_THERE)
    return found


def open_of(connection: Connection, user_id: int) -> list[Share]:
    """Return the shares that a user has asked for and that are not over, and of his devices."""
    rows = connection.execute(
        _SELECT.where(
            (shares.c.user_id == user_id) | (devices.c.owner_id == user_id),
            shares.c.state.in_([state.value for state in OPEN]),
        )
    )
    return [_read(row) for row in rows]


def asked_by(connection: Connection, user_id: int) -> Share | None:
    """Return the latest share that a user asked for, whatever came of it."""
    rows = connection.execute(_SELECT.where(shares.c.user_id == user_id)).all()
    return _read(rows[-1]) if rows else None


def must_use_none(connection: Connection, user_id: int) -> None:
    """Raise IllegalMove where a user logs in with a shared device: his own rest meanwhile."""
    for each in open_of(connection, user_id):
        if each.user_id == user_id and each.state is ShareState.ACTIVE:
            raise IllegalMove(_USES_ONE)


def pending(connection: Connection) -> list[Share]:
    """Return what waits for compliance, oldest first."""
    rows = connection.execute(_SELECT.where(shares.c.state == ShareState.PENDING.value))
    return [_read(row) for row in rows]


def move(
    connection: Connection, share: Share, what: ShareMove, values: Mapping[str, Any]
) -> ShareState:
    """Move a share by compare-and-set; raises IllegalMove."""
    if not SHARE.allows(share.state, what):
        raise IllegalMove(_NOT_NOW)
    to = SHARE.after(share.state, what)
    moved = connection.execute(
        update(shares)
        .where(shares.c.id == share.id, shares.c.state == share.state.value)
        .values(state=to.value, **values)
    )
    if moved.rowcount != 1:
        raise IllegalMove(_NOT_NOW)
    return to


def participants(connection: Connection, device_id: int, owner_id: int, user_id: int) -> set[int]:
    """Return the users who take part: the owner, who asks, and who shares the device already."""
    others = connection.execute(
        select(shares.c.user_id).where(
            shares.c.device_id == device_id, shares.c.state == ShareState.ACTIVE.value
        )
    ).scalars()
    return {owner_id, user_id, *others}


def kinds_in_use(connection: Connection, user_ids: set[int], now: datetime) -> list[DeviceKind]:
    """Return the kinds of the devices of users that are in use, or rest for a share."""
    rows = connection.execute(select(devices).where(devices.c.owner_id.in_(user_ids)))
    in_use = {DeviceState.ACTIVE, DeviceState.SET_ASIDE}
    return [DeviceKind(row.kind) for row in rows if state_at(row, now) in in_use]


def _read(row: Row[Any]) -> Share:
    return Share(
        id=row.id,
        state=ShareState(row.state),
        user_id=row.user_id,
        user=row.user,
        device_id=row.device_id,
        kind=DeviceKind(row.kind),
        serial=row.serial,
        owner_id=row.owner_id,
        owner=row.owner,
        asked_at=row.asked_at,
        decided_at=row.decided_at,
        reason=row.reason,
    )
