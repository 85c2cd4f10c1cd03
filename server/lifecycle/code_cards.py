"""Code cards, printed for good or online for 21 days: made, printed, activated by two values.

A card counts only once two of its values have been answered, so that a print that nobody can read
never locks its owner out. Until then its values can be printed again; those of an online card as
long as it is valid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection, insert, select

from ..accounts.roles import Role
from ..accounts.users import hold
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock, written
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import code_cards, devices
from ..errors import IllegalMove, NotAllowed, NotThere
from ..factors import code_card
from ..factors.code_card_factor import opened, sealed
from ..factors.kinds import DeviceKind
from ..factors.names import free_label, free_serial
from ..login.access import RIGHTS, Right
from ..login.ledger import Purpose
from ..login.proofs import Asked, Proofs
from ..login.sessions import Session, Sessions
from ..login.standing import standing
from ..notify import outbox
from ..notify.outbox import Notice
from ..settings import Settings
from ..states.device import DeviceMove, DeviceState
from ..words import N_
from . import devices as life
from . import revocation, temporary
from .devices import Device

_NOT_BY_ACCESS = N_("What you logged in with does not reach this.")
_STAFF = N_("Who works at the desk gets the first device from the operator.")
_OLD_SESSION = N_("You have a device by now: log in with it, then ask for a code card.")
_HAVE_ONE = N_("You have an online code card already. Print it again as long as it is valid.")
_NEEDS_PERMANENT = N_(
    "Log in with your permanent device first: it is what the others stand in for."
)
_NONE_TO_ACTIVATE = N_("There is no code card that waits to be activated. Ask for one first.")
_NO_VALUES = N_("This card's values are not shown any more. Ask for a new card if you need one.")

_PREFIX = {DeviceKind.CODE_CARD: "CC", DeviceKind.ONLINE_CODE_CARD: "OC"}
_LABEL = {DeviceKind.CODE_CARD: "code-card", DeviceKind.ONLINE_CODE_CARD: "online-code-card"}
_RIGHT = {
    DeviceKind.CODE_CARD: Right.DEVICES,
    DeviceKind.ONLINE_CODE_CARD: Right.ONLINE_CODE_CARD,
}
_REPLACED = "replaced"
_PURPOSE = Purpose.ACTIVATE


@dataclass(frozen=True)
class Cards:
    """A user's code cards of one kind: the one that counts, and the one to be activated."""

    active: Device | None
    waiting: Device | None


@dataclass(frozen=True)
class Printable:
    """What the paper shows."""

    device: Device
    values: tuple[str, ...] = field(repr=False)


