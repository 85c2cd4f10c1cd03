"""The first step of a login: user name and password, refused alike whatever is wrong.

An unknown name, a locked user and a wrong password cost the same hash, the same reads and the
same writes. Guessing is slowed by the brake, before the hash; hashes are computed a few at a time,
so that a flood takes neither all memory nor all cores.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVar

from sqlalchemy import Connection, bindparam, null, select, union_all, update

from .. import metrics
from ..accounts import brake, names
from ..accounts.brake import Brake, Keys
from ..accounts.passwords import Hasher
from ..accounts.users import holding
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..db.prepared import Prepared
from ..db.tables import users
from ..direct import Direct
from ..errors import NoUsableDevice, PasswordRefused, SlowDown
from ..settings import Settings
from ..threads import aside
from ..words import N_
from .offers import Offered
from .service import Logins
from .sessions import Opened
from .standing import SELECTED, Proven, read
from .whence import Whence

_REFUSED = N_("The user name or the password is not right. Try again.")


_LOOK = Prepared(
    union_all(
        brake.COUNTED.add_columns(null().label("id"), null().label("password_hash")),
        select(null(), null(), users.c.id, users.c.password_hash).where(
            users.c.name == bindparam("name")
        ),
    )
)
"""The user, and what stands against an attempt: one statement, so that both are of one moment."""

_STILL_STANDS = Prepared(
    holding(
        SELECTED.where(
            users.c.id == bindparam("the_id"),
            users.c.password_hash == bindparam("checked"),
            users.c.locked_at.is_(None),
        )
    )
)


T = TypeVar("T")
Then = Callable[[Connection, Proven], T]
"""What follows a right password."""


class _Outcome(Enum):
    WRONG = auto()
    MUST_WAIT = auto()


class PasswordStep:
    """Checks a password and begins the login."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        hasher: Hasher,
        brake: Brake,
        logins: Logins,
        direct: Direct,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._hasher = hasher
        self._brake = brake
        self._logins = logins
        self._run = direct.run if hasher.is_quick else aside.run
        self._hashes = asyncio.Semaphore(settings.hashes_at_once or os.cpu_count() or 1)

    async def begin(
        self,
        username: str,
        password: str,
        address: str,
        browser: bytes | None = None,
        agent: str | None = None,
    ) -> Offered | Opened:
        """Return what follows a right password at a login.

        Raises PasswordRefused, SlowDown, or NoUsableDevice.
        """

        def login(connection: Connection, user: Proven) -> Offered | Opened | NoUsableDevice:
            return self._logins.begin(connection, user, browser, Whence(address, agent))

        outcome = await self.check(username, password, address, login)
        if isinstance(outcome, NoUsableDevice):
            raise outcome
        return outcome

    async def check(self, username: str, password: str, address: str, then: Then[T]) -> T:
        """Return what `then` makes of a right password, in the transaction that found it right.

        A wrong one looks, takes and counts the same whatever is asked for. Raises PasswordRefused
        or SlowDown, and what `then` raises.
        """
        name = names.spelled(username)
        # A name that cannot exist is counted and checked like one that does not.
        keys = self._brake.keys(username if name is None else name, address)
        waited = False
        while True:
            async with self._hashes:
                outcome: T | _Outcome = await self._run(
                    self._attempt, name, password, keys, address, then, waited
                )
            if outcome is _Outcome.MUST_WAIT:
                await self._wait(keys)
                waited = True
                continue
            if isinstance(outcome, _Outcome):
                metrics.password("wrong").inc()
                raise PasswordRefused(_REFUSED)
            metrics.password("right").inc()
            return outcome

    async def _wait(self, keys: Keys) -> None:
        try:
            seconds = await aside.run(self._reserve, keys)
        except SlowDown:
            metrics.password("turned-away").inc()
            raise
        await self._clock.sleep(seconds)

    def _reserve(self, keys: Keys) -> float:
        with self._database.writing() as connection:
            return self._brake.reserve(connection, keys, self._clock.now())

    def _attempt(
        self,
        name: str | None,
        password: str,
        keys: Keys,
        address: str,
        then: Then[T],
        waited: bool,
    ) -> T | _Outcome:
        # Asked within the few hashes at a time: a burst cannot pass before it is counted.
        asked = self._brake.asked(keys, self._clock.now())
        with self._database.looking() as connection:
            found = _LOOK.all(connection, name=name or "", **asked)
        seen = self._brake.seen(keys, {each.key: each.failures for each in found if each.key})
        if seen.is_on and not waited:
            return _Outcome.MUST_WAIT
        row = next((each for each in found if not each.key), None)
        right = self._hasher.verify(row.password_hash if row else None, password)
        with self._database.writing() as connection:
            user = None
            if right and row is not None and name is not None:
                user = self._still(connection, row.id, name, row.password_hash)
            if user is not None and row is not None:
                if seen.failed:
                    self._brake.forgive(connection, keys)
                if self._hasher.is_outdated(row.password_hash):
                    self._renew(connection, user.id, password)
                return then(connection, user)
            now = self._clock.now()
            self._brake.count(connection, keys, now)
            self._audit.write(
                connection,
                now,
                Event.PASSWORD_REFUSED,
                "anonymous",
                name if row is not None else None,
                address=address,
            )
        return _Outcome.WRONG

    def _still(
        self, connection: Connection, user_id: int, name: str, password_hash: str
    ) -> Proven | None:
        """Return the user, if he is not locked, and the password is still the one checked."""
        now = self._clock.now()
        found = _STILL_STANDS.one_or_none(
            connection, the_id=user_id, checked=password_hash, now=now
        )
        return None if found is None else Proven(user_id, name, read(found))

    def _renew(self, connection: Connection, user_id: int, password: str) -> None:
        connection.execute(
            update(users)
            .where(users.c.id == user_id)
            .values(password_hash=self._hasher.hash(password))
        )
