"""A device reported lost, stolen or broken: suspended, and everything it opened is closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, update

from ..db.tables import logins, sessions
from ..login.ledger import LoginState
from ..notify.outbox import Notice, put
from . import devices
from .devices import Device
from .states import DeviceMove


def suspend(connection: Connection, device: Device, now: datetime) -> None:
    """Suspend a device and tell its owner; raises IllegalMove.

    Sessions that it opened end for good: they do not come back when the device turns up again.
    """
    close_logins(connection, device.id, now)
    devices.move(connection, device.id, DeviceMove.SUSPENDED, now)
    connection.execute(delete(sessions).where(sessions.c.device_id == device.id))
    put(
        connection,
        device.owner_id,
        Notice.DEVICE_SUSPENDED,
        f"device:{device.id}:{now.isoformat()}",
        now,
        serial=device.serial,
    )


def close_logins(
    connection: Connection, device_id: int, now: datetime, user_id: int | None = None
) -> None:
    """End the open logins and proofs with a device, of everybody or of one user."""
    wanted = [logins.c.device_id == device_id, logins.c.state == LoginState.OPEN.value]
    if user_id is not None:
        wanted.append(logins.c.user_id == user_id)
    connection.execute(
        update(logins).where(*wanted).values(state=LoginState.CLOSED.value, decided_at=now)
    )
