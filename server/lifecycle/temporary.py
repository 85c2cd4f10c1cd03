"""The temporary devices of a user: which there are, and their end when a permanent one works."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from ..db.tables import devices
from ..factors.kinds import TEMPORARY, DeviceKind
from ..login.overtaken import overtaken
from ..states.device import DeviceState, state_at
from . import revocation

RESTORED = "restored"
"""Why a temporary device ended: a permanent one was activated or reactivated."""

_KEPT = select(devices).where(
    devices.c.kind.in_([kind.value for kind in TEMPORARY]),
    devices.c.state != DeviceState.REVOKED.value,
)


def assigned(connection: Connection, user_id: int, now: datetime) -> bool:
    """Tell whether a temporary device from the desk stands behind a user's logins at `now`.

    Codes by SMS are none: who has them never had a permanent device that should come back first.
    """
    rows = connection.execute(
        _KEPT.where(devices.c.owner_id == user_id, devices.c.kind != DeviceKind.SMS_CODE.value)
    )
    return any(state_at(row, now) is DeviceState.ACTIVE for row in rows)


def end_all(connection: Connection, user_id: int, now: datetime) -> int:
    """End a user's temporary code, online code card and codes by SMS; returns how many ended.

    For whoever activates or reactivates a permanent device, in the same transaction. Sessions that
    a temporary device opened end with it: a session that goes on has to be put under the device
    that has just answered first (`Sessions.prove`).
    """
    rows = connection.execute(_KEPT.where(devices.c.owner_id == user_id)).all()
    return sum(revocation.end(connection, row.id, now, RESTORED) for row in rows)


def end_overtaken(connection: Connection, now: datetime) -> int:
    """End the codes by SMS for good that a permanent device has taken the place of by itself;
    returns how many ended.
    """
    ids = overtaken(connection, now)
    return sum(revocation.end(connection, each, now, RESTORED) for each in ids)
