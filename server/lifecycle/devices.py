"""Devices as their users see them, and the one statement that moves a device in its life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, or_, select, update

from ..db.tables import cards, devices, shares, users
from ..errors import IllegalMove, NotThere
from ..factors.kinds import DeviceKind
from ..states.device import DEVICE, DeviceMove, DeviceState, state_at
from ..states.share import ShareState
from ..words import N_

COPIED = "copied"
"""Why a suspended phone is not to be put into use again: there may be a copy of it."""

NOT_THERE = N_("You have no such device.")
_NOT_NOW = N_(
    "This cannot be done with the device any more, or not yet: nothing was changed. "
    "Look at your list of devices."
)


@dataclass(frozen=True)
class Device:
    """A device at one moment; `share_id` where it is shared with the user who asked."""

    id: int
    kind: DeviceKind
    serial: str
    label: str
    owner_id: int
    owner: str
    state: DeviceState
    locked: bool
    added_at: datetime
    activated_at: datetime | None
    shipped_at: datetime | None
    auto_activates_at: datetime | None
    limited_from: datetime | None
    valid_until: datetime | None
    share_id: int | None = None
    pin_reset: bool = False
    """The desk has ended its PIN: it is in use again once its owner has chosen another."""
    copied: bool = False
    """There may be a copy of this phone, which could answer for it too: it stays suspended."""


_SELECT = (
    select(devices, users.c.name.label("owner"), cards.c.pin_reset_at)
    .join(users, users.c.id == devices.c.owner_id)
    .outerjoin(cards, cards.c.device_id == devices.c.id)
)


def own(connection: Connection, user_id: int, now: datetime) -> list[Device]:
    """Return a user's own devices that are not over, oldest first."""
    rows = connection.execute(_SELECT.where(devices.c.owner_id == user_id).order_by(devices.c.id))
    return [each for each in (_read(row, now) for row in rows) if _shown(each)]


def shared_with(connection: Connection, user_id: int, now: datetime) -> list[Device]:
    """Return the devices of others that a user may log in with."""
    rows = connection.execute(
        _SELECT.add_columns(shares.c.id.label("share_id"))
        .join(shares, shares.c.device_id == devices.c.id)
        .where(shares.c.user_id == user_id, shares.c.state == ShareState.ACTIVE.value)
        .order_by(devices.c.id)
    )
    return [each for each in (_read(row, now, row.share_id) for row in rows) if _shown(each)]


def get(connection: Connection, device_id: int, now: datetime) -> Device:
    """Return a device, or raise NotThere."""
    row = connection.execute(_SELECT.where(devices.c.id == device_id)).one_or_none()
    if row is None:
        raise NotThere(NOT_THERE)
    return _read(row, now)


def get_own(connection: Connection, user_id: int, device_id: str | int, now: datetime) -> Device:
    """Return one of a user's own devices, or raise NotThere: what is another's is not there."""
    number = int(device_id) if str(device_id).isascii() and str(device_id).isdigit() else -1
    found = get(connection, number, now) if 0 <= number < 2**62 else None
    if found is None or found.owner_id != user_id:
        raise NotThere(NOT_THERE)
    return found


def move(
    connection: Connection,
    device_id: int,
    what: DeviceMove,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    *,
    decided_by: Device | None = None,
) -> DeviceState:
    """Move a device, by compare-and-set; returns its new state. Raises IllegalMove.

    `decided_by`: the device as it was when this was decided; it must be in that state still.
    What time has done is taken as done: a card that became active by itself is active, and a
    device that is over moves nowhere. To take a device away use `revocation.revoke`.
    """
    device = get(connection, device_id, now)
    if decided_by is not None and decided_by.state is not device.state:
        raise IllegalMove(_NOT_NOW)
    if not DEVICE.allows(device.state, what):
        raise IllegalMove(_NOT_NOW)
    to = DEVICE.after(device.state, what)
    stored = [device.state.value]
    if device.state is DeviceState.ACTIVE:
        stored.append(DeviceState.INACTIVE.value)  # activated by itself, and never written down
    changed: dict[str, Any] = {"state": to.value, **(values or {})}
    if device.activated_at is None and device.state is DeviceState.ACTIVE:
        changed["activated_at"] = device.auto_activates_at
    elif device.activated_at is None and to is DeviceState.ACTIVE:
        changed["activated_at"] = now
    done = connection.execute(
        update(devices)
        .where(
            devices.c.id == device_id,
            devices.c.state.in_(stored),
            or_(devices.c.valid_until.is_(None), devices.c.valid_until > now),
        )
        .values(changed)
    )
    if done.rowcount != 1:
        raise IllegalMove(_NOT_NOW)
    return to


def is_still(device: Device) -> ColumnElement[bool]:
    """Return the condition that a device's row says what it said when it was read."""
    stored = [device.state.value]
    if device.state is DeviceState.ACTIVE:
        stored.append(DeviceState.INACTIVE.value)  # activated by itself, and never written down
    return and_(
        devices.c.state.in_(stored),
        devices.c.activated_at.is_not_distinct_from(device.activated_at),
    )


def _shown(device: Device) -> bool:
    return device.state not in {DeviceState.PENDING, DeviceState.REVOKED}


def _read(row: Row[Any], now: datetime, share_id: int | None = None) -> Device:
    return Device(
        id=row.id,
        kind=DeviceKind(row.kind),
        serial=row.serial,
        label=row.label,
        owner_id=row.owner_id,
        owner=row.owner,
        state=state_at(row, now),
        locked=row.locked_at is not None,
        added_at=row.added_at,
        activated_at=row.activated_at,
        shipped_at=row.shipped_at,
        auto_activates_at=row.auto_activates_at,
        limited_from=row.limited_from,
        valid_until=row.valid_until,
        share_id=share_id,
        pin_reset=row.pin_reset_at is not None,
        copied=row.end_reason == COPIED,
    )
