"""Confirmations as rows: each beside its login, which says where it stands."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, bindparam, func, insert, select, update

from ..db.tables import applications, confirmations, devices, logins, users
from ..db.types import Moment
from ..factors.interface import Prompt
from ..factors.kinds import DeviceKind
from ..login.ledger import LoginState, Purpose


class State(StrEnum):
    """Where a confirmation stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DENIED = "denied"
    EXPIRED = "expired"
    CLOSED = "closed"
    """Over by too many wrong answers, or with its user's password or device."""


@dataclass(frozen=True)
class Kept:
    """A confirmation as it is kept; `device_*`: what is asked, or has answered."""

    id: str
    application_id: int
    application: str
    user_id: int
    user: str
    action_sealed: bytes = field(repr=False)
    nonce: bytes
    digest: bytes
    receipt: str | None
    state: State
    prompt: Prompt
    device_id: int
    device_kind: DeviceKind
    device_serial: str
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None


_ID: BindParameter[object] = bindparam("the_id")
_ROWS = (
    select(
        confirmations,
        applications.c.name.label("application"),
        users.c.name.label("user"),
        logins.c.state,
        logins.c.prompt,
        logins.c.device_id,
        logins.c.begun_at,
        logins.c.expires_at,
        logins.c.decided_at,
        devices.c.kind,
        devices.c.serial,
    )
    .join(applications, applications.c.id == confirmations.c.application_id)
    .join(users, users.c.id == confirmations.c.user_id)
    .join(logins, logins.c.id == confirmations.c.id)
    .join(devices, devices.c.id == logins.c.device_id)
)
_ONE = _ROWS.where(confirmations.c.id == _ID, logins.c.purpose == Purpose.CONFIRM.value)
_OPEN = (
    logins.c.user_id == bindparam("the_user"),
    logins.c.purpose == Purpose.CONFIRM.value,
    logins.c.state == LoginState.OPEN.value,
    logins.c.expires_at > bindparam("now", type_=Moment),
)
_WAITING = _ROWS.where(*_OPEN).order_by(logins.c.begun_at, confirmations.c.id)
_COUNT = (
    select(func.count())
    .select_from(confirmations)
    .join(logins, logins.c.id == confirmations.c.id)
    .where(*_OPEN)
)
_ADD = insert(confirmations)
_SIGNED = update(confirmations).where(confirmations.c.id == _ID).values(receipt=bindparam("signed"))
_STATES = {
    LoginState.OPEN: State.OPEN,
    LoginState.ACCEPTED: State.CONFIRMED,
    LoginState.DENIED: State.DENIED,
}


def find(connection: Connection, confirmation_id: str, now: datetime) -> Kept | None:
    """Return a confirmation as it stands at `now`."""
    row = connection.execute(_ONE, {"the_id": confirmation_id}).one_or_none()
    return None if row is None else _read(row, now)


def waiting(connection: Connection, user_id: int, now: datetime) -> list[Kept]:
    """Return what waits for a user, the oldest first."""
    rows = connection.execute(_WAITING, {"the_user": user_id, "now": now})
    return [_read(row, now) for row in rows]


def count(connection: Connection, user_id: int, now: datetime) -> int:
    """Return how many actions wait for a user."""
    found = connection.execute(_COUNT, {"the_user": user_id, "now": now})
    return int(found.scalar_one())


def add(connection: Connection, **values: object) -> None:
    """Add a confirmation, beside the login that is open for it."""
    connection.execute(_ADD, values)


def keep_receipt(connection: Connection, confirmation_id: str, receipt: str) -> None:
    """Keep what was signed."""
    connection.execute(_SIGNED, {"the_id": confirmation_id, "signed": receipt})


def _read(row: Row[Any], now: datetime) -> Kept:
    state = _STATES.get(LoginState(row.state), State.CLOSED)
    if state is State.OPEN and row.expires_at <= now:
        state = State.EXPIRED
    return Kept(
        id=row.id,
        application_id=row.application_id,
        application=row.application,
        user_id=row.user_id,
        user=row.user,
        action_sealed=row.action_sealed,
        nonce=row.nonce,
        digest=row.digest,
        receipt=row.receipt,
        state=state,
        prompt=json.loads(row.prompt),
        device_id=row.device_id,
        device_kind=DeviceKind(row.kind),
        device_serial=row.serial,
        asked_at=row.begun_at,
        expires_at=row.expires_at,
        decided_at=row.decided_at,
    )
