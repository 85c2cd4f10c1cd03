"""Sending a card: the desk marks its order, and from then on time activates it by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import accounts, orders
from ..db.tables import devices as devices_table
from ..errors import IllegalMove, NotAllowed, NotThere
from ..login.sessions import Session
from ..notify import outbox
from ..notify.outbox import BEFORE_ACTIVATION, Notice
from ..settings import Settings
from ..states.device import DeviceState
from ..states.order import OrderMove, OrderState
from ..words import N_
from . import deposits, devices, order_rows, revocation, suspension
from .devices import Device
from .order_rows import CardOrder, Reason

_NOT_ONESELF = N_("Nobody does this for himself: ask a colleague.")
_CLOSED = N_("The account of this order is closed: its card must not be sent. Cancel the order.")
_NO_CARD = N_("The card of this order was taken away: it must not be sent. Cancel the order.")


class Shipping:
    """What the desk sees of orders, and the one mark that it makes."""

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

    def waiting(self) -> list[CardOrder]:
        """Return the orders that are submitted and not shipped, oldest first."""
        states = (OrderState.WAITING, OrderState.TAKEN, OrderState.PROVISIONED)
        with self._database.reading() as connection:
            return order_rows.find(
                connection, self._keyring, orders.c.state.in_([state.value for state in states])
            )

    def ship(self, session: Session, order_id: str | int) -> CardOrder:
        """Mark an order shipped; the session's duty was checked. Raises NotThere, IllegalMove.

        The card activates itself after the setting's days unless its owner does before; a lost or
        stolen card that it replaces is over, and its deposit taken, if it ever was in use.
        """
        with self._database.writing() as connection:
            now = self._clock.now()
            order = order_rows.get(connection, self._keyring, order_id)
            if order.user_id == session.user_id:
                raise NotAllowed(_NOT_ONESELF)
            if order.state is OrderState.DRAFT:
                raise NotThere(order_rows.NOT_THERE)
            if _is_closed(connection, order):
                raise IllegalMove(_CLOSED)
            if order.replaces_id is not None:
                deposits.hold_orders(connection, order.replaces_id, order.device_id or -1)
                suspension.hold_logins(connection, order.replaces_id)
            order_rows.move(
                connection, order, OrderMove.SHIPPED, {"shipped_at": now, "address_sealed": None}
            )
            assert order.device_id is not None  # noqa: S101 - a provisioned order has its card
            card = devices.get(connection, order.device_id, now)
            if card.state is DeviceState.REVOKED:
                raise IllegalMove(_NO_CARD)
            self._send(connection, order, card, now)
            actor = f"user:{session.user}"
            self._end_what_is_replaced(connection, order, now, actor)
            self._audit.write(
                connection,
                now,
                Event.ORDER_SHIPPED,
                actor,
                f"order:{order.id}",
                owner=order.user,
                serial=order.serial,
            )
            return order_rows.get(connection, self._keyring, order_id)

    def _send(self, connection: Connection, order: CardOrder, card: Device, now: datetime) -> None:
        """Note the day; tell its owner now, and again before the card activates by itself."""
        waits = card.state is DeviceState.INACTIVE  # else its owner fetched and activated it
        activates_at = now + timedelta(days=self._settings.auto_activation_days)
        connection.execute(
            update(devices_table)
            .where(devices_table.c.id == card.id)
            .values(shipped_at=now, auto_activates_at=activates_at if waits else None)
        )
        serial, day = card.serial, activates_at.date().isoformat()
        once = f"device:{card.id}"
        outbox.put(
            connection,
            order.user_id,
            Notice.CARD_SHIPPED,
            once,
            now,
            serial=serial,
            activates_on=day,
        )
        if not waits:
            return
        for notice, days in zip(
            BEFORE_ACTIVATION, self._settings.auto_activation_notice_days, strict=True
        ):
            due_at = max(now, activates_at - timedelta(days=days))
            outbox.put(
                connection,
                order.user_id,
                notice,
                once,
                now,
                due_at=due_at,
                serial=serial,
                activates_on=day,
            )

    def _end_what_is_replaced(
        self, connection: Connection, order: CardOrder, now: datetime, actor: str
    ) -> None:
        if order.replaces_id is None or order.reason not in {Reason.LOST, Reason.STOLEN}:
            return
        old = devices.get(connection, order.replaces_id, now)
        if old.state is not DeviceState.SUSPENDED:  # it turned up again, or was returned
            return
        if not revocation.revoke(
            connection, self._audit, old.id, now, actor, "replaced", decided_by=old
        ):  # at this very moment
            return
        if old.activated_at is None:  # lost in the post: the desk settles its deposit
            return
        fee = deposits.fee_cents(self._settings, old.kind, old.serial)
        taken = deposits.keep(connection, old.id, fee, now)
        if not taken:  # settled before, or it costs nothing
            return
        usd = f"{taken / deposits.CENTS:.2f}"
        once = f"device:{old.id}"
        outbox.put(
            connection, old.owner_id, Notice.DEPOSIT_KEPT, once, now, serial=old.serial, usd=usd
        )
        self._audit.write(
            connection,
            now,
            Event.DEPOSIT_MOVED,
            "verifier",
            old.serial,
            why=deposits.Why.KEPT.value,
            cents=taken,
        )


def _is_closed(connection: Connection, order: CardOrder) -> bool:
    closed = select(accounts.c.closed_at).where(accounts.c.id == order.account_id)
    return connection.execute(closed.with_for_update(read=True)).scalar_one() is not None
