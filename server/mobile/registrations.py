"""The registrations of phones as rows: found by their token, moved by compare-and-set."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from ..accounts.users import hold
from ..db.tables import mobile_registrations, users
from ..errors import IllegalMove, RegistrationOver, RegistrationUnknown
from ..states.registration import REGISTRATION, RegistrationMove, RegistrationState
from ..words import N_

_BEARER = re.compile(r"[A-Za-z0-9_-]{43}")
_BEARER_BYTES = 32
_UNKNOWN = N_("This registration is not known. Start again with user name and password.")
_OVER = N_("This registration is over. Start again with user name and password.")
_OVERTAKEN = N_(
    "Something else happened to this registration at the same moment: nothing was changed. Try "
    "again."
)
_WIPED = {"exchange_sealed": None, "challenge": None, "number_sealed": None}
_MOST_OPEN = 3
_SETTLED = timedelta(minutes=1)
_LAST = (RegistrationState.DONE, RegistrationState.ENDED)


class Aim(StrEnum):
    """What a registration is for."""

    REGISTER = "register"
    MIGRATE = "migrate"
    REENABLE = "reenable"


@dataclass(frozen=True)
class Registration:
    """A registration as it stands; `user_id` and `token_hash` make it one who can be asked."""

    id: int
    token_hash: bytes = field(repr=False)
    user_id: int
    user: str
    locale: str | None
    aim: Aim
    state: RegistrationState
    installation: str
    phone: str
    number_sealed: bytes | None = field(repr=False)
    beside_id: int | None
    sends: int
    sent_at: datetime | None
    tries: int
    exchange_sealed: bytes | None = field(repr=False)
    challenge: bytes | None = field(repr=False)
    expires_at: datetime
    device_id: int | None


def begin(
    connection: Connection,
    user_id: int,
    aim: Aim,
    now: datetime,
    expires_at: datetime,
    **values: object,
) -> str:
    """Add a registration; returns its bearer token, which is told this once.

    What is over by now, of whomever, is wiped; of his own the latest few stay open.
    """
    _end_what_is_over(connection, user_id, now)
    bearer = secrets.token_urlsafe(_BEARER_BYTES)
    connection.execute(
        insert(mobile_registrations).values(
            token_hash=_hash(bearer),
            user_id=user_id,
            purpose=aim.value,
            state=REGISTRATION.begins.value,
            begun_at=now,
            expires_at=expires_at,
            **values,
        )
    )
    return bearer


def find(connection: Connection, bearer: str, now: datetime) -> Registration:
    """Return the registration of a token; raises RegistrationUnknown, RegistrationOver.

    One that is done is still found as long as it would have lived: an answer may have been lost.
    """
    if not _BEARER.fullmatch(bearer):
        raise RegistrationUnknown(_UNKNOWN)
    row = connection.execute(
        select(mobile_registrations, users.c.name, users.c.locale, users.c.locked_at)
        .join(users, users.c.id == mobile_registrations.c.user_id)
        .where(mobile_registrations.c.token_hash == _hash(bearer))
    ).one_or_none()
    if row is None:
        raise RegistrationUnknown(_UNKNOWN)
    state = RegistrationState(row.state)
    if state is RegistrationState.ENDED or row.expires_at <= now or row.locked_at is not None:
        raise RegistrationOver(_OVER)
    return Registration(
        id=row.id,
        token_hash=row.token_hash,
        user_id=row.user_id,
        user=row.name,
        locale=row.locale,
        aim=Aim(row.purpose),
        state=state,
        installation=row.installation,
        phone=row.phone,
        number_sealed=row.number_sealed,
        beside_id=row.beside_id,
        sends=row.sends,
        sent_at=row.sent_at,
        tries=row.tries,
        exchange_sealed=row.exchange_sealed,
        challenge=row.challenge,
        expires_at=row.expires_at,
        device_id=row.device_id,
    )


def held(connection: Connection, bearer: str, now: datetime) -> Registration:
    """Return the registration of a token as it stands while its user is held.

    Of several calls at once each sees what the one before it has done.
    """
    hold(connection, find(connection, bearer, now).user_id)
    return find(connection, bearer, now)


def move(
    connection: Connection, registration: Registration, what: RegistrationMove, **values: object
) -> None:
    """Move a registration from just where it was read, or raise IllegalMove."""
    to = REGISTRATION.after(registration.state, what)
    if to in _LAST:
        values |= _WIPED
    if not _changed(connection, registration, state=to.value, **values):
        raise IllegalMove(_OVERTAKEN)


def count_try(connection: Connection, registration: Registration) -> None:
    """Count a try of the token before it is looked at, or raise IllegalMove."""
    if not _changed(connection, registration, tries=registration.tries + 1):
        raise IllegalMove(_OVERTAKEN)


def end_others(connection: Connection, user_id: int, but: int | None = None) -> int:
    """End what else is being registered for a user; returns how many that were."""
    open_ = [state.value for state in REGISTRATION.sources(RegistrationMove.ENDED)]
    return connection.execute(
        update(mobile_registrations)
        .where(
            mobile_registrations.c.user_id == user_id,
            mobile_registrations.c.id != (-1 if but is None else but),
            mobile_registrations.c.state.in_(open_),
        )
        .values(state=RegistrationState.ENDED.value, **_WIPED)
    ).rowcount


def _end_what_is_over(connection: Connection, user_id: int, now: datetime) -> None:
    """Wipe a user's own beyond the latest, and what anybody's time was up for a while ago.

    No row is waited for: one that is held has somebody at work on it.
    """
    rows = mobile_registrations
    open_ = rows.c.state.in_([each.value for each in REGISTRATION.sources(RegistrationMove.ENDED)])
    latest = (
        select(rows.c.id)
        .where(rows.c.user_id == user_id, open_, rows.c.expires_at > now)
        .order_by(rows.c.id.desc())
        .limit(_MOST_OPEN - 1)
    )
    mine = and_(
        rows.c.user_id == user_id, rows.c.id.not_in(connection.execute(latest).scalars().all())
    )
    over = (
        select(rows.c.id)
        .where(open_, or_(mine, rows.c.expires_at <= now - _SETTLED))
        .with_for_update(skip_locked=True)
    )
    connection.execute(
        update(rows)
        .where(rows.c.id.in_(connection.execute(over).scalars().all()))
        .values(state=RegistrationState.ENDED.value, **_WIPED)
    )


def sends_since(
    connection: Connection, user_id: int, since: datetime
) -> tuple[int, datetime | None]:
    """Count the messages sent for a user since a moment, and say when the first registration was
    that sent one.
    """
    row = connection.execute(
        select(
            func.sum(mobile_registrations.c.sends), func.min(mobile_registrations.c.sent_at)
        ).where(
            mobile_registrations.c.user_id == user_id,
            mobile_registrations.c.begun_at > since - timedelta(days=1),
            mobile_registrations.c.sent_at > since,
        )
    ).one()
    return int(row[0] or 0), row[1]


def place(column: str, registration_id: int) -> str:
    """Name the place that a registration's sealed value is bound to."""
    return f"mobile_registrations.{column}:{registration_id}"


def _changed(connection: Connection, registration: Registration, **values: object) -> bool:
    done = connection.execute(
        update(mobile_registrations)
        .where(
            mobile_registrations.c.id == registration.id,
            mobile_registrations.c.state == registration.state.value,
            mobile_registrations.c.sends == registration.sends,
            mobile_registrations.c.tries == registration.tries,
        )
        .values(values)
    )
    return done.rowcount == 1


def _hash(bearer: str) -> bytes:
    return hashlib.sha256(bearer.encode("ascii")).digest()
