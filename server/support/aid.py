"""What the desk does for a caller's devices: unlocks one, suspends a lost one, ends a PIN.

Each takes a reason and a passed identity check. Unlocking gives another run of tries, so it spends
the check; taking a device out of use only needs one, so that a temporary code can follow from the
same call.

A PIN is ended, not set: the card is suspended and its PIN replaced by something that no card can
be given, so the desk neither sees a PIN nor knows one afterwards. The owner logs in with the
temporary code that the desk issues beside it, and chooses a new PIN (`lifecycle.pin_change`); the
answer given with it takes the card into use again.
"""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, update

from ..accounts.roles import Duty
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import cards
from ..db.tables import devices as devices_table
from ..errors import IllegalMove
from ..factors.card_factor import place
from ..factors.kinds import DeviceKind
from ..lifecycle import devices, suspension
from ..lifecycle.devices import Device
from ..lifecycle.states import DeviceState
from ..login.sessions import Session
from ..words import N_
from . import checks
from .staff import Person, check_reason, must, other

_NOT_LOCKED = N_("This device is not locked: nothing was changed.")
_NO_CARD = N_("Only a card has a PIN that can be ended.")


class Aid:
    """Acts on a user's devices."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring

    def unlock(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """Unlock a device that wrong answers have locked; spends the identity check."""
        must(session, Duty.UNLOCK_DEVICES)
        why = check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            user, device = self._find(connection, session, name, device_id)
            check = checks.need(connection, session.user_id, user.id, now)
            unlocked = connection.execute(
                update(devices_table)
                .where(
                    devices_table.c.id == device.id,
                    devices_table.c.locked_at.is_not(None),
                    devices_table.c.state != DeviceState.REVOKED.value,
                )
                .values(locked_at=None, wrong_run=0)
            )
            if unlocked.rowcount != 1:
                raise IllegalMove(_NOT_LOCKED)
            checks.spend(connection, check, session.user_id, user.id, now)
            self._write(connection, session, Event.DEVICE_UNLOCKED, user, device, check, why)
        return device

    def suspend(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """Suspend a device that is lost, stolen or broken; needs an identity check."""
        must(session, Duty.UNLOCK_DEVICES)
        why = check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            user, device = self._find(connection, session, name, device_id)
            check = checks.need(connection, session.user_id, user.id, now)
            suspension.suspend(connection, device, now)
            self._write(connection, session, Event.DEVICE_SUSPENDED, user, device, check, why)
        return device

    def reset_pin(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """End a card's PIN: the card rests until its owner has chosen another."""
        must(session, Duty.UNLOCK_DEVICES)
        why = check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            user, device = self._find(connection, session, name, device_id)
            if device.kind is not DeviceKind.CARD:
                raise IllegalMove(_NO_CARD)
            check = checks.need(connection, session.user_id, user.id, now)
            if device.state is not DeviceState.SUSPENDED:
                suspension.suspend(connection, device, now)
            nothing = secrets.token_hex(16).encode("ascii")  # no card takes more than four digits
            connection.execute(
                update(cards)
                .where(cards.c.device_id == device.id)
                .values(
                    pin_sealed=self._keyring.seal(nothing, place("pin_sealed", device.id)),
                    pin_reset_at=now,
                )
            )
            self._write(connection, session, Event.PIN_RESET, user, device, check, why)
        return device

    def _find(
        self, connection: Connection, session: Session, name: str, device_id: str | int
    ) -> tuple[Person, Device]:
        user = other(connection, session, name)
        return user, devices.get_own(connection, user.id, device_id, self._clock.now())

    def _write(
        self,
        connection: Connection,
        session: Session,
        event: Event,
        user: Person,
        device: Device,
        check: int,
        reason: str,
    ) -> None:
        self._audit.write(
            connection,
            self._clock.now(),
            event,
            f"user:{session.user}",
            user.name,
            device=device.serial,
            check=check,
            reason=reason,
        )
