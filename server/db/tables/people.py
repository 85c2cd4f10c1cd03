"""Who there is: entities, accounts, users, and the password brake."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    true,
)

from ..types import Moment, RowId
from .base import metadata

# A person or an organisation as the law knows it. `identification_sealed` holds date of birth,
# citizenship, residence, document and social security number as one sealed JSON object.
entities = Table(
    "entities",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name_sealed", LargeBinary, nullable=False),
    Column("identification_sealed", LargeBinary, nullable=False),
    Column("added_at", Moment, nullable=False),
)

# Where the money is. Equity is in US cents. A closed account stays, for its documents.
accounts = Table(
    "accounts",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("number", String(16), nullable=False, unique=True),
    Column("entity_id", RowId, ForeignKey("entities.id"), nullable=False),
    Column("equity_cents", BigInteger, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("closed_at", Moment),
)

# `role` is customer or one of the desk's. `contact_sealed` holds mail address, phone number and
# postal address. `is_primary`: the account's first user, whom the others are sent to when they may
# not change security settings. `identity_failures` counts failed identity checks in a row.
users = Table(
    "users",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("locked_at", Moment),
    Column("role", String(16), nullable=False, server_default="customer"),
    Column("entity_id", RowId, ForeignKey("entities.id")),
    Column("account_id", RowId, ForeignKey("accounts.id")),
    Column("contact_sealed", LargeBinary),
    Column("is_primary", Boolean, nullable=False, server_default=false()),
    Column("may_change_security", Boolean, nullable=False, server_default=true()),
    Column("opted_out_at", Moment),
    Column("locale", String(16)),
    Column("identity_failures", Integer, nullable=False, server_default="0"),
    Column("identity_locked_at", Moment),
)

# The groups of a user: what RADIUS attributes and OpenID claims are made of.
user_groups = Table(
    "user_groups",
    metadata,
    Column("user_id", RowId, ForeignKey("users.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
)

# Password failures by (user, address), by address and by user; `key` is a keyed hash.
brakes = Table(
    "brakes",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("since_at", Moment, nullable=False, index=True),
    Column("not_before", Moment, nullable=False),
)
