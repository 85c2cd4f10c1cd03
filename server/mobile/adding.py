"""The last step of a registration: the phone has made its keys, and becomes its user's mobile key.

Everything that belongs to it happens at once: the key is active, the phone before it and the
temporary devices end, a number of the user's own becomes the one on record, and he is told.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ..accounts import people
from ..audit.events import Event
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..crypto.secrets_table import VAPID, Secrets
from ..db.engine import Database
from ..db.tables import devices, mobile_keys
from ..errors import DeviceLocked, IllegalMove, NotTaken, NumberNotOnRecord, PinWrong
from ..factors.kinds import DeviceKind
from ..factors.mobile_key import Element
from ..factors.mobile_key_factor import place as key_place
from ..factors.names import free_label, free_serial
from ..lifecycle import devices as life
from ..lifecycle import revocation, temporary
from ..lifecycle.devices import Device
from ..lifecycle.pin_gate import PinGate
from ..login.judge import LOCKED, Judge
from ..login.ledger import Ledger
from ..login.proof_rows import hold_unfinished
from ..notify import outbox
from ..notify.outbox import Notice
from ..settings import Settings
from ..states.device import DeviceState
from ..states.registration import RegistrationMove, RegistrationState
from ..words import N_
from . import authenticator, exchange, registrations
from .admission import Admission, admit
from .authenticator import Credential
from .notes import Notes
from .proving import has_pin_already
from .registrations import Aim, Registration, place

_NOT_PROVED = N_("Prove yourself first: by the token of the SMS, or by your card.")
_KEYS = N_("The phone's keys do not fit this registration. Start again.")
_PIN_UNREADABLE = N_("The PIN does not open. Start again.")
_WITHOUT = N_("The answer of the phone's own lock is missing. Try again, or choose a PIN.")
_TAKEN = N_("This phone's lock is in use for another mobile key already. Choose a PIN instead.")
_ANOTHER = N_("This registration has made a mobile key already: nothing was changed.")
_PIN_WRONG = N_("This is not the PIN that you have already: type that one.")
_BESIDE_OVER = N_("The mobile key beside which this one was to stand has ended. Start again.")
_CHOSEN = N_("You have a device by now: the number on record is the desk's to change. Start again.")
_REASONS = {Aim.REGISTER: "replaced", Aim.MIGRATE: "moved", Aim.REENABLE: "re-enabled"}


@dataclass(frozen=True)
class Given:
    """What the phone sends: its half of the exchange, its keys, and the sealed PIN."""

    element: Element
    exchange: bytes
    sign_key: bytes
    pin: bytes = field(repr=False)
    credential: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Added:
    """The mobile key that came of a registration; `vapid` is what its push service is told."""

    serial: str
    user: str
    element: Element
    vapid: bytes


@dataclass(frozen=True)
class _Key:
    """What is kept of the phone, checked."""

    element: Element
    ocra_key: bytes = field(repr=False)
    pin: str = field(repr=False)
    sign_key: bytes
    credential: Credential | None


class Adding:
    """Makes mobile keys of registrations whose users have proved themselves."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        keyring: Keyring,
        secrets: Secrets,
        gate: PinGate,
        judge: Judge,
        ledger: Ledger,
        notes: Notes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._keyring = keyring
        self._secrets = secrets
        self._gate = gate
        self._judge = judge
        self._ledger = ledger
        self._notes = notes

    def add(self, bearer: str, given: Given) -> Added:
        """Make the mobile key; the same keys again get the same answer, which may have been lost.

        Raises NotTaken (with `field`), PinWrong and DeviceLocked for a PIN that stands already,
        IllegalMove.
        """
        with self._notes.refusals(bearer):
            with self._database.reading() as connection:
                found = registrations.find(connection, bearer, self._clock.now())
                if found.state is RegistrationState.DONE:
                    return self._once_more(connection, found, given)
            key = self._checked(found, given, bearer)
            if not has_pin_already(found):
                self._gate.check_phone(found.user_id, found.user, key.pin)
            try:
                outcome = self._add(bearer, given, key)
            except IntegrityError:  # two at once, or a credential that is another key's
                raise IllegalMove(_TAKEN) from None
        if isinstance(outcome, PinWrong):  # only here: that it was counted is committed
            raise outcome
        return outcome

    # --- what was sent

    def _checked(self, found: Registration, given: Given, bearer: str) -> _Key:
        if (
            found.state is not RegistrationState.PROVED
            or found.exchange_sealed is None
            or found.challenge is None
        ):
            raise IllegalMove(_NOT_PROVED)
        private = self._keyring.open(found.exchange_sealed, place("exchange_sealed", found.id))
        try:
            agreed = exchange.agree(private, given.exchange, bearer)
        except ValueError:
            raise NotTaken(_KEYS, field="exchange") from None
        if not exchange.is_point(given.sign_key):
            raise NotTaken(_KEYS, field="sign_key")
        try:
            pin = exchange.open_pin(agreed, given.pin)
        except ValueError:
            raise NotTaken(_PIN_UNREADABLE, field="pin") from None
        credential = None
        if given.element is Element.WEBAUTHN:
            if given.credential is None:
                raise NotTaken(_WITHOUT, field="credential")
            credential = authenticator.check(self._settings, found.challenge, given.credential)
        return _Key(given.element, agreed.ocra_key, pin, given.sign_key, credential)

    def _once_more(self, connection: Connection, found: Registration, given: Given) -> Added:
        row = connection.execute(
            select(devices.c.serial, devices.c.state, mobile_keys.c.sign_key, mobile_keys.c.element)
            .join(mobile_keys, mobile_keys.c.device_id == devices.c.id)
            .where(devices.c.id == found.device_id)
        ).one()
        same = row.sign_key == given.sign_key and row.element == given.element.value
        if not same or row.state == DeviceState.REVOKED.value:
            raise IllegalMove(_ANOTHER)
        return self._told(row.serial, found.user, given.element)

    # --- the one transaction

    def _add(self, bearer: str, given: Given, key: _Key) -> Added | PinWrong:
        with self._database.writing() as connection:
            now = self._clock.now()
            found = registrations.held(connection, bearer, now)
            if found.state is RegistrationState.DONE:  # at this very moment
                return self._once_more(connection, found, given)
            admitted = admit(connection, self._keyring, found.user_id, found.aim, now)
            if found.number_sealed is not None and not admitted.may_add_number:
                raise NumberNotOnRecord(_CHOSEN)
            hold_unfinished(connection, found.user_id)
            if has_pin_already(found):
                wrong = self._compare_pins(connection, found, admitted, key.pin, now)
                if wrong is not None:
                    return wrong
            before = self._end_others(connection, found, now)
            ended = temporary.end_all(connection, found.user_id, now)
            device = self._insert(connection, found, key, now)
            registrations.move(connection, found, RegistrationMove.DONE, device_id=device.id)
            registrations.end_others(connection, found.user_id, but=found.id)
            self._write_ended(connection, found, before)
            self._keep_number(connection, found)
            self._tell(connection, found, device, before[-1] if before else None, ended, now)
        return self._told(device.serial, found.user, key.element)

    def _compare_pins(
        self,
        connection: Connection,
        found: Registration,
        admitted: Admission,
        pin: str,
        now: datetime,
    ) -> PinWrong | None:
        """Compare with the PIN that stands; a wrong one is counted against its key."""
        other = found.beside_id
        if other is None:
            assert admitted.existing is not None  # noqa: S101 - or it had not been admitted
            other = admitted.existing.id
        if life.get(connection, other, now).state is not DeviceState.ACTIVE:
            raise IllegalMove(_BESIDE_OVER)
        held = self._ledger.hold(connection, other, now)
        if held is None:
            raise DeviceLocked(LOCKED)
        sealed = connection.execute(
            select(mobile_keys.c.pin_sealed).where(mobile_keys.c.device_id == other)
        ).scalar_one()
        standing = self._keyring.open(sealed, key_place("pin_sealed", other))
        if hmac.compare_digest(standing, pin.encode()):
            self._ledger.forget_wrong(connection, held)
            return None
        self._judge.count_wrong(connection, held, found.user, now, Event.MOBILE_KEY_PIN_WRONG)
        return PinWrong(_PIN_WRONG)

    def _end_others(
        self, connection: Connection, found: Registration, now: datetime
    ) -> list[Device]:
        """End what the user had before: one phone alone is a user's key."""
        own = life.own(connection, found.user_id, now)
        phones = [each for each in own if each.kind is DeviceKind.MOBILE_KEY]
        for each in phones:
            revocation.end(connection, each.id, now, _REASONS[found.aim])
        return phones

    def _write_ended(
        self, connection: Connection, found: Registration, phones: list[Device]
    ) -> None:
        reason = _REASONS[found.aim]
        for each in phones:
            self._notes.write(
                connection, Event.DEVICE_ENDED, found.user, device=each.serial, reason=reason
            )

    def _insert(
        self, connection: Connection, found: Registration, key: _Key, now: datetime
    ) -> Device:
        device_id: int = connection.execute(
            insert(devices)
            .values(
                kind=DeviceKind.MOBILE_KEY.value,
                state=DeviceState.ACTIVE.value,
                serial=free_serial(connection, "MK"),
                owner_id=found.user_id,
                label=free_label(connection, found.user_id, "mobile-key"),
                wrong_run=0,
                added_at=now,
                activated_at=now,
            )
            .returning(devices.c.id)
        ).scalar_one()
        credential = key.credential
        connection.execute(
            insert(mobile_keys).values(
                device_id=device_id,
                installation=found.installation,
                phone=found.phone,
                element=key.element.value,
                suite=key.element.suite,
                key_sealed=self._keyring.seal(key.ocra_key, key_place("key_sealed", device_id)),
                pin_sealed=self._keyring.seal(key.pin.encode(), key_place("pin_sealed", device_id)),
                counter=0,
                sign_key=key.sign_key,
                credential_id=credential.id if credential else None,
                credential_key=credential.public_key if credential else None,
                sign_count=credential.sign_count if credential else 0,
                backed_up=credential.backed_up if credential else None,
            )
        )
        return life.get(connection, device_id, now)

    def _keep_number(self, connection: Connection, found: Registration) -> None:
        if found.number_sealed is None:
            return
        number = self._keyring.open(found.number_sealed, place("number_sealed", found.id)).decode()
        contact = people.contact(connection, self._keyring, found.user_id)
        given = replace(contact, phone=number)
        people.set_contact(connection, self._keyring, found.user_id, given)
        self._notes.write(connection, Event.CONTACT_SET, found.user, phone="proved by an SMS")

    def _tell(
        self,
        connection: Connection,
        found: Registration,
        device: Device,
        before: Device | None,
        ended: int,
        now: datetime,
    ) -> None:
        once = f"device:{device.id}"
        if before is None:
            outbox.put(
                connection,
                found.user_id,
                Notice.MOBILE_KEY_ADDED,
                once,
                now,
                serial=device.serial,
                phone=found.phone,
            )
        else:
            outbox.put(
                connection,
                found.user_id,
                Notice.MOBILE_KEY_MOVED,
                once,
                now,
                serial=device.serial,
                phone=found.phone,
                before=before.serial,
            )
        self._notes.write(
            connection,
            Event.MOBILE_KEY_ADDED if before is None else Event.MOBILE_KEY_MOVED,
            found.user,
            device=device.serial,
            purpose=found.aim.value,
            phone=found.phone,
            temporary_ended=ended,
        )

    def _told(self, serial: str, user: str, element: Element) -> Added:
        return Added(serial, user, element, exchange.public_point(self._secrets.get(VAPID)))
