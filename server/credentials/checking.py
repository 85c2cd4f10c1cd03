"""Who is calling: a program's token, refused alike whatever is wrong, with the passwords' brake.

A token cannot be guessed; the brake keeps a flood of wrong ones from filling the audit log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

from sqlalchemy import Connection

from ..accounts.brake import Brake, Keys
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import CredentialRefused
from ..threads import aside
from .tokens import C


@dataclass(frozen=True)
class Door:
    """What callers of one kind are told, and how their wrong tokens are counted.

    `name` is what they count against; no user has it, for it has a control character.
    """

    name: str
    none: str
    refused: str
    event: Event


class Credentials(Generic[C]):
    """Tells which credential a call was made with."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        brake: Brake,
        door: Door,
        find: Callable[[Connection, str], C | None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._brake = brake
        self._door = door
        self._find = find

    async def check(self, header: str, address: str) -> C:
        """Return the credential of an `Authorization` header; raises CredentialRefused, SlowDown.

        A session's token is none. Whoever writes holds it again (`Tokens.hold`).
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise CredentialRefused(self._door.none)
        return await self.of_token(token.strip(), address)

    async def of_token(
        self, token: str, address: str, is_meant: Callable[[C], bool] = lambda _found: True
    ) -> C:
        """Return the credential of a bare token that `is_meant`; raises as `check` does."""
        keys = self._brake.keys(self._door.name, address)
        seconds = await aside.run(self._delay, keys)
        if seconds:
            await self._clock.sleep(seconds)
        return await aside.run(self._look_up, token, keys, address, is_meant)

    def _delay(self, keys: Keys) -> float:
        with self._database.reading() as connection:
            if not self._brake.is_on(connection, keys, self._clock.now()):
                return 0.0
        with self._database.writing() as connection:
            return self._brake.reserve(connection, keys, self._clock.now())

    def _look_up(self, token: str, keys: Keys, address: str, is_meant: Callable[[C], bool]) -> C:
        with self._database.reading() as connection:
            found = self._find(connection, token)
        if found is not None and is_meant(found):
            return found
        with self._database.writing() as connection:
            now = self._clock.now()
            self._brake.count(connection, keys, now)
            self._audit.write(connection, now, self._door.event, "anonymous", address=address)
        raise CredentialRefused(self._door.refused)
