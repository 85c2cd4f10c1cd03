"""A card's new soft PIN: chosen twice, and in force once a challenge is answered with it.

A card in use changes its PIN. A card whose PIN the desk has ended is suspended, and no PIN that
anybody knows is in force: its owner, logged in by what the desk gave him, chooses anew, and the
answer takes the card into use again and ends the temporary devices.
"""

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
from ..login.sessions import Session, Sessions
from ..notify import outbox
from ..notify.outbox import Notice
from ..states.device import DeviceMove, DeviceState
from ..words import N_
from . import devices, shares, temporary
from .devices import Device
from .pin_gate import PinGate
from .rights import must_change_security

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
        sessions: Sessions,
        gate: PinGate,
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring
        self._proofs = proofs
        self._sessions = sessions
        self._gate = gate

    def card(self, session: Session, device_id: str | int) -> Device:
        """Return the card that is to have a new PIN; raises NotThere, IllegalMove, DeviceLocked."""
        with self._database.reading() as connection:
            return self._fit(connection, session, device_id)

    def begin(self, session: Session, device_id: str | int, pin: str, again: str) -> Asked:
        """Ask the card for an answer with the new PIN; an old one stays in force until then.

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
                update(cards)
                .where(cards.c.device_id == device.id)
                .values(pin_sealed=sealed, pin_reset_at=None)
            )
            if device.pin_reset:
                devices.move(connection, device.id, DeviceMove.REACTIVATED, now)
                self._sessions.prove(connection, session.token_hash, device.id)
                temporary.end_all(connection, device.owner_id, now)
            outbox.put(
                connection,
                session.user_id,
                Notice.PIN_CHANGED,
                f"proof:{asked.id}",
                now,
                serial=device.serial,
            )
            actor = f"user:{session.user}"
            event = Event.PIN_CHOSEN if device.pin_reset else Event.PIN_CHANGED
            self._audit.write(connection, now, event, actor, device.serial)
            return devices.get(connection, device.id, now)

        usable = (self.card(session, device_id).state,)  # the way that it goes stays the same
        return self._proofs.answer(
            session,
            proof_id,
            Purpose.PIN_CHANGE,
            text,
            then,
            usable=usable,
            adapt=_with_the_new_pin,
        )

    def _fit(self, connection: Connection, session: Session, device_id: str | int) -> Device:
        device = devices.get_own(connection, session.user_id, device_id, self._clock.now())
        if not device.pin_reset:  # else the desk has checked who he is, and decided it
            must_change_security(connection, session)
        has_one = DeviceState.SUSPENDED if device.pin_reset else DeviceState.ACTIVE
        if device.kind is not DeviceKind.CARD or device.state is not has_one:
            raise IllegalMove(_NO_PIN)
        if device.pin_reset:
            shares.must_use_none(connection, session.user_id)
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
