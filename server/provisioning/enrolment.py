"""What a credential may do: prepare a card, confirm it, take back what it put here.

A prepared card is pending: it is never offered and never answers. Who wins of several calls at
once is decided by the database: one serial stands once among the cards that are not revoked, and
every step is a compare-and-set on the device's state. The calls of one credential take turns, for
each decides by several rows; another credential may come in between.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from protocol.pskc import CardRecord

from ..accounts import users
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db import tables
from ..db.engine import Database
from ..errors import CardActive, CardThere, NoSuchOwner, NoSuchRecord, NoSuchUser, RecordConflict
from ..factors import cards
from ..factors.card_factor import place
from ..lifecycle import order_rows, revocation
from ..lifecycle.order_rows import CardOrder
from ..lifecycle.revocation import Kept
from ..states.device import DEVICE, DeviceMove, DeviceState
from ..states.order import OrderMove
from . import credential, fulfilment, provisioners
from .provisioners import Provisioner
from .record import Enrolment

_ROUNDS = 8
"""How often a step is tried again that another call came in between of."""


@dataclass(frozen=True)
class Standing:
    """Where a card stands after a call; `made` where the call put it there."""

    serial: str
    key_id: str
    state: DeviceState
    made: bool = False


class _Overtaken(Exception):
    """Another call changed the card between reading and writing."""


class Enrolments:
    """The steps, each one transaction."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._keyring = keyring

    def prepare(self, by: Provisioner, given: Enrolment) -> Standing:
        """Put a card here, pending; the same record again changes nothing.

        Another record takes the place of a pending one of the same credential.
        """
        for _ in range(_ROUNDS):
            try:
                with self._database.writing() as connection:
                    return self._prepare(connection, by, given)
            except (IntegrityError, CardThere, _Overtaken):
                continue  # another call put a card of this serial here first, or took it away
        raise _busy(given.record.serial)

    def confirm(self, by: Provisioner, serial: str, key_id: str) -> Standing:
        """A pending card holds its key for certain. Twice is as good as once.

        A card that was put here for a user is active then; one that was ordered waits to be
        activated, and its order to be shipped.
        """
        with self._database.writing() as connection:
            now = self._begin(connection, by)
            card = self._own(connection, by, serial)
            if card.key_id != key_id:
                raise _another_key(serial)
            order = fulfilment.of_card(connection, self._keyring, card.device_id)
            move = DeviceMove.ACTIVATED if order is None else DeviceMove.CONFIRMED
            to = DEVICE.after(DeviceState.PENDING, move)
            done = connection.execute(
                update(tables.devices)
                .where(
                    tables.devices.c.id == card.device_id,
                    tables.devices.c.state == DeviceState.PENDING.value,
                )
                .values(state=to.value, activated_at=now if to is DeviceState.ACTIVE else None)
            )
            if done.rowcount:
                self._audit.write(
                    connection, now, Event.CARD_CONFIRMED, by.actor, serial, key_id=key_id
                )
                if order is not None:
                    self._provisioned(connection, by, order, now)
                return Standing(serial, key_id, to)
            # confirmed already, or taken away since it was read
            again = revocation.find(connection, serial)
            if again is None or again.device_id != card.device_id:
                raise _no_such(serial)
            return Standing(serial, key_id, again.state)

    def withdraw(
        self, by: Provisioner, serial: str, key_id: str | None, *, pending_only: bool
    ) -> Standing:
        """Abandon a pending card, or revoke an active one; returns what it was."""
        with self._database.writing() as connection:
            now = self._begin(connection, by)
            card = self._own(connection, by, serial)
            if key_id is not None and card.key_id != key_id:
                raise _another_key(serial)
            was = Standing(serial, card.key_id or "", card.state)
            if revocation.abandon(connection, card.device_id):
                event = Event.CARD_ABANDONED
            elif revocation.find(connection, serial) is None:  # an operator was quicker
                raise _no_such(serial)
            elif pending_only:
                raise CardActive(f"The card {serial} is active already: revoke it if it must go.")
            elif revocation.revoke(connection, self._audit, card.device_id, now, by.actor):
                event = Event.CARD_REVOKED
            else:
                raise _no_such(serial)
            self._audit.write(connection, now, event, by.actor, serial, key_id=card.key_id)
        return was

    # --- within

    def _begin(self, connection: Connection, by: Provisioner) -> datetime:
        if not provisioners.hold(connection, by, alone=True):
            raise credential.refused()
        return self._clock.now()

    def _prepare(self, connection: Connection, by: Provisioner, given: Enrolment) -> Standing:
        now = self._begin(connection, by)
        record = given.record
        order = None
        if given.order is not None:
            order = fulfilment.held(connection, self._keyring, by, given.order)
        owner, pin = self._whose(connection, given, order)
        there = revocation.find(connection, record.serial)
        if there is not None:
            linked = fulfilment.of_card(connection, self._keyring, there.device_id)
            # Of an ordered card no PIN is compared but its own order's: it would be told by this.
            same_order = (linked and linked.id) == (order and order.id)
            if same_order and self._is_same(connection, there, by, record, owner.id, pin):
                return Standing(record.serial, record.key_id, there.state)
            if there.provisioner_id != by.id:
                raise _foreign(record.serial)
            if there.state is not DeviceState.PENDING:
                raise RecordConflict(
                    f"The card {record.serial} is active with another key: revoke it first, with "
                    f"`challng-provision revoke {record.serial}`."
                )
            if not revocation.abandon(connection, there.device_id):
                raise _Overtaken
            self._audit.write(
                connection,
                now,
                Event.CARD_ABANDONED,
                by.actor,
                record.serial,
                key_id=there.key_id,
            )
        self._refuse_a_key_that_was_taken_away(connection, given)
        if order is not None:  # another card was begun for it before
            fulfilment.abandon_card(connection, self._audit, by, order, now)
        device_id = cards.import_card(
            connection,
            self._keyring,
            record,
            owner,
            pin,
            now,
            state=DeviceState.PENDING,
            provisioner_id=by.id,
        )
        if order is not None and not fulfilment.link(connection, order, by, device_id):
            raise _Overtaken
        self._audit.write(
            connection,
            now,
            Event.CARD_PREPARED,
            by.actor,
            record.serial,
            user=owner.name,
            key_id=record.key_id,
            **({} if order is None else {"order": order.id}),
        )
        return Standing(record.serial, record.key_id, DeviceState.PENDING, made=True)

    def _whose(
        self, connection: Connection, given: Enrolment, order: CardOrder | None
    ) -> tuple[users.User, str]:
        if order is not None:
            pin = order_rows.pin_of(connection, self._keyring, order.id)
            assert pin is not None  # noqa: S101 - it is emptied when the order is provisioned
            return users.get(connection, order.user), pin
        try:
            return users.get(connection, given.user), given.pin
        except NoSuchUser:
            raise NoSuchOwner(
                f"There is no user {given.user} at this verifier: ask its operator to add the "
                "user, or correct the name."
            ) from None

    def _provisioned(
        self, connection: Connection, by: Provisioner, order: CardOrder, now: datetime
    ) -> None:
        still = fulfilment.held(connection, self._keyring, by, order.id)
        order_rows.move(
            connection,
            still,
            OrderMove.PROVISIONED,
            {"provisioned_at": now, "pin_sealed": None},
            tables.orders.c.taken_by == by.name,
        )
        self._audit.write(
            connection,
            now,
            Event.ORDER_PROVISIONED,
            by.actor,
            f"order:{order.id}",
            serial=order.serial,
        )

    def _is_same(
        self,
        connection: Connection,
        there: Kept,
        by: Provisioner,
        record: CardRecord,
        owner_id: int,
        given_pin: str,
    ) -> bool:
        """Tell whether this very record is here.

        Of a card in use the counter has moved on, and the PIN is its owner's: telling whether it
        is the same one would be a way to try them all.
        """
        row = connection.execute(
            select(tables.cards, tables.devices.c.owner_id)
            .join(tables.devices, tables.devices.c.id == tables.cards.c.device_id)
            .where(tables.cards.c.device_id == there.device_id)
        ).one()
        if there.provisioner_id != by.id or row.key_sealed is None:
            return False
        pending = there.state is DeviceState.PENDING
        plain = (row.key_id, row.suite, row.issuer, row.owner_id) == (
            record.key_id,
            record.suite,
            record.issuer,
            owner_id,
        )
        key = self._keyring.open(row.key_sealed, place("key_sealed", there.device_id))
        pin = self._keyring.open(row.pin_sealed, place("pin_sealed", there.device_id))
        return (
            plain
            and hmac.compare_digest(key, record.key)
            and (not pending or row.counter == record.counter)
            and (not pending or hmac.compare_digest(pin, given_pin.encode("ascii")))
        )

    def _refuse_a_key_that_was_taken_away(self, connection: Connection, given: Enrolment) -> None:
        gone = connection.execute(
            select(tables.cards.c.device_id)
            .join(tables.devices, tables.devices.c.id == tables.cards.c.device_id)
            .where(
                tables.devices.c.serial == given.record.serial,
                tables.devices.c.state == DeviceState.REVOKED.value,
                tables.cards.c.key_id == given.record.key_id,
            )
        ).first()
        if gone is not None:
            raise RecordConflict(
                f"This key of the card {given.record.serial} was revoked, and does not come back: "
                "put a new key onto the card."
            )

    def _own(self, connection: Connection, by: Provisioner, serial: str) -> Kept:
        card = revocation.find(connection, serial)
        if card is None:
            raise _no_such(serial)
        if card.provisioner_id != by.id:
            raise _foreign(serial)
        return card


def _no_such(serial: str) -> NoSuchRecord:
    return NoSuchRecord(f"There is no card {serial} at this verifier, pending or active.")


def _foreign(serial: str) -> RecordConflict:
    return RecordConflict(
        f"The card {serial} was not put here by this credential: ask the verifier's operator "
        "(`challng-server card revoke`)."
    )


def _another_key(serial: str) -> RecordConflict:
    return RecordConflict(
        f"The card {serial} is here with another key: this record is not the newest of the card."
    )


def _busy(serial: str) -> RecordConflict:
    return RecordConflict(
        f"Other calls change the card {serial} at the same moment: try again when they are done."
    )
