"""Devices of every kind, what each kind keeps beside that, and who shares one."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    text,
)

from ...states.device import ACTIVE_PHONE_SQL, KEPT_SQL
from ..types import Moment, RowId
from .base import metadata

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

# What every kind of device has. `state` is one of `server.states`; serials and labels are
# unique among the devices that are not revoked. `provisioner_id` put it here over the API; where
# there is none, the operator or the verifier itself did. `label` is the owner's own name for it
# ("card", "card-2"), which is the factor id of the API; `wrong_run` counts wrong answers in a row.
# What time does to a device (`auto_activates_at`, `limited_from`, `valid_until`) is decided when
# it is read. `settled_at`: when what was held for it was given back or taken, which happens once.
devices = Table(
    "devices",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("serial", String(32), nullable=False),
    Column("provisioner_id", RowId, ForeignKey("provisioners.id")),
    Column("owner_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("label", String(32), nullable=False),
    Column("wrong_run", Integer, nullable=False),
    Column("locked_at", Moment),
    Column("added_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("activated_at", Moment),
    Column("shipped_at", Moment),
    Column("auto_activates_at", Moment),
    Column("limited_from", Moment),
    Column("valid_until", Moment),
    Column("ended_at", Moment),
    Column("end_reason", String(32)),
    Column("settled_at", Moment),
    Index("ix_devices_owner_id", "owner_id"),
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
    Index(
        "ix_devices_owner_id_phone",
        "owner_id",
        unique=True,
        sqlite_where=text(ACTIVE_PHONE_SQL),
        postgresql_where=text(ACTIVE_PHONE_SQL),
    ),
)

# What a card has beside that; a revoked one has no key and no PIN any more. `counter` is the
# lowest that is still accepted. `pin_reset_at`: the desk has ended the PIN, and its owner has not
# chosen another yet. `far_counter` and `far_login_id`: a right answer beyond the
# look-ahead window was given on that login, and the next counter on another login brings the card
# back. `resync`: drawn by a restore; the counter came from a backup, and only two such answers
# bring the card back.
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
    Column("pin_reset_at", Moment),
    Column("far_counter", BigInteger),
    Column("far_login_id", String(32)),
    Column("resync", LargeBinary),
)

# What a code card has, printed or online: 224 values, sealed as one, and the pair that is asked
# until it is answered right. A revoked one has no values any more.
code_cards = Table(
    "code_cards",
    metadata,
    Column("device_id", RowId, ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    Column("values_sealed", LargeBinary),
    Column("asked_first", Integer),
    Column("asked_second", Integer),
)

# The pairs that were answered right, which are never asked again; `low` < `high`.
code_pairs = Table(
    "code_pairs",
    metadata,
    Column("device_id", RowId, ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    Column("low", Integer, primary_key=True, autoincrement=False),
    Column("high", Integer, primary_key=True, autoincrement=False),
    Column("accepted_at", Moment, nullable=False),
)

# A temporary code, as a keyed hash: nobody reads it out of here.
temporary_codes = Table(
    "temporary_codes",
    metadata,
    Column("device_id", RowId, ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    Column("code_hash", LargeBinary),
)

# A device used by another user name of the same person; `state` as in server.states.
# `decided_at`: when it was approved or rejected. The user's own devices are set aside meanwhile.
shares = Table(
    "shares",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("device_id", RowId, ForeignKey("devices.id"), nullable=False, index=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("submitted_at", Moment),
    Column("decided_at", Moment),
    Column("ended_at", Moment),
    Column("decided_by_id", RowId, ForeignKey("users.id")),
    Column("reason", Text),
    Index("ix_shares_state", "state"),
)
