"""What a new device is called: its owner's name for it, and the number on it."""

from __future__ import annotations

import secrets
from itertools import count

from sqlalchemy import Connection, select

from ..db.tables import devices
from ..states.device import DeviceState

_KEPT = devices.c.state != DeviceState.REVOKED.value
_DIGITS = 8


def free_label(connection: Connection, user_id: int, stem: str) -> str:
    """Return the first of `card`, `card-2`, `card-3` that none of the user's devices has."""
    labels = select(devices.c.label).where(devices.c.owner_id == user_id, _KEPT)
    taken = set(connection.execute(labels).scalars())
    names = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
    return next(name for name in names if name not in taken)


def free_serial(connection: Connection, prefix: str) -> str:
    """Draw a number with 8 digits that no device has, behind two letters for its kind."""
    while True:
        serial = f"{prefix}{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"
        if not connection.execute(select(devices.c.id).where(devices.c.serial == serial)).first():
            return serial
