"""Putting a permanent device into use by its own answer: a new one, or one that turned up again.

The answer decides, and with it everything happens that belongs to it: the device is active, the
temporary devices end, the session goes on under this device, and its owner is told.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import DeviceLocked, IllegalMove, NoSuchLogin
from ..factors.kinds import DeviceKind
from ..login.judge import LOCKED
from ..login.ledger import Purpose
from ..login.proofs import Asked, Proofs
from ..login.sessions import Session, Sessions
from ..notify import outbox
from ..notify.outbox import Notice
from ..states.device import DEVICE, DeviceMove, DeviceState
from ..words import N_
from . import devices, shares, temporary
from .devices import Device

_NOT_NOW = N_(
    "This device cannot be put into use in this way now: nothing was changed. Look at your list "
    "of devices."
)
_NO_PIN = N_("The support desk has ended this card's PIN: choose a new one instead.")
_COPIED = N_(
    "There may be a copy of this phone's key, so it is not put into use again. Call the support "
    "desk, which deactivates it; then register the phone anew."
)
_OF_ANOTHER = N_("There is no such question. Start again from the list of your devices.")


@dataclass(frozen=True)
class Way:
    """One of the two ways into use: which move, and what is said and written of it."""

    purpose: Purpose
    move: DeviceMove
    event: Event
    notice: Notice

    @property
    def fits(self) -> tuple[DeviceState, ...]:
        """The states in which a device can go this way."""
        return tuple(state for state in DEVICE.sources(self.move) if state is not DEVICE.begins)


ACTIVATE = Way(
    Purpose.ACTIVATE, DeviceMove.ACTIVATED, Event.DEVICE_ACTIVATED, Notice.DEVICE_ACTIVATED
)
REACTIVATE = Way(
    Purpose.REACTIVATE, DeviceMove.REACTIVATED, Event.DEVICE_REACTIVATED, Notice.DEVICE_REACTIVATED
)


class Activation:
    """Asks a device, and puts it into use when its answer is right."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        proofs: Proofs,
        sessions: Sessions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._proofs = proofs
        self._sessions = sessions

    def begin(self, session: Session, device_id: str | int, way: Way) -> Asked:
        """Ask a device of the session's user; raises NotThere, IllegalMove, DeviceLocked."""
        with self._database.writing() as connection:
            device = self._fit(connection, session, device_id, way)
            return self._proofs.ask(connection, session, device.id, way.purpose)

    def show(self, session: Session, device_id: str | int, proof_id: str, way: Way) -> Asked:
        """Return a question that can still be answered."""
        asked = self._proofs.show(session, proof_id, way.purpose)
        with self._database.reading() as connection:
            device = self._fit(connection, session, device_id, way)
        _check_whose(asked, device)
        return asked

    def answer(
        self, session: Session, device_id: str | int, proof_id: str, text: str, way: Way
    ) -> Device:
        """Decide an answer; returns the device in its new state. Raises what `Proofs.answer` does.

        Who gives the right answer to a device that is in use by now is told so (409).
        """

        def then(connection: Connection, asked: Asked) -> Device:
            now = self._clock.now()
            device = self._fit(connection, session, device_id, way)
            _check_whose(asked, device)
            devices.move(connection, device.id, way.move, now, {"auto_activates_at": None})
            self._sessions.prove(connection, session.token_hash, device.id)
            ended = temporary.end_all(connection, device.owner_id, now)
            outbox.take_back(connection, f"device:{device.id}", *outbox.BEFORE_ACTIVATION)
            outbox.put(
                connection,
                device.owner_id,
                way.notice,
                f"proof:{asked.id}",
                now,
                serial=device.serial,
            )
            self._audit.write(
                connection,
                now,
                way.event,
                f"user:{session.user}",
                device.serial,
                temporary_ended=ended,
            )
            return devices.get(connection, device.id, now)

        return self._proofs.answer(session, proof_id, way.purpose, text, then, usable=way.fits)

    def _fit(
        self, connection: Connection, session: Session, device_id: str | int, way: Way
    ) -> Device:
        device = devices.get_own(connection, session.user_id, device_id, self._clock.now())
        # A code card is activated where the one before it ends with it (lifecycle.code_cards).
        elsewhere = way is ACTIVATE and device.kind is DeviceKind.CODE_CARD
        if device.kind.temporary or elsewhere or device.state not in way.fits:
            raise IllegalMove(_NOT_NOW)
        if way is REACTIVATE and device.copied:
            raise IllegalMove(_COPIED)
        if way is REACTIVATE:
            shares.must_use_none(connection, session.user_id)
        if device.locked:
            raise DeviceLocked(LOCKED)
        if device.pin_reset:
            raise IllegalMove(_NO_PIN)
        return device


def _check_whose(asked: Asked, device: Device) -> None:
    if asked.device_id != device.id:
        raise NoSuchLogin(_OF_ANOTHER)