class CodeCards:
    """The life of code cards of one kind."""

    def __init__(
        self,
        kind: DeviceKind,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
        sessions: Sessions,
        proofs: Proofs,
    ) -> None:
        self.kind = kind
        self.right = _RIGHT[kind]
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._keyring = keyring
        self._sessions = sessions
        self._proofs = proofs

    def show(self, session: Session) -> Cards:
        """Return the cards of a session's user."""
        self._check(session)
        with self._database.reading() as connection:
            return self._cards(connection, session.user_id)

    def make(self, session: Session, instead_of: int | None = None) -> Device:
        """Make a card that waits to be activated, or return the one that does.

        `instead_of`: the waiting card whose print is lost or unreadable; it ends. Raises
        NotAllowed, IllegalMove.
        """
        self._check(session)
        with self._database.writing() as connection:
            now = self._clock.now()
            hold(connection, session.user_id)  # so that two requests at once make one card
            cards = self._cards(connection, session.user_id)
            self._refuse(connection, session, cards)
            if cards.waiting is not None:
                if cards.waiting.id != instead_of:
                    return cards.waiting
                self._end(connection, session, cards.waiting, _REPLACED)
            device_id = self._add(connection, session.user_id)
            made = life.get(connection, device_id, now)
            self._write(connection, Event.DEVICE_MADE, session, made)
            if self.kind is DeviceKind.ONLINE_CODE_CARD:
                outbox.put(
                    connection, session.user_id, Notice.ONLINE_CODE_CARD_MADE, made.serial, now
                )
            return made

    def values(self, session: Session, device_id: str | int) -> Printable:
        """Return what is printed, and note that it was. Raises NotThere, IllegalMove."""
        self._check(session)
        with self._database.writing() as connection:
            device = self._own(connection, session, device_id)
            online = self.kind is DeviceKind.ONLINE_CODE_CARD
            shown = {DeviceState.INACTIVE} | ({DeviceState.ACTIVE} if online else set())
            if device.state not in shown:
                raise IllegalMove(_NO_VALUES)
            stored = connection.execute(
                select(code_cards.c.values_sealed).where(code_cards.c.device_id == device.id)
            ).scalar_one()
            self._write(connection, Event.CODE_CARD_PRINTED, session, device)
            return Printable(device, opened(self._keyring, stored, device.id))

    def ask(self, session: Session) -> Asked:
        """Ask for two values of the card that waits to be activated. Raises IllegalMove."""
        self._check(session)
        with self._database.writing() as connection:
            waiting = self._cards(connection, session.user_id).waiting
            if waiting is None:
                raise IllegalMove(_NONE_TO_ACTIVATE)
            return self._proofs.ask(connection, session, waiting.id, _PURPOSE)

    def asked(self, session: Session, proof_id: str) -> Asked:
        """Return what was asked, while it can be answered."""
        self._check(session)
        return self._proofs.show(session, proof_id, _PURPOSE)

    def activate(self, session: Session, proof_id: str, text: str) -> Device:
        """Activate a card by two of its values; the session goes on under it.

        A permanent card ends the user's temporary devices. Raises what an answer may meet
        (`login.proofs`), IllegalMove.
        """
        self._check(session)
        return self._proofs.answer(
            session,
            proof_id,
            _PURPOSE,
            text,
            lambda connection, asked: self._activated(connection, session, asked),
            usable=(DeviceState.INACTIVE,),
        )

    def _activated(self, connection: Connection, session: Session, asked: Asked) -> Device:
        now = self._clock.now()
        device = self._own(connection, session, asked.device_id)
        before = [
            each
            for each in life.own(connection, session.user_id, now)
            if each.kind is self.kind and each.id != device.id
        ]
        online = self.kind is DeviceKind.ONLINE_CODE_CARD
        lifetime = timedelta(days=self._settings.online_code_card_days)
        until = now + lifetime if online else None
        life.move(connection, device.id, DeviceMove.ACTIVATED, now, {"valid_until": until})
        self._sessions.prove(connection, session.token_hash, device.id)
        for each in before:  # one that is lost or set aside does not come back beside this one
            self._end(connection, session, each, _REPLACED)
        if not online:
            temporary.end_all(connection, session.user_id, now)
        outbox.put(
            connection,
            session.user_id,
            Notice.DEVICE_ACTIVATED,
            device.serial,
            now,
            serial=device.serial,
        )
        self._write(
            connection,
            Event.DEVICE_ACTIVATED,
            session,
            device,
            until=written(until) if until else None,
        )
        return life.get(connection, device.id, now)

    def end_temporary(self, session: Session) -> int:
        """End the user's temporary devices, for whoever has a permanent one at hand again.

        The session's own device is the proof. Returns how many ended; raises NotAllowed.
        """
        self._check(session)
        if session.device_kind is DeviceKind.NONE or session.device_kind.temporary:
            raise NotAllowed(_NEEDS_PERMANENT)
        with self._database.writing() as connection:
            now = self._clock.now()
            ended = temporary.end_all(connection, session.user_id, now)
            if ended:
                self._audit.write(
                    connection,
                    now,
                    Event.TEMPORARY_DEVICES_ENDED,
                    f"user:{session.user}",
                    session.user,
                    devices=ended,
                )
        return ended

    # --- within

    def _check(self, session: Session) -> None:
        if self.right not in RIGHTS[session.access]:
            raise NotAllowed(_NOT_BY_ACCESS)

    def _refuse(self, connection: Connection, session: Session, cards: Cards) -> None:
        """Refuse a new card where the rules do; see `docs/help/code-cards.md`."""
        if session.device_kind is DeviceKind.NONE:
            if session.role is not Role.CUSTOMER:
                raise NotAllowed(_STAFF)
            facts = standing(connection, session.user_id, self._clock.now())
            if facts.had_device:  # the password alone opened this session, before there was one
                raise NotAllowed(_OLD_SESSION)
        if self.kind is DeviceKind.ONLINE_CODE_CARD and cards.active is not None:
            raise IllegalMove(_HAVE_ONE)  # so none ever follows from itself, either

    def _cards(self, connection: Connection, user_id: int) -> Cards:
        own = [
            each
            for each in life.own(connection, user_id, self._clock.now())
            if each.kind is self.kind
        ]
        by_state = {each.state: each for each in own}
        return Cards(by_state.get(DeviceState.ACTIVE), by_state.get(DeviceState.INACTIVE))

    def _own(self, connection: Connection, session: Session, device_id: str | int) -> Device:
        device = life.get_own(connection, session.user_id, device_id, self._clock.now())
        if device.kind is not self.kind:
            raise NotThere(life.NOT_THERE)
        return device

    def _add(self, connection: Connection, user_id: int) -> int:
        device_id: int = connection.execute(
            insert(devices)
            .values(
                kind=self.kind.value,
                state=DeviceState.INACTIVE.value,
                serial=free_serial(connection, _PREFIX[self.kind]),
                owner_id=user_id,
                label=free_label(connection, user_id, _LABEL[self.kind]),
                wrong_run=0,
                added_at=self._clock.now(),
            )
            .returning(devices.c.id)
        ).scalar_one()
        values = sealed(self._keyring, code_card.draw(), device_id)
        connection.execute(insert(code_cards).values(device_id=device_id, values_sealed=values))
        return device_id

    def _end(self, connection: Connection, session: Session, device: Device, reason: str) -> None:
        now, actor = self._clock.now(), f"user:{session.user}"
        revocation.revoke(connection, self._audit, device.id, now, actor, reason)
        self._write(connection, Event.DEVICE_ENDED, session, device, reason=reason)

    def _write(
        self,
        connection: Connection,
        event: Event,
        session: Session,
        device: Device,
        **detail: str | None,
    ) -> None:
        self._audit.write(
            connection,
            self._clock.now(),
            event,
            f"user:{session.user}",
            session.user,
            device=device.serial,
            **detail,
        )
