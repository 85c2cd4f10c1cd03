"""Sessions: opened by a login, known by the hash of their token, ended by idleness or age."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from ..accounts.roles import Role
from ..db.engine import Database
from ..db.prepared import Prepared
from ..db.tables import accounts, devices, logins, sessions, users
from ..db.types import Moment
from ..errors import SessionUnknown
from ..factors.kinds import DeviceKind
from ..limits import Limits
from ..settings import Settings
from ..states.device import DeviceState, state_at
from ..words import N_
from .access import Access, decide
from .overtaken import overtaken
from .standing import standing

_TOKEN_BYTES = 32
_OPEN = Prepared(insert(sessions), sessions.c.keys())
_BEHIND = Prepared(
    select(users.c.opted_out_at, accounts.c.closed_at, devices.c.limited_from)
    .outerjoin(accounts, accounts.c.id == users.c.account_id)
    .outerjoin(devices, devices.c.id == bindparam("device"))
    .where(users.c.id == bindparam("user"))
)
_FIND = Prepared(
    select(
        sessions,
        users.c.name,
        users.c.role,
        users.c.locale,
        users.c.may_change_security,
        users.c.opted_out_at,
        accounts.c.closed_at,
        devices.c.kind,
        devices.c.serial,
        devices.c.state,
        devices.c.auto_activates_at,
        devices.c.limited_from,
        devices.c.valid_until,
    )
    .join(users, users.c.id == sessions.c.user_id)
    .outerjoin(accounts, accounts.c.id == users.c.account_id)
    .outerjoin(devices, devices.c.id == sessions.c.device_id)
    .where(
        sessions.c.token_hash == bindparam("hash"),
        sessions.c.ends_at > bindparam("now", type_=Moment),
        sessions.c.seen_at > bindparam("idle_since", type_=Moment),
        users.c.locked_at.is_(None),
    )
)
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Opened:
    """A session just opened; the token is told this once and never stored."""

    token: str = field(repr=False)
    user: str
    access: Access
    device_kind: DeviceKind
    limits: Limits


@dataclass(frozen=True)
class Session:
    """A session in use; it ends at `until` unless it is used before."""

    token_hash: bytes = field(repr=False)
    user_id: int
    user: str
    role: Role
    may_change_security: bool
    locale: str | None
    access: Access
    device_kind: DeviceKind
    device_serial: str | None
    limits: Limits
    since: datetime
    until: datetime


class Sessions:
    """Opens, finds and ends sessions."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def open(
        self,
        connection: Connection,
        now: datetime,
        user_id: int,
        user: str,
        kind: DeviceKind = DeviceKind.NONE,
        device_id: int | None = None,
        login_id: str | None = None,
    ) -> Opened:
        """Open a session for what was proved: a device, or the password alone.

        A `login_id` opens one session at most.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        access = self.access(connection, now, user_id, kind, device_id)
        _OPEN.count(
            connection,
            token_hash=_hash(token),
            user_id=user_id,
            device_id=device_id,
            login_id=login_id,
            begun_at=now,
            seen_at=now,
            ends_at=now + timedelta(seconds=self._settings.session_seconds),
        )
        return Opened(token, user, access, kind, self._limits(access, kind))

    def access(
        self,
        connection: Connection,
        now: datetime,
        user_id: int,
        kind: DeviceKind = DeviceKind.NONE,
        device_id: int | None = None,
    ) -> Access:
        """Return what a session would reach that is opened now by what was proved."""
        return _reaches(_BEHIND.one(connection, user=user_id, device=device_id), kind, now)

    def find(self, token: str, now: datetime) -> Session:
        """Return the session of a token, and note that it is in use; raises SessionUnknown."""
        if not _TOKEN.fullmatch(token):
            raise SessionUnknown(N_("There is no such session. Log in again."))
        idle = timedelta(seconds=self._settings.session_idle_seconds)
        return self._found(_hash(token), now, now - idle)

    def behind(self, token_hash: bytes, now: datetime) -> Session:
        """Return the session that something hangs on, such as an application's token.

        It may be idle meanwhile, and is not in use by this. Raises SessionUnknown.
        """
        return self._found(token_hash, now, None)

    def _found(self, token_hash: bytes, now: datetime, idle_since: datetime | None) -> Session:
        with self._database.reading() as connection:
            row = _FIND.one_or_none(
                connection, hash=token_hash, now=now, idle_since=idle_since or _EVER
            )
            facts = None
            if row is not None and row.device_id is None:
                facts = standing(connection, row.user_id, now)
            over = (
                row is not None
                and row.kind == DeviceKind.SMS_CODE.value
                and row.device_id in overtaken(connection, now, row.user_id)
            )
        if (
            row is None
            or over
            or (row.device_id is not None and state_at(row, now) is not DeviceState.ACTIVE)
        ):
            raise SessionUnknown(N_("The session has ended. Log in again."))
        if facts is not None and facts.had_device and not facts.needs_no_device:
            # the password alone opened it, before there was a device
            raise SessionUnknown(N_("The session has ended. Log in again."))
        seen = row.seen_at
        touch = timedelta(seconds=self._settings.session_touch_seconds)
        if idle_since is not None and now - seen >= touch:
            self._touch(token_hash, now)
            seen = now
        kind = DeviceKind(row.kind) if row.kind else DeviceKind.NONE
        access = _reaches(row, kind, now)
        return Session(
            token_hash=token_hash,
            user_id=row.user_id,
            user=row.name,
            role=Role(row.role),
            may_change_security=row.may_change_security,
            locale=row.locale,
            access=access,
            device_kind=kind,
            device_serial=row.serial,
            limits=self._limits(access, kind),
            since=row.begun_at,
            until=min(row.ends_at, seen + timedelta(seconds=self._settings.session_idle_seconds)),
        )

    def prove(self, connection: Connection, token_hash: bytes, device_id: int) -> None:
        """Note that a device has proved a session; raises SessionUnknown where it is over."""
        proved = connection.execute(
            update(sessions).where(sessions.c.token_hash == token_hash).values(device_id=device_id)
        )
        if proved.rowcount != 1:
            raise SessionUnknown(N_("The session has ended. Log in again."))

    def renew(self, session: Session) -> str | None:
        """Know a session by another token from now on; None where it is over, or was renewed.

        What was asked in it can still be answered.
        """
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        try:
            with self._database.writing() as connection:  # the logins first, as a proof holds them
                connection.execute(
                    update(logins)
                    .where(logins.c.session_hash == session.token_hash)
                    .values(session_hash=_hash(token))
                )
                renewed = connection.execute(
                    update(sessions)
                    .where(sessions.c.token_hash == session.token_hash)
                    .values(token_hash=_hash(token))
                )
                if renewed.rowcount != 1:
                    raise SessionUnknown(N_("The session has ended. Log in again."))
        except SessionUnknown:
            return None
        return token

    def _limits(self, access: Access, kind: DeviceKind) -> Limits:
        return self._settings.limits[DeviceKind.NONE if access is Access.RESTRICTED else kind]

    def _touch(self, token_hash: bytes, now: datetime) -> None:
        with self._database.writing() as connection:
            connection.execute(
                update(sessions)
                .where(sessions.c.token_hash == token_hash, sessions.c.seen_at < now)
                .values(seen_at=now)
            )

    def end(self, connection: Connection, token: str) -> str | None:
        """End a session; returns the name of its user, None where there was none."""
        row = connection.execute(
            delete(sessions)
            .where(sessions.c.token_hash == _hash(token))
            .returning(sessions.c.user_id)
        ).one_or_none()
        if row is None:
            return None
        name: str = connection.execute(
            select(users.c.name).where(users.c.id == row.user_id)
        ).scalar_one()
        return name

    def end_by_device(self, connection: Connection, device_id: int) -> int:
        """End every session that a device has proved; returns how many there were."""
        return connection.execute(
            delete(sessions).where(sessions.c.device_id == device_id)
        ).rowcount

    def end_all(self, connection: Connection, user_id: int) -> int:
        """End every session of a user; returns how many there were."""
        return connection.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def _reaches(behind: Any, kind: DeviceKind, now: datetime) -> Access:  # noqa: ANN401 - a row
    return decide(
        closed=behind.closed_at is not None,
        opted_out=behind.opted_out_at is not None,
        kind=kind,
        limited_from=behind.limited_from,
        now=now,
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
