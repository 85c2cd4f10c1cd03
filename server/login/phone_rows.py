"""The logins that a phone is asked about, and the compare-and-set that ends an approved one.

What decides an open login is the `Ledger`'s, whether it is answered or approved.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BindParameter, Connection, bindparam, select, update

from ..db.tables import logins, users
from ..db.types import Moment
from .ledger import LoginRow, LoginState, read_row

_ID: BindParameter[object] = bindparam("the_id")
_NOW = bindparam("now", type_=Moment)
_ROWS = select(logins, users.c.name).join(users, users.c.id == logins.c.user_id)
_FIND = _ROWS.where(logins.c.approval_id == _ID)
_WAITING = _ROWS.where(
    logins.c.user_id == bindparam("user"),
    logins.c.state == LoginState.OPEN.value,
    logins.c.device_id == _ID,
    logins.c.approval_id.is_not(None),
    logins.c.expires_at > _NOW,
).order_by(logins.c.begun_at, logins.c.id)
_FINISH = (
    update(logins)
    .where(
        logins.c.id == _ID,
        logins.c.state == LoginState.APPROVED.value,
        logins.c.decided_at > bindparam("since", type_=Moment),
    )
    .values(state=LoginState.ACCEPTED.value, decided_at=_NOW)
)


def find(connection: Connection, approval_id: str) -> LoginRow | None:
    """Read a login by its name on the phone that was asked last."""
    row = connection.execute(_FIND, {"the_id": approval_id}).one_or_none()
    return None if row is None else read_row(row)


def waiting(connection: Connection, user_id: int, device_id: int, now: datetime) -> list[LoginRow]:
    """Return the open logins of a user that his phone is asked about, the oldest first."""
    found = connection.execute(_WAITING, {"user": user_id, "the_id": device_id, "now": now})
    return [read_row(row) for row in found]


def finish(connection: Connection, login_id: str, now: datetime, since: datetime) -> bool:
    """Accept a login that was approved after `since`; False where it was not, or is over."""
    done = connection.execute(_FINISH, {"the_id": login_id, "now": now, "since": since})
    return done.rowcount == 1
