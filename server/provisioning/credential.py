"""Who is calling: a provisioning token, refused alike whatever is wrong, with the passwords' brake.

A token cannot be guessed; the brake keeps a flood of wrong ones from filling the audit log.
"""

from __future__ import annotations

from anyio.to_thread import run_sync

from ..accounts.brake import Brake, Keys
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import CredentialRefused
from . import provisioners
from .provisioners import Provisioner

_NAME = "\x00provisioning"
"""What wrong tokens count against; no user has this name, for it has a control character."""
_REFUSED = (
    "This provisioning credential is not valid: ask the verifier's operator for a new one "
    "(`challng-server provisioner add`)."
)
_NONE = "Give a provisioning credential as `Authorization: Bearer TOKEN`."


class Credentials:
    """Tells which credential a call was made with."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, brake: Brake) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._brake = brake

    async def check(self, header: str, address: str) -> Provisioner:
        """Return the credential of an `Authorization` header; raises CredentialRefused, SlowDown.

        A session's token is none. Whoever writes holds it again (`provisioners.hold`).
        """
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise CredentialRefused(_NONE)
        keys = self._brake.keys(_NAME, address)
        seconds = await run_sync(self._delay, keys)
        if seconds:
            await self._clock.sleep(seconds)
        return await run_sync(self._find, token.strip(), keys, address)

    def _delay(self, keys: Keys) -> float:
        with self._database.reading() as connection:
            if not self._brake.is_on(connection, keys, self._clock.now()):
                return 0.0
        with self._database.writing() as connection:
            return self._brake.reserve(connection, keys, self._clock.now())

    def _find(self, token: str, keys: Keys, address: str) -> Provisioner:
        with self._database.reading() as connection:
            found = provisioners.find(connection, token)
        if found is not None:
            return found
        with self._database.writing() as connection:
            now = self._clock.now()
            self._brake.count(connection, keys, now)
            self._audit.write(
                connection, now, Event.PROVISIONER_REFUSED, "anonymous", address=address
            )
        raise CredentialRefused(_REFUSED)


def refused() -> CredentialRefused:
    """Return what a credential is told that was revoked while it called."""
    return CredentialRefused(_REFUSED)
