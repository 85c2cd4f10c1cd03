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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

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
from ..lifecycle.mobile_keys import MobileKeys
from ..login.sessions import Session
from ..states.device import DeviceState
from ..words import N_
from . import checks
from .staff import Person, check_reason, must, other

_NOT_LOCKED = N_("This device is not locked: nothing was changed.")
_NO_CARD = N_(
    "Only a card has a PIN that can be ended here. Who has forgotten the PIN of a mobile key "
    "migrates it in the app, to the same phone or another, and chooses a new one."
)


@dataclass(frozen=True)
class _Case:
    """One act within its transaction: for whom, on which device, by which check, and why."""

    connection: Connection
    now: datetime
    user: Person
    device: Device
    check: int
    reason: str


class Aid:
    """Acts on a user's devices."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        keyring: Keyring,
        mobile_keys: MobileKeys,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._mobile_keys = mobile_keys

    def unlock(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """Unlock a device that wrong answers have locked; spends the identity check."""
        with self._case(session, name, device_id, reason) as case:
            unlocked = case.connection.execute(
                update(devices_table)
                .where(
                    devices_table.c.id == case.device.id,
                    devices_table.c.locked_at.is_not(None),
                    devices_table.c.state != DeviceState.REVOKED.value,
                )
                .values(locked_at=None, wrong_run=0)
            )
            if unlocked.rowcount != 1:
                raise IllegalMove(_NOT_LOCKED)
            checks.spend(case.connection, case.check, session.user_id, case.user.id, case.now)
            self._write(session, Event.DEVICE_UNLOCKED, case)
            return case.device

    def suspend(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """Suspend a device that is lost, stolen or broken; needs an identity check."""
        with self._case(session, name, device_id, reason) as case:
            suspension.suspend(case.connection, case.device, case.now)
            self._write(session, Event.DEVICE_SUSPENDED, case)
            return case.device

    def reset_pin(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """End a card's PIN: the card rests until its owner has chosen another."""
        with self._case(session, name, device_id, reason) as case:
            if case.device.kind is not DeviceKind.CARD:
                raise IllegalMove(_NO_CARD)
            if case.device.state is not DeviceState.SUSPENDED:
                suspension.suspend(case.connection, case.device, case.now)
            nothing = secrets.token_hex(16).encode("ascii")  # no card takes more than four digits
            case.connection.execute(
                update(cards)
                .where(cards.c.device_id == case.device.id)
                .values(
                    pin_sealed=self._keyring.seal(nothing, place("pin_sealed", case.device.id)),
                    pin_reset_at=case.now,
                )
            )
            self._write(session, Event.PIN_RESET, case)
            return case.device

    def deactivate(self, session: Session, name: str, device_id: str | int, reason: str) -> Device:
        """End a mobile key for good, whose phone is lost; needs an identity check."""
        with self._case(session, name, device_id, reason) as case:
            self._mobile_keys.end_at_the_desk(
                case.connection, case.device, session.user, case.reason, case.check
            )
            return case.device

    @contextmanager
    def _case(
        self, session: Session, name: str, device_id: str | int, reason: str
    ) -> Iterator[_Case]:
        """Begin an act: the duty, a reason, another's device, and a passed identity check."""
        must(session, Duty.UNLOCK_DEVICES)
        why = check_reason(reason)
        with self._database.writing() as connection:
            now = self._clock.now()
            user = other(connection, session, name)
            device = devices.get_own(connection, user.id, device_id, now)
            check = checks.need(connection, session.user_id, user.id, now)
            yield _Case(connection, now, user, device, check, why)

    def _write(self, session: Session, event: Event, case: _Case) -> None:
        self._audit.write(
            case.connection,
            case.now,
            event,
            f"user:{session.user}",
            case.user.name,
            device=case.device.serial,
            check=case.check,
            reason=case.reason,
        )
