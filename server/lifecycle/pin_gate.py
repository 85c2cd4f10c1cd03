"""A new PIN, judged by the rules and by what is recorded of its owner."""

from __future__ import annotations

from sqlalchemy import select

from ..accounts import people
from ..accounts.brake import Brake
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import users
from ..errors import NotTaken
from ..login.sessions import Session
from ..words import N_
from . import pin_rules

_MANY = N_(
    "Many PINs were refused here because of what is known about you. Wait a quarter of an hour, "
    "then choose another."
)


class PinGate:
    """Takes a PIN or refuses it; whoever tries out what is on record is stopped."""

    def __init__(
        self, database: Database, clock: Clock, audit: AuditLog, keyring: Keyring, brake: Brake
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._brake = brake

    def check(self, session: Session, pin: str, again: str) -> str:
        """Return a PIN that the session's user may have for a card, or raise NotTaken."""
        pin_rules.check(pin, again)
        return self.fits(session.user_id, session.user, pin)

    def check_phone(self, user_id: int, user: str, pin: str) -> str:
        """Return a PIN that a user may have for a phone, or raise NotTaken."""
        pin_rules.check_phone(pin)
        return self.fits(user_id, user, pin)

    def fits(self, user_id: int, user: str, pin: str) -> str:
        """Return a PIN that is not known of a user, or raise NotTaken; that is counted."""
        keys = self._brake.keys(f"\x00pin:{user}", f"pin:{user}")
        with self._database.writing() as connection:
            now = self._clock.now()
            if self._brake.is_on(connection, keys, now):
                raise NotTaken(_MANY, field="pin")
            entity_id = connection.execute(
                select(users.c.entity_id).where(users.c.id == user_id)
            ).scalar_one()
            person = (
                people.identification(connection, self._keyring, entity_id) if entity_id else None
            )
            contact = people.contact(connection, self._keyring, user_id)
            known = pin_rules.is_known(pin, person, contact)
            if known:
                self._brake.count(connection, keys, now)
                self._audit.write(connection, now, Event.PIN_UNFIT, f"user:{user}", user)
        if known:  # only here: that it was counted is committed
            raise NotTaken(pin_rules.KNOWN, field="pin")
        return pin
