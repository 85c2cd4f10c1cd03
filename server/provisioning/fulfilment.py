"""Orders in the hands of a provisioning credential: taken, given a card, provisioned.

An order is one credential's at a time. It comes back to that credential whenever it asks again,
and to any other when the lease is over: whoever crashed over it loses nothing but time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, or_, select, update

from ..accounts.people import Address
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import cards, devices, orders
from ..errors import NoSuchOrder, NotThere, RecordConflict
from ..lifecycle import order_rows, revocation
from ..lifecycle.order_rows import CardOrder
from ..regions import Region, region_of
from ..settings import Settings
from ..states.device import DeviceState
from ..states.order import OrderMove, OrderState
from . import credential, provisioners
from .provisioners import Provisioner

_ROUNDS = 8


@dataclass(frozen=True)
class PendingCard:
    """A card that was prepared for an order before, and of which nothing was heard since."""

    serial: str
    key_id: str


@dataclass(frozen=True)
class Taken:
    """What whoever makes the card is told; the PIN is not among it."""

    order: CardOrder
    address: Address
    region: Region
    until: datetime
    card: PendingCard | None


class Fulfilment:
    """Gives orders out, and takes them back."""

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
        self._lease = timedelta(seconds=settings.order_lease_seconds)
        self._regions = settings.return_regions
        self._audit = audit
        self._keyring = keyring

    def take(self, by: Provisioner) -> Taken | None:
        """Take the next order: the one that this credential has, or the oldest that waits.

        None where none waits.
        """
        for _ in range(_ROUNDS):
            with self._database.writing() as connection:
                now = self._begin(connection, by)
                found = self._next(connection, by, now)
                if found is None:
                    return None
                if self._take(connection, by, found, now):
                    return self._told(connection, found.id, now)
        raise RecordConflict("Other benches take orders at the same moment: try again.")

    def give_back(self, by: Provisioner, order_id: int) -> None:
        """Let an order wait again; a card that was prepared for it is forgotten."""
        with self._database.writing() as connection:
            self._begin(connection, by)
            order = held(connection, self._keyring, by, order_id)
            now = self._clock.now()
            abandon_card(connection, self._audit, by, order, now)
            order_rows.move(
                connection,
                order,
                OrderMove.GIVEN_BACK,
                {"taken_by": None, "taken_at": None},
                orders.c.taken_by == by.name,
            )
            self._write(connection, Event.ORDER_GIVEN_BACK, by, order.id, now)

    # --- within

    def _begin(self, connection: Connection, by: Provisioner) -> datetime:
        if not provisioners.hold(connection, by):
            raise credential.refused()
        return self._clock.now()

    def _next(self, connection: Connection, by: Provisioner, now: datetime) -> CardOrder | None:
        taken = orders.c.state == OrderState.TAKEN.value
        own = and_(taken, orders.c.taken_by == by.name)
        free = or_(
            orders.c.state == OrderState.WAITING.value,
            and_(taken, orders.c.taken_at <= now - self._lease),
        )
        for where in (own, free):
            row = connection.execute(
                select(orders.c.id).where(where).order_by(orders.c.submitted_at, orders.c.id)
            ).first()
            if row is not None:
                return order_rows.get(connection, self._keyring, row.id)
        return None

    def _take(
        self, connection: Connection, by: Provisioner, order: CardOrder, now: datetime
    ) -> bool:
        lapsed = order.taken_by not in (None, by.name)
        unchanged = (
            orders.c.taken_at.is_(None)
            if order.taken_at is None
            else orders.c.taken_at == order.taken_at
        )
        done = connection.execute(
            update(orders)
            .where(orders.c.id == order.id, orders.c.state == order.state.value, unchanged)
            .values(state=OrderState.TAKEN.value, taken_by=by.name, taken_at=now)
        )
        if done.rowcount != 1:
            return False
        if lapsed:
            was = order.taken_by
            self._write(connection, Event.ORDER_GIVEN_BACK, by, order.id, now, was=was)
        if lapsed or order.state is OrderState.WAITING:
            self._write(connection, Event.ORDER_TAKEN, by, order.id, now)
        return True

    def _told(self, connection: Connection, order_id: int, now: datetime) -> Taken:
        order = order_rows.get(connection, self._keyring, order_id)
        assert order.address is not None  # noqa: S101 - none is submitted without
        return Taken(
            order,
            order.address,
            self._regions[region_of(self._regions, order.address.country)],
            now + self._lease,
            _pending(connection, order),
        )

    def _write(
        self, connection: Connection, event: Event, by: Provisioner, order_id: int, now: datetime,
        **detail: str | None,
    ) -> None:  # fmt: skip
        self._audit.write(connection, now, event, by.actor, f"order:{order_id}", **detail)


def held(connection: Connection, keyring: Keyring, by: Provisioner, order_id: int) -> CardOrder:
    """Return an order that a credential has taken; raises NoSuchOrder, also for another's."""
    try:
        order = order_rows.get(connection, keyring, order_id)
    except NotThere:
        order = None
    if order is None or order.state is not OrderState.TAKEN or order.taken_by != by.name:
        raise NoSuchOrder(
            f"The order {order_id} is not in the hands of this credential: take the next one."
        )
    return order


def abandon_card(
    connection: Connection, audit: AuditLog, by: Provisioner, order: CardOrder, now: datetime
) -> None:
    """Forget the card that was prepared for an order, whoever prepared it."""
    if order.device_id is None or not revocation.abandon(connection, order.device_id):
        return
    audit.write(connection, now, Event.CARD_ABANDONED, by.actor, order.serial, order=order.id)


def link(connection: Connection, order: CardOrder, by: Provisioner, device_id: int) -> bool:
    """Note which card is made for an order; False where the order was taken away meanwhile."""
    done = connection.execute(
        update(orders)
        .where(
            orders.c.id == order.id,
            orders.c.state == OrderState.TAKEN.value,
            orders.c.taken_by == by.name,
        )
        .values(device_id=device_id)
    )
    return done.rowcount == 1


def of_card(connection: Connection, keyring: Keyring, device_id: int) -> CardOrder | None:
    """Return the order that a card was made for."""
    found = order_rows.find(connection, keyring, orders.c.device_id == device_id)
    return found[0] if found else None


def _pending(connection: Connection, order: CardOrder) -> PendingCard | None:
    row = connection.execute(
        select(devices.c.serial, cards.c.key_id)
        .join(cards, cards.c.device_id == devices.c.id)
        .where(devices.c.id == order.device_id, devices.c.state == DeviceState.PENDING.value)
    ).one_or_none()
    return None if row is None else PendingCard(row.serial, row.key_id or "")
