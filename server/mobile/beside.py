"""Add user: a second user's key in the app of somebody who has one there already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from ..db.tables import devices, mobile_keys
from ..errors import NotTaken
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState, state_at
from ..words import N_
from .signed import is_signed_by

_REFUSED = N_(
    "The mobile key that is in this app already has not agreed to another user, or has ended. Try "
    "again, or register without it."
)


def message(username: str, installation: str) -> bytes:
    """Return what the key that is there signs."""
    return f"challng beside 1\n{username}\n{installation}".encode()


def check(
    connection: Connection,
    serial: str,
    signature: bytes,
    username: str,
    installation: str,
    user_id: int,
    now: datetime,
) -> int:
    """Return the device of the key that agreed, or raise NotTaken."""
    row = connection.execute(
        select(devices, mobile_keys.c.sign_key, mobile_keys.c.installation)
        .join(mobile_keys, mobile_keys.c.device_id == devices.c.id)
        .where(
            devices.c.serial == serial,
            devices.c.kind == DeviceKind.MOBILE_KEY.value,
            devices.c.state == DeviceState.ACTIVE.value,
        )
    ).one_or_none()
    if (
        row is None
        or state_at(row, now) is not DeviceState.ACTIVE
        or row.owner_id == user_id
        or row.installation != installation
        or not is_signed_by(row.sign_key, signature, message(username, installation))
    ):
        raise NotTaken(_REFUSED, field="beside")
    device_id: int = row.id
    return device_id
