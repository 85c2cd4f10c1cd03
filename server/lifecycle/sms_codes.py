"""Codes by SMS: turned on by a user who has no device yet, and over when he has one.

The first code proves that the number on record reaches him; until then nothing is asked of him at
a login. From then on the password alone opens nothing any more.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from ..accounts import people
from ..accounts.roles import Role
from ..accounts.users import hold
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import devices, sms_codes
from ..errors import IllegalMove, LoginDecided, NoSms, NoSuchLogin, NotAllowed, NumberNotOnRecord
from ..factors.interface import Prompt
from ..factors.kinds import DeviceKind
from ..factors.names import free_label, free_serial
from ..factors.sms_code_factor import SmsCodeFactor
from ..login.access import RIGHTS, Right
from ..login.ledger import Ledger, LoginState, Purpose
from ..login.proofs import Asked, Proofs
from ..login.service import find_login
from ..login.sessions import Session, Sessions
from ..login.standing import standing
from ..notify import outbox
from ..notify.outbox import Notice
from ..settings import Settings
from ..states.device import DeviceMove, DeviceState
from ..words import N_
from . import devices as life
from .devices import Device

_NO_SMS = N_("No SMS can be sent from here: get another device.")
_NOT_BY_ACCESS = N_("What you logged in with does not reach this.")
_STAFF = N_("Who works at the desk gets the first device from the operator.")
_HAS_ONE = N_("Codes by SMS are for whoever has no device yet, and you have, or had, one.")
_NO_NUMBER = N_("There is no phone number on record that a code could be sent to: call the desk.")
_UNKNOWN = N_("There is no such login. Start again with your user name and password.")
_OVER = N_("This login is over. Start again with your user name and password.")
_PURPOSE = Purpose.ACTIVATE


class SmsCodes:
    """The life of codes by SMS."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
        sessions: Sessions,
        proofs: Proofs,
        ledger: Ledger,
        factor: SmsCodeFactor,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._keyring = keyring
        self._sessions = sessions
        self._proofs = proofs
        self._ledger = ledger
        self._factor = factor

    def check(self, session: Session) -> str:
        """Return the number on record that codes would go to, or raise why there are none for this
        session's user: NoSms, NotAllowed, IllegalMove, NumberNotOnRecord.
        """
        with self._database.reading() as connection:
            return self._check(connection, session)

    def begin(self, session: Session) -> Asked:
        """Send a first code; the right answer turns them on."""
        with self._database.writing() as connection:
            hold(connection, session.user_id)
            self._check(connection, session)
            now = self._clock.now()
            own = life.own(connection, session.user_id, now)
            waiting = next((each.id for each in own if each.kind is DeviceKind.SMS_CODE), None)
            device_id = self._add(connection, session) if waiting is None else waiting
            return self._proofs.ask(connection, session, device_id, _PURPOSE)

    def show(self, session: Session, proof_id: str) -> Asked:
        """Return what was asked, while it can be answered."""
        asked = self._proofs.show(session, proof_id, _PURPOSE)
        if asked.kind is not DeviceKind.SMS_CODE:
            raise NoSuchLogin(_UNKNOWN)
        return asked

    def answer(self, session: Session, proof_id: str, text: str) -> Device:
        """Turn the codes on by the first of them; the session goes on under them."""
        self.show(session, proof_id)

        def then(connection: Connection, asked: Asked) -> Device:
            now = self._clock.now()
            if standing(connection, session.user_id, now).had_device:  # since the code was sent
                raise IllegalMove(_HAS_ONE)
            life.move(connection, asked.device_id, DeviceMove.ACTIVATED, now)
            self._sessions.prove(connection, session.token_hash, asked.device_id)
            device = life.get(connection, asked.device_id, now)
            outbox.put(
                connection,
                session.user_id,
                Notice.DEVICE_ACTIVATED,
                device.serial,
                now,
                serial=device.serial,
            )
            self._write(connection, Event.DEVICE_ACTIVATED, session, device.serial)
            return device

        return self._proofs.answer(
            session, proof_id, _PURPOSE, text, then, usable=(DeviceState.INACTIVE,)
        )

    def send_again(self, session: Session, proof_id: str) -> Asked:
        """Send the first code once more; raises TooSoon."""
        asked = self.show(session, proof_id)
        with self._database.writing() as connection:
            self._send_again(connection, asked.id, asked.device_id, asked.prompt)
        return asked

    def send_again_at_login(self, login_id: str, browser: bytes | None = None) -> None:
        """Send a login's code once more; raises TooSoon, NoSuchLogin, LoginDecided."""
        with self._database.writing() as connection:
            row = find_login(connection, self._ledger, login_id)
            if browser is not None and row.browser != browser:
                raise NoSuchLogin(_UNKNOWN)
            kind = connection.execute(
                select(devices.c.kind).where(devices.c.id == row.device_id)
            ).scalar_one()
            if kind != DeviceKind.SMS_CODE.value:
                raise NoSuchLogin(_UNKNOWN)
            if row.state is not LoginState.OPEN or row.expires_at <= self._clock.now():
                raise LoginDecided(_OVER)
            self._send_again(connection, row.id, row.device_id, row.prompt)

    # --- within

    def _send_again(
        self, connection: Connection, login_id: str, device_id: int, prompt: Prompt
    ) -> None:
        told = {name: value for name, value in prompt.items() if name != "sent"}
        if not self._ledger.say(connection, login_id, self._clock.now(), device_id, told):
            raise LoginDecided(_OVER)
        self._factor.send_again(connection, device_id, login_id)

    def _check(self, connection: Connection, session: Session) -> str:
        if self._settings.sms_url is None:
            raise NoSms(_NO_SMS)
        if Right.DEVICES not in RIGHTS[session.access]:
            raise NotAllowed(_NOT_BY_ACCESS)
        if session.role is not Role.CUSTOMER:
            raise NotAllowed(_STAFF)
        if standing(connection, session.user_id, self._clock.now()).had_device:
            raise IllegalMove(_HAS_ONE)
        number = people.contact(connection, self._keyring, session.user_id).phone
        if number is None:
            raise NumberNotOnRecord(_NO_NUMBER)
        return number

    def _add(self, connection: Connection, session: Session) -> int:
        serial = free_serial(connection, "SM")
        device_id: int = connection.execute(
            insert(devices)
            .values(
                kind=DeviceKind.SMS_CODE.value,
                state=DeviceState.INACTIVE.value,
                serial=serial,
                owner_id=session.user_id,
                label=free_label(connection, session.user_id, "sms-code"),
                wrong_run=0,
                added_at=self._clock.now(),
            )
            .returning(devices.c.id)
        ).scalar_one()
        connection.execute(insert(sms_codes).values(device_id=device_id, sends=0))
        self._write(connection, Event.DEVICE_MADE, session, serial)
        return device_id

    def _write(self, connection: Connection, event: Event, session: Session, serial: str) -> None:
        actor = f"user:{session.user}"
        self._audit.write(connection, self._clock.now(), event, actor, session.user, device=serial)
