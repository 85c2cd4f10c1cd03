"""What is written down of registrations: each step, and what was refused to whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import Refusal, RegistrationOver, RegistrationUnknown
from . import registrations
from .registrations import Aim


class Notes:
    """Writes into the audit log."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    def write(
        self,
        connection: Connection,
        event: Event,
        user: str,
        **detail: str | int | bool | None,
    ) -> None:
        """Write what a user's registration has come to, in the transaction that makes it true."""
        now = self._clock.now()
        self._audit.write(connection, now, event, f"user:{user}", user, **detail)

    def refused(self, connection: Connection, user: str, refusal: Refusal, aim: Aim) -> None:
        """Write what was refused, by its kind alone."""
        why = type(refusal).__name__
        self.write(connection, Event.REGISTRATION_REFUSED, user, purpose=aim.value, why=why)

    @contextmanager
    def refusals(self, bearer: str) -> Iterator[None]:
        """Write what is refused to the holder of a registration, in a transaction of its own."""
        try:
            yield
        except (RegistrationUnknown, RegistrationOver):
            raise  # nobody's, or nobody's any more
        except Refusal as refusal:
            with self._database.writing() as connection:
                found = registrations.find(connection, bearer, self._clock.now())
                self.refused(connection, found.user, refusal, found.aim)
            raise
