"""Sending a card back: announced by its owner with a form to print, recorded when it arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from protocol import serial as serials
from protocol.errors import SerialError

from ..accounts import people
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import devices as devices_table
from ..db.tables import returns, users
from ..errors import IllegalMove, NotAllowed, NotTaken, NotThere
from ..factors.kinds import DeviceKind
from ..login.sessions import Session
from ..notify import outbox
from ..notify.outbox import Notice
from ..regions import region_of
from ..settings import Settings
from ..states.device import DeviceState
from ..states.returned import RETURN, ReturnMove, ReturnState
from ..words import N_
from . import business_days, deposits, devices, revocation
from .devices import Device

_NOTHING = N_("Nothing of this device is announced for return.")
_NOT_ONESELF = N_("Nobody does this for himself: ask a colleague.")
_NOT_NOW = N_("This cannot be done with the return any more: nothing was changed.")
_NOT_DUE = N_("This device is not due back: destroy it once you do not need it any more.")
_NOT_IN_HAND = N_("This card is not with you yet, or not any more: it cannot be sent back.")
_NO_REGION = N_("Choose one of the regions.")
_NO_REASON = N_("Say why the card goes back.")
_NO_SERIAL = N_("A card's serial is CH and 8 digits, the last a check digit. Read it again.")
_NO_CARD = N_("There is no card of this serial. Read it again.")
_OVER = N_("This card is over already. Settle its deposit instead.")


class ReturnReason(StrEnum):
    """Why a card goes back without another in its place."""

    NOT_NEEDED = "not_needed"
    BROKEN = "broken"
    CLOSING = "closing"
    MERGED = "merged"


WORDS = {
    ReturnReason.NOT_NEEDED: N_("I do not need it any more"),
    ReturnReason.BROKEN: N_("it is broken, and I have another device"),
    ReturnReason.CLOSING: N_("the account is closed, or will be"),
    ReturnReason.MERGED: N_("the account was merged with another"),
}
"""What each reason is called on pages, keys of the catalogues."""


@dataclass(frozen=True)
class CardReturn:
    """A return at one moment."""

    id: int
    device_id: int
    serial: str
    user_id: int
    user: str
    region: str
    why: ReturnReason
    state: ReturnState
    asked_at: datetime
    received_at: datetime | None


class Returns:
    """Announces returns, and records what arrives."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        keyring: Keyring,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._keyring = keyring

    # --- its owner

    def look(self, session: Session, device_id: str | int) -> tuple[Device, CardReturn | None]:
        """Return one of the user's own devices, and what is announced of it."""
        with self._database.reading() as connection:
            device = devices.get_own(connection, session.user_id, device_id, self._clock.now())
            return device, self._announced(connection, device.id)

    def is_due(self, device: Device) -> bool:
        """Tell whether a device is due back: a card whose serial is in a returnable range."""
        ranges = self._settings.returnable_serials
        return device.kind is DeviceKind.CARD and deposits.within(ranges, device.serial)

    def nearest(self, session: Session) -> str:
        """Return the region of the user's address."""
        with self._database.reading() as connection:
            contact = people.contact(connection, self._keyring, session.user_id)
        country = contact.address.country if contact.address else ""
        return region_of(self._settings.return_regions, country)

    def shows_between(self) -> tuple[date, date]:
        """Return when a card that is posted today shows in the account, soonest and latest."""
        today = self._clock.now().date()
        soonest, latest = self._settings.return_business_days
        return business_days.after(today, soonest), business_days.after(today, latest)

    def announce(self, session: Session, device_id: str | int, region: str, why: str) -> CardReturn:
        """Announce a return, or change where and why; raises NotTaken, IllegalMove, NotThere."""
        if region not in self._settings.return_regions:
            raise NotTaken(_NO_REGION, field="region")
        if why not in set(ReturnReason):
            raise NotTaken(_NO_REASON, field="why")
        try:
            return self._announce(session, device_id, region, ReturnReason(why))
        except IntegrityError:  # the same form, sent twice at once
            return self._announce(session, device_id, region, ReturnReason(why))

    def cancel(self, session: Session, device_id: str | int) -> None:
        """Take an announcement back; raises NotThere where there is none."""
        with self._database.writing() as connection:
            now = self._clock.now()
            device = devices.get_own(connection, session.user_id, device_id, now)
            there = self._announced(connection, device.id)
            if there is None:
                raise NotThere(_NOTHING)
            self._move(connection, there, ReturnMove.CANCELLED)
            actor = f"user:{session.user}"
            self._audit.write(connection, now, Event.RETURN_CANCELLED, actor, device.serial)

    # --- the desk

    def expected(self) -> list[CardReturn]:
        """Return what is announced and not here yet, oldest first."""
        with self._database.reading() as connection:
            return self._find(
                connection,
                returns.c.state == ReturnState.ANNOUNCED.value,
                devices_table.c.state != DeviceState.REVOKED.value,
            )

    def receive(self, session: Session, serial: str) -> CardReturn | Device:
        """Record that a card is here, announced or not; the session's duty was checked.

        The device is over, its deposit free, its owner told. Raises NotTaken for what is no card's
        serial here.
        """
        try:
            spelled = serials.check(serial)
        except SerialError:
            raise NotTaken(_NO_SERIAL, field="serial") from None
        with self._database.writing() as connection:
            now = self._clock.now()
            device = self._card(connection, spelled, now)
            if device.owner_id == session.user_id:
                raise NotAllowed(_NOT_ONESELF)
            deposits.hold_orders(connection, device.id)
            there = self._announced(connection, device.id)
            if there is not None:
                received: dict[str, Any] = {"received_at": now, "received_by_id": session.user_id}
                self._move(connection, there, ReturnMove.RECEIVED, received)
            actor = f"user:{session.user}"
            if not revocation.revoke(connection, self._audit, device.id, now, actor, "returned"):
                raise NotTaken(_OVER, field="serial")
            released = deposits.release_device(connection, device.id, deposits.Why.RETURNED, now)
            outbox.put(
                connection,
                device.owner_id,
                Notice.RETURN_RECEIVED,
                f"device:{device.id}",
                now,
                serial=device.serial,
            )
            self._audit.write(
                connection,
                now,
                Event.RETURN_RECEIVED,
                actor,
                device.serial,
                owner=device.owner,
                announced=there is not None,
                released_cents=released or 0,
            )
            return device if there is None else self._find(connection, returns.c.id == there.id)[0]

    # --- within

    def _announce(
        self, session: Session, device_id: str | int, region: str, why: ReturnReason
    ) -> CardReturn:
        with self._database.writing() as connection:
            now = self._clock.now()
            device = devices.get_own(connection, session.user_id, device_id, now)
            if not self.is_due(device):
                raise IllegalMove(_NOT_DUE)
            if device.state in {DeviceState.PENDING, DeviceState.REVOKED}:
                raise IllegalMove(_NOT_IN_HAND)
            there = self._announced(connection, device.id)
            values = {"region": region, "why": why.value}
            if there is not None:
                connection.execute(update(returns).where(returns.c.id == there.id).values(values))
            else:
                connection.execute(
                    insert(returns).values(
                        device_id=device.id,
                        user_id=session.user_id,
                        state=RETURN.begins.value,
                        asked_at=now,
                        **values,
                    )
                )
            actor = f"user:{session.user}"
            self._audit.write(
                connection, now, Event.RETURN_ANNOUNCED, actor, device.serial, **values
            )
            made = self._announced(connection, device.id)
            assert made is not None  # noqa: S101 - just written
            return made

    def _card(self, connection: Connection, serial: str, now: datetime) -> Device:
        found = connection.execute(
            select(devices_table.c.id).where(
                devices_table.c.serial == serial,
                devices_table.c.kind == DeviceKind.CARD.value,
                devices_table.c.state.not_in(
                    [DeviceState.PENDING.value, DeviceState.REVOKED.value]
                ),
            )
        ).scalar_one_or_none()
        if found is None:
            was = select(devices_table.c.id).where(
                devices_table.c.serial == serial,
                devices_table.c.state == DeviceState.REVOKED.value,
            )
            over = connection.execute(was).first() is not None
            raise NotTaken(_OVER if over else _NO_CARD, field="serial")
        return devices.get(connection, found, now)

    def _move(
        self,
        connection: Connection,
        there: CardReturn,
        what: ReturnMove,
        values: dict[str, Any] | None = None,
    ) -> None:
        to = RETURN.after(there.state, what)
        done = connection.execute(
            update(returns)
            .where(returns.c.id == there.id, returns.c.state == there.state.value)
            .values({"state": to.value, **(values or {})})
        )
        if done.rowcount != 1:
            raise IllegalMove(_NOT_NOW)

    def _announced(self, connection: Connection, device_id: int) -> CardReturn | None:
        found = self._find(
            connection,
            returns.c.device_id == device_id,
            returns.c.state == ReturnState.ANNOUNCED.value,
        )
        return found[0] if found else None

    def _find(self, connection: Connection, *where: ColumnElement[bool]) -> list[CardReturn]:
        rows = connection.execute(
            select(returns, devices_table.c.serial, users.c.name)
            .join(devices_table, devices_table.c.id == returns.c.device_id)
            .join(users, users.c.id == returns.c.user_id)
            .where(*where)
            .order_by(returns.c.id)
        )
        return [_read(row) for row in rows]


def _read(row: Row[Any]) -> CardReturn:
    return CardReturn(
        id=row.id,
        device_id=row.device_id,
        serial=row.serial,
        user_id=row.user_id,
        user=row.name,
        region=row.region,
        why=ReturnReason(row.why),
        state=ReturnState(row.state),
        asked_at=row.asked_at,
        received_at=row.received_at,
    )
