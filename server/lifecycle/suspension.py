"""A device reported lost, stolen or broken: suspended, and everything it opened is closed.

A card that is lost in the post was never active, and does not become active by itself any more.
If it turns up, the answer that reactivates it is the one that would have activated it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from ..db.tables import logins, sessions
from ..errors import IllegalMove
from ..factors.kinds import DeviceKind
from ..login.ledger import UNFINISHED, LoginState
from ..notify.outbox import BEFORE_ACTIVATION, Notice, put, take_back
from ..states.device import DeviceMove, DeviceState
from ..words import N_
from . import devices
from .devices import Device

_NOT_SENT = N_("This was not sent yet, or is paper: it cannot be lost in the post.")


def suspend(
    connection: Connection,
    device: Device,
    now: datetime,
    notice: Notice = Notice.DEVICE_SUSPENDED,
) -> None:
    """Suspend a device that is still as it was read, and tell its owner; raises IllegalMove.

    Sessions that it opened end for good: they do not come back when the device turns up again.
    """
    waits = device.state is DeviceState.INACTIVE
    if waits and (device.kind is not DeviceKind.CARD or device.shipped_at is None):
        raise IllegalMove(_NOT_SENT)
    close_logins(connection, device.id, now)
    values: dict[str, str | None] = {"auto_activates_at": None} if waits else {}
    if notice is Notice.MOBILE_KEY_COPIED:
        values["end_reason"] = devices.COPIED
    devices.move(connection, device.id, DeviceMove.SUSPENDED, now, values, decided_by=device)
    take_back(connection, f"device:{device.id}", *BEFORE_ACTIVATION)
    connection.execute(delete(sessions).where(sessions.c.device_id == device.id))
    put(
        connection,
        device.owner_id,
        notice,
        f"device:{device.id}:{now.isoformat()}",
        now,
        serial=device.serial,
    )


def hold_logins(connection: Connection, device_id: int) -> None:
    """Hold the unfinished logins and proofs with a device, before any device is held."""
    connection.execute(
        select(logins.c.id)
        .where(logins.c.device_id == device_id, UNFINISHED)
        .order_by(logins.c.id)
        .with_for_update(key_share=True)
    )


def close_logins(
    connection: Connection, device_id: int, now: datetime, user_id: int | None = None
) -> None:
    """End the unfinished logins and proofs with a device, of everybody or of one user."""
    ended = update(logins).where(logins.c.device_id == device_id, UNFINISHED)
    if user_id is not None:
        ended = ended.where(logins.c.user_id == user_id)
    connection.execute(ended.values(state=LoginState.CLOSED.value, decided_at=now))
