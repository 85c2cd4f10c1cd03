"""Logins and proofs as rows that other decisions rest on: where one was given, which are open."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, select

from ..db.tables import logins
from ..db.types import Moment
from .ledger import UNFINISHED, LoginState, Purpose

_A_LITTLE = timedelta(minutes=1)
_PROVED_IN = select(logins.c.id).where(
    logins.c.session_hash == bindparam("hash"),
    logins.c.user_id == bindparam("user"),
    logins.c.device_id == bindparam("device"),
    logins.c.purpose == bindparam("for"),
    logins.c.state == LoginState.ACCEPTED.value,
    logins.c.decided_at > bindparam("since", type_=Moment),
    logins.c.decided_at <= bindparam("at", type_=Moment),
)
_UNFINISHED = (
    select(logins.c.id)
    .where(logins.c.user_id == bindparam("user"), UNFINISHED)
    .order_by(logins.c.id)
    .with_for_update(key_share=True)
)


def is_proved_in(
    connection: Connection,
    session_hash: bytes,
    user_id: int,
    device_id: int,
    purpose: Purpose,
    at: datetime,
) -> bool:
    """Tell whether a device answered right for this purpose in this very session, in the minute
    before what came of it: that is written down a little later than the answer is decided.
    """
    wanted = {
        "hash": session_hash,
        "user": user_id,
        "device": device_id,
        "for": purpose.value,
        "since": at - _A_LITTLE,
        "at": at,
    }
    return connection.execute(_PROVED_IN, wanted).first() is not None


def hold_unfinished(connection: Connection, user_id: int) -> None:
    """Hold every unfinished login of a user who is held, before any device of his is."""
    connection.execute(_UNFINISHED, {"user": user_id})
