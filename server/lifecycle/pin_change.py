"""Changing a card's soft PIN: chosen twice, and in force once a challenge is answered with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, update

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import cards
from ..errors import DeviceLocked, IllegalMove, NoSuchLogin
from ..factors.card import CardState
from ..factors.card_factor import place
from ..factors.kinds import DeviceKind
from ..login.judge import LOCKED
from ..login.ledger import Purpose
from ..login.proofs import Asked, Proofs
from ..login.sessions import Session
from ..notify import outbox
from ..notify.outbox import Notice
from ..words import N_
from . import devices
from .devices import Device
from .pin_gate import PinGate
from .rights import must_change_security
from .states import DeviceState

_NO_PIN = N_("Only a card that is in use has a PIN that you can change.")
_OF_ANOTHER = N_("There is no such question. Start again from the list of your devices.")


class PinChange:
    """Takes a new PIN, asks the card, and puts the PIN into force."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        audit: AuditLog,
        keyring: Keyring,
        proofs: Proofs,
        gate: PinGate,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._proofs = proofs
        self._gate = gate

    def card(self, session: Session, device_id: str | int) -> Device:
        """Return the card whose PIN is to change; raises NotThere, IllegalMove, DeviceLocked."""
        with self._database.reading() as connection:
            return self._fit(connection, session, device_id)

    def begin(self, session: Session, device_id: str | int, pin: str, again: str) -> Asked:
        """Ask the card for an answer with the new PIN; the old one stays in force until then.

        The new PIN waits sealed, in the question's own row. Raises NotTaken, and what `card` does.
        """
        self.card(session, device_id)  # nothing is said of a PIN for a card that is not his
        chosen = self._gate.check(session, pin, again)
        with self._database.writing() as connection:
            device = self._fit(connection, session, device_id)
            return self._proofs.ask(
                connection, session, device.id, Purpose.PIN_CHANGE, chosen.encode("ascii")
            )

    def show(self, session: Session, device_id: str | int, proof_id: str) -> Asked:
        """Return a question that can still be answered."""
        asked = self._proofs.show(session, proof_id, Purpose.PIN_CHANGE)
        _check_whose(asked, self.card(session, device_id))
        return asked

    def answer(self, session: Session, device_id: str | int, proof_id: str, text: str) -> Device:
        """Decide an answer given with the new PIN; raises what `Proofs.answer` does."""

        def then(connection: Connection, asked: Asked) -> Device:
            now = self._clock.now()
            device = self._fit(connection, session, device_id)
            _check_whose(asked, device)
            sealed = self._keyring.seal(_new_pin(asked), place("pin_sealed", device.id))
            connection.execute(
                update(cards).where(cards.c.device_id == device.id).values(pin_sealed=sealed)
            )
            outbox.put(
                connection,
                session.user_id,
                Notice.PIN_CHANGED,
                f"proof:{asked.id}",
                now,
                serial=device.serial,
            )
            actor = f"user:{session.user}"
            self._audit.write(connection, now, Event.PIN_CHANGED, actor, device.serial)
            return device

        return self._proofs.answer(
            session, proof_id, Purpose.PIN_CHANGE, text, then, adapt=_with_the_new_pin
        )

    def _fit(self, connection: Connection, session: Session, device_id: str | int) -> Device:
        must_change_security(connection, session)
        device = devices.get_own(connection, session.user_id, device_id, self._clock.now())
        if device.kind is not DeviceKind.CARD or device.state is not DeviceState.ACTIVE:
            raise IllegalMove(_NO_PIN)
        if device.locked:
            raise DeviceLocked(LOCKED)
        return device


def _new_pin(asked: Asked) -> bytes:
    assert asked.detail is not None  # noqa: S101 - put there by `begin`
    return asked.detail


def _with_the_new_pin(asked: Asked) -> Callable[[CardState], CardState]:
    return lambda state: replace(state, pin=_new_pin(asked).decode("ascii"))


def _check_whose(asked: Asked, device: Device) -> None:
    if asked.device_id != device.id:
        raise NoSuchLogin(_OF_ANOTHER)
