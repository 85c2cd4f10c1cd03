"""Add user: a second user's key in the app of somebody who has one there already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ..db.tables import devices, mobile_keys, users
from ..errors import NotTaken
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState, state_at
from ..words import N_
from .signed import is_near, is_signed_by

_REFUSED = N_(
    "The mobile key that is in this app already has not agreed to another user, is locked, or has "
    "ended. Try again, or register without it."
)


@dataclass(frozen=True)
class Agreed:
    """That the key `serial` agrees, which its phone has signed at `at` (milliseconds)."""

    serial: str
    at: int
    signature: bytes


def message(username: str, installation: str, at: int) -> bytes:
    """Return what the key that is there signs."""
    return f"challng beside 1\n{username}\n{installation}\n{at}".encode()


def check(
    connection: Connection,
    agreed: Agreed,
    username: str,
    installation: str,
    user_id: int,
    now: datetime,
) -> int:
    """Return the device of the key that agreed, or raise NotTaken."""
    row = connection.execute(
        select(devices, mobile_keys.c.sign_key, mobile_keys.c.installation)
        .join(mobile_keys, mobile_keys.c.device_id == devices.c.id)
        .join(users, users.c.id == devices.c.owner_id)
        .where(
            devices.c.serial == agreed.serial,
            devices.c.kind == DeviceKind.MOBILE_KEY.value,
            devices.c.state == DeviceState.ACTIVE.value,
            devices.c.locked_at.is_(None),
            users.c.locked_at.is_(None),
        )
    ).one_or_none()
    if (
        row is None
        or state_at(row, now) is not DeviceState.ACTIVE
        or row.owner_id == user_id
        or row.installation != installation
        or not is_near(agreed.at, now)
        or not is_signed_by(
            row.sign_key, agreed.signature, message(username, installation, agreed.at)
        )
    ):
        raise NotTaken(_REFUSED, field="beside")
    device_id: int = row.id
    return device_id
