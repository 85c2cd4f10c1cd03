"""Money around devices, as double entry: what is held, given back, and kept.

A transfer is two rows that sum to zero, written once and never changed. `available` is the
account's own, `held` is still the account's but cannot be withdrawn, `house` is ours.

What is held for a device is settled once: whoever comes first claims its row by compare-and-set.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, insert, select, update

from ..db.tables import devices, ledger, orders, users
from ..factors.kinds import DeviceKind
from ..settings import SerialRange, Settings

CENTS = 100


class Book(StrEnum):
    """Where money of an account is."""

    AVAILABLE = "available"
    HELD = "held"
    HOUSE = "house"


class Why(StrEnum):
    """Why it moved."""

    ORDERED = "ordered"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    KEPT = "kept"
    """Lost, stolen, damaged on purpose, or not returned."""


def transfer(
    connection: Connection,
    account_id: int,
    source: Book,
    target: Book,
    cents: int,
    why: Why,
    now: datetime,
    *,
    order_id: int | None = None,
    device_id: int | None = None,
) -> None:
    """Move money between two books of an account; nothing is written for nothing."""
    if cents < 0:
        raise ValueError("a transfer moves money forward: swap source and target")
    if not cents:
        return
    row = {
        "transfer": secrets.token_urlsafe(16),
        "at": now,
        "account_id": account_id,
        "why": why.value,
        "order_id": order_id,
        "device_id": device_id,
    }
    connection.execute(
        insert(ledger),
        [
            row | {"book": source.value, "cents": -cents},
            row | {"book": target.value, "cents": cents},
        ],
    )


def balance(connection: Connection, account_id: int, book: Book) -> int:
    """Return what stands in a book of an account, in cents, as far as devices go."""
    return _sum(connection, ledger.c.account_id == account_id, ledger.c.book == book.value)


def hold_orders(connection: Connection, *device_ids: int) -> None:
    """Hold the orders of devices, for whoever is going to settle them; before any other row."""
    connection.execute(
        select(orders.c.id)
        .where(orders.c.device_id.in_(device_ids))
        .order_by(orders.c.id)
        .with_for_update(key_share=True)
    )


def held_for(connection: Connection, order_id: int) -> int:
    """Return what is held for the card of an order."""
    return _sum(connection, ledger.c.order_id == order_id, ledger.c.book == Book.HELD.value)


def hold(connection: Connection, account_id: int, order_id: int, cents: int, now: datetime) -> None:
    """Hold an order's deposit."""
    transfer(
        connection, account_id, Book.AVAILABLE, Book.HELD, cents, Why.ORDERED, now,
        order_id=order_id,
    )  # fmt: skip


def release(
    connection: Connection, order_id: int, why: Why, now: datetime, device_id: int | None = None
) -> int:
    """Give back what is held for an order; returns how much that was. Twice gives nothing more.

    A card that was made for it is settled too: it costs nothing any more.
    """
    _claim(connection, select(orders.c.device_id).where(orders.c.id == order_id), now)
    account_id = _account(connection, order_id)
    cents = held_for(connection, order_id)
    transfer(
        connection, account_id, Book.HELD, Book.AVAILABLE, cents, why, now,
        order_id=order_id, device_id=device_id,
    )  # fmt: skip
    return cents


def release_device(connection: Connection, device_id: int, why: Why, now: datetime) -> int | None:
    """Give back what is held for a device; None where it had no order, or is settled."""
    if not _claim(connection, select(devices.c.id).where(devices.c.id == device_id), now):
        return None
    order_id = _order_of(connection, device_id)
    return None if order_id is None else release(connection, order_id, why, now, device_id)


def keep(connection: Connection, device_id: int, fee_cents: int, now: datetime) -> int | None:
    """Take the fee of a device that does not come back; returns how much that was.

    The deposit pays first; what it leaves over is given back, what it lacks is taken from the
    account: its order's, or its owner's where it came without one. None where there is neither, or
    the device is settled: nothing is taken then.
    """
    order_id = _order_of(connection, device_id)
    account_id = (
        _owners_account(connection, device_id) if order_id is None
        else _account(connection, order_id)
    )  # fmt: skip
    this = select(devices.c.id).where(devices.c.id == device_id)
    if account_id is None or not _claim(connection, this, now):
        return None
    held = 0 if order_id is None else held_for(connection, order_id)
    for source, target, cents in (
        (Book.HELD, Book.HOUSE, min(held, fee_cents)),
        (Book.HELD, Book.AVAILABLE, max(held - fee_cents, 0)),
        (Book.AVAILABLE, Book.HOUSE, max(fee_cents - held, 0)),
    ):
        transfer(
            connection, account_id, source, target, cents, Why.KEPT, now,
            order_id=order_id, device_id=device_id,
        )  # fmt: skip
    return fee_cents


def fee_cents(settings: Settings, kind: DeviceKind, serial: str) -> int:
    """Return what a device of this kind and serial costs that does not come back."""
    premium = kind is DeviceKind.CARD and within(settings.premium_serials, serial)
    fees: Mapping[str, int] = settings.device_fees_usd
    return fees.get("premium_card" if premium else kind.value, 0) * CENTS


def within(ranges: Sequence[SerialRange], serial: str) -> bool:
    """Tell whether a serial lies in one of the ranges."""
    return any(first <= serial <= last for first, last in ranges)


def _claim(connection: Connection, which: Select[Any], now: datetime) -> bool:
    """Settle a device; False where there is none, or somebody has settled it before."""
    claimed = connection.execute(
        update(devices)
        .where(devices.c.id.in_(which), devices.c.settled_at.is_(None))
        .values(settled_at=now)
    )
    return claimed.rowcount == 1


def _order_of(connection: Connection, device_id: int) -> int | None:
    found = connection.execute(
        select(orders.c.id).where(orders.c.device_id == device_id)
    ).scalar_one_or_none()
    return None if found is None else int(found)


def _account(connection: Connection, order_id: int) -> int:
    """Return an order's account, and hold the order: one settlement at a time."""
    account_id: int = connection.execute(
        select(orders.c.account_id).where(orders.c.id == order_id).with_for_update()
    ).scalar_one()
    return account_id


def _owners_account(connection: Connection, device_id: int) -> int | None:
    found: int | None = connection.execute(
        select(users.c.account_id)
        .join(devices, devices.c.owner_id == users.c.id)
        .where(devices.c.id == device_id)
    ).scalar_one_or_none()
    return found


def _sum(connection: Connection, *where: ColumnElement[bool]) -> int:
    total = select(func.coalesce(func.sum(ledger.c.cents), 0)).where(*where)
    return int(connection.execute(total).scalar_one())
