"""The tables. A column named `*_sealed` holds a value sealed under the master key."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from ..lifecycle.states import KEPT_SQL
from .types import Moment, RowId

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

users = Table(
    "users",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("locked_at", Moment),
)

# Who may put cards here over the API, and nothing else; known by the hash of its token alone.
provisioners = Table(
    "provisioners",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("added_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

# What every kind of device has. `state` is one of `lifecycle.states`; serials and labels are
# unique among the devices that are not revoked. `provisioner_id` put it here over the API; where
# there is none, the operator imported it. `label` is the owner's own name for it ("card",
# "card-2"), which is the factor id of the API; `wrong_run` counts wrong answers in a row.
devices = Table(
    "devices",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("serial", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("provisioner_id", RowId, ForeignKey("provisioners.id")),
    Column("owner_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("label", String(32), nullable=False),
    Column("wrong_run", Integer, nullable=False),
    Column("locked_at", Moment),
    Column("added_at", Moment, nullable=False),
    Column("used_at", Moment),
    Index(
        "ix_devices_serial_kept",
        "serial",
        unique=True,
        sqlite_where=text(KEPT_SQL),
        postgresql_where=text(KEPT_SQL),
    ),
    Index(
        "ix_devices_owner_id_label_kept",
        "owner_id",
        "label",
        unique=True,
        sqlite_where=text(KEPT_SQL),
        postgresql_where=text(KEPT_SQL),
    ),
)

# What a card has beside that; a revoked one has no key and no PIN any more. `counter` is the
# lowest that is still accepted. `far_counter` and `far_login_id`: a right answer beyond the
# look-ahead window was given on that login, and the next counter on another login brings the card
# back.
cards = Table(
    "cards",
    metadata,
    Column("device_id", RowId, ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    Column("suite", String(64), nullable=False),
    Column("key_id", String(128)),
    Column("key_sealed", LargeBinary),
    Column("pin_sealed", LargeBinary),
    Column("counter", BigInteger, nullable=False),
    Column("issuer", Text, nullable=False),
    Column("far_counter", BigInteger),
    Column("far_login_id", String(32)),
)

# One login from the right password to its end; `state` is open, accepted or closed. `browser` is
# the hash of the cookie of the browser that it belongs to, when it began on the pages.
logins = Table(
    "logins",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("device_id", RowId, ForeignKey("devices.id"), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("browser", LargeBinary),
    Index("ix_logins_user_id_state", "user_id", "state"),
)

# A session is known by the hash of its token alone. A login has at most one.
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False, index=True),
    Column("device_id", RowId, ForeignKey("devices.id")),
    Column("login_id", String(32), ForeignKey("logins.id"), unique=True),
    Column("access", String(32), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
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

# Keys of this verifier's own making (the audit chain's, the form tokens').
secrets = Table(
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value_sealed", LargeBinary, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("event", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("subject", String(128)),
    Column("detail", Text, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

# One row: the end of the chain, and how far it is sealed. Appending holds this row.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False),
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)
