"""Orders as rows: read with their address, moved by compare-and-set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from ..accounts.people import Address
from ..crypto.keyring import Keyring
from ..db.tables import accounts, devices, orders, users
from ..errors import IllegalMove, NotThere
from ..states.order import ORDER, OrderMove, OrderState
from ..words import N_

NOT_THERE = N_("You have no such order.")
_NOT_NOW = N_("This cannot be done with the order any more, or not yet: nothing was changed.")


class Reason(StrEnum):
    """Why a card is asked for."""

    FIRST = "first"
    LOST = "lost"
    STOLEN = "stolen"
    BROKEN = "broken"
    ADDITIONAL = "additional"


REPLACING = (Reason.LOST, Reason.STOLEN, Reason.BROKEN)
WORDS = {
    Reason.FIRST: N_("my first card"),
    Reason.LOST: N_("in place of a lost card"),
    Reason.STOLEN: N_("in place of a stolen card"),
    Reason.BROKEN: N_("in place of a broken card"),
    Reason.ADDITIONAL: N_("beside the device in use"),
}
"""What each reason is called on pages, keys of the catalogues."""


@dataclass(frozen=True)
class CardOrder:
    """An order at one moment; `serial` once a card is made for it."""

    id: int
    user_id: int
    user: str
    account_id: int
    account: str
    reason: Reason
    state: OrderState
    address: Address | None = field(repr=False)
    has_pin: bool
    deposit_cents: int
    shipping: str
    ships_by: date | None
    device_id: int | None
    serial: str | None
    replaces_id: int | None
    taken_by: str | None
    taken_at: datetime | None
    asked_at: datetime
    submitted_at: datetime | None
    shipped_at: datetime | None

    @property
    def submitted(self) -> bool:
        """Whether it was submitted, and not cancelled since."""
        return self.state not in {OrderState.DRAFT, OrderState.CANCELLED}


_SELECT = (
    select(
        orders,
        users.c.name.label("user"),
        accounts.c.number.label("account"),
        devices.c.serial.label("serial"),
    )
    .join(users, users.c.id == orders.c.user_id)
    .join(accounts, accounts.c.id == orders.c.account_id)
    .outerjoin(devices, devices.c.id == orders.c.device_id)
)


def find(connection: Connection, keyring: Keyring, *where: ColumnElement[bool]) -> list[CardOrder]:
    """Return the orders that fit, oldest first."""
    rows = connection.execute(_SELECT.where(*where).order_by(orders.c.id))
    return [_read(row, keyring) for row in rows]


def get(connection: Connection, keyring: Keyring, order_id: str | int) -> CardOrder:
    """Return an order, or raise NotThere."""
    text = str(order_id)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    found = find(connection, keyring, orders.c.id == number)
    if not found:
        raise NotThere(NOT_THERE)
    return found[0]


def get_own(
    connection: Connection, keyring: Keyring, user_id: int, order_id: str | int
) -> CardOrder:
    """Return one of a user's own orders; another's is not there."""
    order = get(connection, keyring, order_id)
    if order.user_id != user_id:
        raise NotThere(NOT_THERE)
    return order


def move(
    connection: Connection,
    order: CardOrder,
    what: OrderMove,
    values: Mapping[str, Any] | None = None,
    *where: ColumnElement[bool],
) -> None:
    """Move an order that still stands where it was read, and `where`; raises IllegalMove."""
    if not ORDER.allows(order.state, what):
        raise IllegalMove(_NOT_NOW)
    done = connection.execute(
        update(orders)
        .where(orders.c.id == order.id, orders.c.state == order.state.value, *where)
        .values({"state": ORDER.after(order.state, what).value, **(values or {})})
    )
    if done.rowcount != 1:
        raise IllegalMove(_NOT_NOW)


def change_draft(connection: Connection, order: CardOrder, values: Mapping[str, Any]) -> None:
    """Change what a draft holds; raises IllegalMove for an order that is a draft no more."""
    done = connection.execute(
        update(orders)
        .where(orders.c.id == order.id, orders.c.state == OrderState.DRAFT.value)
        .values(dict(values))
    )
    if done.rowcount != 1:
        raise IllegalMove(_NOT_NOW)


def sealed_address(keyring: Keyring, order_id: int, address: Address) -> bytes:
    """Return an address as its column holds it."""
    return keyring.seal(json.dumps(asdict(address)).encode(), place("address_sealed", order_id))


def pin_of(connection: Connection, keyring: Keyring, order_id: int) -> str | None:
    """Open the soft PIN of an order, which goes into the card's row and nowhere else."""
    sealed = connection.execute(
        select(orders.c.pin_sealed).where(orders.c.id == order_id)
    ).scalar_one()
    return None if sealed is None else keyring.open(sealed, place("pin_sealed", order_id)).decode()


def place(column: str, order_id: int) -> str:
    """Name the place that an order's sealed value is bound to."""
    return f"orders.{column}:{order_id}"


def _read(row: Row[Any], keyring: Keyring) -> CardOrder:
    address = None
    if row.address_sealed is not None:
        opened = keyring.open(row.address_sealed, place("address_sealed", row.id))
        address = Address(**json.loads(opened))
    return CardOrder(
        id=row.id,
        user_id=row.user_id,
        user=row.user,
        account_id=row.account_id,
        account=row.account,
        reason=Reason(row.reason),
        state=OrderState(row.state),
        address=address,
        has_pin=row.pin_sealed is not None,
        deposit_cents=row.deposit_cents,
        shipping=row.shipping,
        ships_by=row.ships_by,
        device_id=row.device_id,
        serial=row.serial,
        replaces_id=row.replaces_id,
        taken_by=row.taken_by,
        taken_at=row.taken_at,
        asked_at=row.asked_at,
        submitted_at=row.submitted_at,
        shipped_at=row.shipped_at,
    )
