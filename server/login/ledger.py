"""The statements that decide a login, each a compare-and-set on its row.

Every one changes a row only where it still is what the decision rests on, and says whether it
did. So of N answers sent at once to any number of workers each attempt is claimed by one of them,
and one alone can accept. The order in which rows are held is always login, device, card, audit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, case, insert, literal, select, update

from ..db.tables import devices, logins, users
from ..db.types import Moment
from ..factors.interface import Prompt
from ..factors.kinds import DeviceKind


class LoginState(StrEnum):
    """Where a login stands; expiry is read off the clock instead."""

    OPEN = "open"
    ACCEPTED = "accepted"
    CLOSED = "closed"


@dataclass(frozen=True)
class Claim:
    """One attempt of a login, claimed by whoever holds this; `attempts` counts it."""

    login_id: str
    user_id: int
    user: str
    device_id: int
    prompt: Prompt
    attempts: int


@dataclass(frozen=True)
class Held:
    """A device that is not locked, its row held until the transaction ends."""

    id: int
    kind: DeviceKind
    serial: str


@dataclass(frozen=True)
class LoginRow:
    """A login as it stands, for showing it."""

    id: str
    user_id: int
    user: str
    device_id: int
    prompt: Prompt
    state: LoginState
    attempts: int
    expires_at: datetime
    browser: bytes | None


class Ledger:
    """The logins' and devices' rows, as far as deciding goes."""

    def open(
        self,
        connection: Connection,
        login_id: str,
        user_id: int,
        device_id: int,
        prompt: Prompt,
        now: datetime,
        expires_at: datetime,
        browser: bytes | None,
    ) -> None:
        """Add a login that waits for its answer."""
        connection.execute(
            insert(logins).values(
                id=login_id,
                user_id=user_id,
                device_id=device_id,
                prompt=json.dumps(dict(prompt)),
                state=LoginState.OPEN.value,
                attempts=0,
                begun_at=now,
                expires_at=expires_at,
                browser=browser,
            )
        )

    def find(self, connection: Connection, login_id: str) -> LoginRow | None:
        """Read a login, changing nothing."""
        row = connection.execute(
            select(logins, users.c.name)
            .join(users, users.c.id == logins.c.user_id)
            .where(logins.c.id == login_id)
        ).one_or_none()
        if row is None:
            return None
        return LoginRow(
            id=row.id,
            user_id=row.user_id,
            user=row.name,
            device_id=row.device_id,
            prompt=json.loads(row.prompt),
            state=LoginState(row.state),
            attempts=row.attempts,
            expires_at=row.expires_at,
            browser=row.browser,
        )

    def claim(
        self, connection: Connection, login_id: str, now: datetime, allowed: int
    ) -> Claim | None:
        """Take one of the login's attempts, or None where it has none left, is over or unknown."""
        row = connection.execute(
            update(logins)
            .where(
                logins.c.id == login_id,
                logins.c.state == LoginState.OPEN.value,
                logins.c.attempts < allowed,
                logins.c.expires_at > now,
            )
            .values(attempts=logins.c.attempts + 1)
            .returning(logins.c.user_id, logins.c.device_id, logins.c.prompt, logins.c.attempts)
        ).one_or_none()
        if row is None:
            return None
        name = connection.execute(
            select(users.c.name).where(users.c.id == row.user_id)
        ).scalar_one()
        return Claim(
            login_id, row.user_id, name, row.device_id, json.loads(row.prompt), row.attempts
        )

    def hold(self, connection: Connection, device_id: int, now: datetime) -> Held | None:
        """Hold the row of a device that is not locked; None where it is."""
        row = connection.execute(
            update(devices)
            .where(devices.c.id == device_id, devices.c.locked_at.is_(None))
            .values(used_at=now)
            .returning(devices.c.kind, devices.c.serial)
        ).one_or_none()
        return None if row is None else Held(device_id, DeviceKind(row.kind), row.serial)

    def count_wrong(
        self, connection: Connection, device_id: int, now: datetime, lock_at: int
    ) -> bool:
        """Count a wrong answer against a device; True where it locked the device."""
        run = devices.c.wrong_run + 1
        row = connection.execute(
            update(devices)
            .where(devices.c.id == device_id, devices.c.locked_at.is_(None))
            .values(
                wrong_run=run, locked_at=case((run >= lock_at, literal(now, Moment)), else_=None)
            )
            .returning(devices.c.locked_at)
        ).one_or_none()
        return row is not None and row.locked_at is not None

    def forget_wrong(self, connection: Connection, device_id: int) -> None:
        """End a device's run of wrong answers."""
        connection.execute(
            update(devices)
            .where(devices.c.id == device_id, devices.c.wrong_run > 0)
            .values(wrong_run=0)
        )

    def decide(
        self, connection: Connection, login_id: str, state: LoginState, now: datetime
    ) -> bool:
        """End an open login; False where somebody else ended it first."""
        ended = connection.execute(
            update(logins)
            .where(logins.c.id == login_id, logins.c.state == LoginState.OPEN.value)
            .values(state=state.value, decided_at=now)
        )
        return ended.rowcount == 1

    def choose(
        self,
        connection: Connection,
        login_id: str,
        now: datetime,
        device_id: int,
        prompt: Prompt,
    ) -> bool:
        """Put another device and prompt into an open login; False where it is over."""
        chosen = connection.execute(
            update(logins)
            .where(
                logins.c.id == login_id,
                logins.c.state == LoginState.OPEN.value,
                logins.c.expires_at > now,
            )
            .values(device_id=device_id, prompt=json.dumps(dict(prompt)))
        )
        return chosen.rowcount == 1

    def close_all(self, connection: Connection, user_id: int, now: datetime) -> None:
        """End every open login of a user: he is locked, or his password has changed."""
        connection.execute(
            update(logins)
            .where(logins.c.user_id == user_id, logins.c.state == LoginState.OPEN.value)
            .values(state=LoginState.CLOSED.value, decided_at=now)
        )
