"""What the logins of applications are looked up by: users, devices, and who was asked last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from ..db.tables import devices, logins, users
from ..db.types import Moment
from ..login.ledger import LoginRow, LoginState, Purpose, read_row
from ..states.device import DeviceState

_USER = select(users.c.id, users.c.name).where(
    users.c.name == bindparam("the_name"), users.c.locked_at.is_(None)
)
_OWNER = (
    select(users.c.name)
    .join(devices, devices.c.owner_id == users.c.id)
    .where(
        devices.c.serial == bindparam("the_serial"), devices.c.state != DeviceState.REVOKED.value
    )
)
_SERIAL = select(devices.c.serial).where(devices.c.id == bindparam("the_id"))
_OPEN = (
    select(logins, users.c.name, devices.c.serial)
    .join(users, users.c.id == logins.c.user_id)
    .join(devices, devices.c.id == logins.c.device_id)
    .where(
        logins.c.user_id == bindparam("the_user"),
        logins.c.state == LoginState.OPEN.value,
        logins.c.purpose == Purpose.VALIDATE.value,
        logins.c.application_id.is_not_distinct_from(
            bindparam("application", type_=logins.c.application_id.type)
        ),
        logins.c.expires_at > bindparam("now", type_=Moment),
    )
    .order_by(logins.c.begun_at.desc(), logins.c.id)
)


def user(connection: Connection, name: str | None) -> tuple[int, str] | None:
    """Return the id and name of a user who is not locked."""
    row = connection.execute(_USER, {"the_name": name or ""}).one_or_none()
    return None if row is None else (row.id, row.name)


def owner(connection: Connection, serial: str) -> str | None:
    """Return whose device it is."""
    return connection.execute(_OWNER, {"the_serial": serial}).scalar_one_or_none()


def serial(connection: Connection, device_id: int) -> str:
    """Return a device's serial."""
    return str(connection.execute(_SERIAL, {"the_id": device_id}).scalar_one())


def newest(
    connection: Connection,
    user_id: int,
    application_id: int | None,
    serial: str | None,
    now: datetime,
) -> LoginRow | None:
    """Return the login that this application, or nobody in particular, began last for a user, where
    its device shows a challenge and it can still be answered.
    """
    wanted = {"the_user": user_id, "application": application_id, "now": now}
    for row in connection.execute(_OPEN, wanted):
        found = read_row(row)
        if "challenge" in found.prompt and serial in {None, row.serial}:
            return found
    return None
