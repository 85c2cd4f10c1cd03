"""Cancelling an order: what its card, its deposit and the log come to, whoever cancels it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from ..audit.events import Event
from ..audit.log import AuditLog
from ..errors import IllegalMove
from ..states.device import DeviceState
from ..states.order import OrderMove
from ..words import N_
from . import deposits, devices, order_rows, revocation
from .order_rows import CardOrder

_IN_USE = N_("The card is in use already: send it back instead.")


def must_not_be_in_use(connection: Connection, order: CardOrder, now: datetime) -> None:
    """Raise IllegalMove where an order's card was fetched and is in use."""
    if _is_in_use(connection, order, now):
        raise IllegalMove(_IN_USE)


def cancel(
    connection: Connection,
    audit: AuditLog,
    order: CardOrder,
    now: datetime,
    actor: str,
    **detail: str,
) -> None:
    """Cancel an order that is not shipped; raises IllegalMove.

    A card that is just being made is forgotten, one that is made is revoked; the deposit is free. A
    card in use stays, and what is held for it too, until it comes back.
    """
    keeps = _is_in_use(connection, order, now)
    order_rows.move(
        connection,
        order,
        OrderMove.CANCELLED,
        {"ended_at": now, "address_sealed": None, "pin_sealed": None},
    )
    if not keeps:
        if order.device_id is not None:
            if revocation.abandon(connection, order.device_id):
                audit.write(connection, now, Event.CARD_ABANDONED, actor, order.serial)
            else:
                revocation.revoke(connection, audit, order.device_id, now, actor, "cancelled")
        deposits.release(connection, order.id, deposits.Why.CANCELLED, now)
    audit.write(
        connection,
        now,
        Event.ORDER_CANCELLED,
        actor,
        f"order:{order.id}",
        owner=order.user,
        **detail,
    )


def _is_in_use(connection: Connection, order: CardOrder, now: datetime) -> bool:
    if order.device_id is None:
        return False
    over_or_not_yet = {DeviceState.PENDING, DeviceState.INACTIVE, DeviceState.REVOKED}
    return devices.get(connection, order.device_id, now).state not in over_or_not_yet
