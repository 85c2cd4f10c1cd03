"""The desk's tables: orders and returns of cards, identity checks, money held, notices to send."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from ...states.order import OPEN_ORDER_SQL
from ...states.returned import ANNOUNCED_SQL
from ..types import Moment, RowId
from .base import metadata

# A card that was asked for, from the first page of the request on; `state` as in server.states.
# A user has one open order at most. `address_sealed` is emptied when the card is on its way,
# `pin_sealed` when it is provisioned, the PIN being the card's by then. `deposit_cents` is held on
# `account_id`. `replaces_id`: the lost, stolen or broken card. `taken_by` is a provisioning
# credential's name; from `taken_at` on it has the order for as long as a lease lasts.
orders = Table(
    "orders",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False, index=True),
    Column("account_id", RowId, ForeignKey("accounts.id"), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("address_sealed", LargeBinary),
    Column("pin_sealed", LargeBinary),
    Column("deposit_cents", BigInteger, nullable=False),
    Column("shipping", String(32), nullable=False),
    Column("ships_by", Date),
    Column("device_id", RowId, ForeignKey("devices.id")),
    Column("replaces_id", RowId, ForeignKey("devices.id")),
    Column("taken_by", String(64)),
    Column("taken_at", Moment),
    Column("asked_at", Moment, nullable=False),
    Column("submitted_at", Moment),
    Column("provisioned_at", Moment),
    Column("shipped_at", Moment),
    Column("ended_at", Moment),
    Index(
        "ix_orders_user_id_open",
        "user_id",
        unique=True,
        sqlite_where=text(OPEN_ORDER_SQL),
        postgresql_where=text(OPEN_ORDER_SQL),
    ),
)

# Double entry: the rows of one `transfer` sum to zero. `book` is available, held or house.
ledger = Table(
    "ledger",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("transfer", String(32), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("account_id", RowId, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("book", String(16), nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("why", String(32), nullable=False),
    Column("device_id", RowId, ForeignKey("devices.id")),
    Column("order_id", RowId, ForeignKey("orders.id")),
)

# A card on its way back; `state` as in server.states. A card goes back once at a time.
returns = Table(
    "returns",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device_id", RowId, ForeignKey("devices.id"), nullable=False, index=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("region", String(32), nullable=False),
    Column("why", String(32), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("asked_at", Moment, nullable=False),
    Column("received_at", Moment),
    Column("received_by_id", RowId, ForeignKey("users.id")),
    Index(
        "ix_returns_device_id_announced",
        "device_id",
        unique=True,
        sqlite_where=text(ANNOUNCED_SQL),
        postgresql_where=text(ANNOUNCED_SQL),
    ),
)

# What a caller was asked, and whether it was right (None: not answered yet); never what he said.
# `at`: when it was asked, then when it was answered.
identity_checks = Table(
    "identity_checks",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("staff_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("asked", Text, nullable=False),
    Column("passed", Boolean),
    Column("at", Moment, nullable=False),
    Column("used_at", Moment),
    Index("ix_identity_checks_user_id_at", "user_id", "at"),
)

# Notices to be sent. `once` names what must be told only once ("card 7 activates soon"); `reached`
# is a list of the targets that have it already, while others are still tried.
outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("notice", String(32), nullable=False),
    Column("once", String(128), nullable=False, unique=True),
    Column("values", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("reached", Text),
    Column("sent_at", Moment),
    Column("given_up_at", Moment),
    Index("ix_outbox_due", "sent_at", "given_up_at", "due_at"),
)
