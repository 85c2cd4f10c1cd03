"""The mobile key: what each holds, and the registrations on their way to one; SMS codes."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
)

from ..types import Moment, RowId
from .base import metadata

# What a mobile key has beside its device: one user's key in the app on one phone. `installation`
# names that app; several users may be in it. `element` is webauthn or pin. The passcode path is
# OCRA (`suite`, `key_sealed`, `counter` and `resync` as a card's); `pin_sealed` is the PIN, or the
# recovery PIN where the phone's own lock is the security element. `sign_key` is the app's public
# key (P-256, an uncompressed point), which signs every request and every approval. `prompted_*`:
# when its user was asked by a notification the last three times. A revoked one has no secrets.
mobile_keys = Table(
    "mobile_keys",
    metadata,
    Column("device_id", RowId, ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    Column("installation", String(32), nullable=False, index=True),
    Column("phone", String(64), nullable=False),
    Column("element", String(16), nullable=False),
    Column("suite", String(64), nullable=False),
    Column("key_sealed", LargeBinary),
    Column("pin_sealed", LargeBinary),
    Column("counter", BigInteger, nullable=False),
    Column("far_counter", BigInteger),
    Column("far_login_id", String(32)),
    Column("resync", LargeBinary),
    Column("sign_key", LargeBinary, nullable=False),
    Column("credential_id", LargeBinary, unique=True),
    Column("credential_key", LargeBinary),
    Column("sign_count", BigInteger, nullable=False, server_default="0"),
    Column("backed_up", Boolean),
    Column("push_sealed", LargeBinary),
    Column("prompted_first", Moment),
    Column("prompted_second", Moment),
    Column("prompted_third", Moment),
)

# One run through "Register two-factor", known by the hash of its bearer token. `purpose` is
# register, migrate or reenable; `state` as in server.states. `sends` and `tries` count messages
# and wrong tokens. `exchange_sealed` is the verifier's half of the key agreement, `challenge` what
# the authenticator signs, `device_id` what came of it.
mobile_registrations = Table(
    "mobile_registrations",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("installation", String(32), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("number_sealed", LargeBinary),
    Column("beside_id", RowId, ForeignKey("devices.id")),
    Column("sends", Integer, nullable=False, server_default="0"),
    Column("sent_at", Moment),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("exchange_sealed", LargeBinary),
    Column("challenge", LargeBinary),
    Column("begun_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("device_id", RowId, ForeignKey("devices.id")),
    Index("ix_mobile_registrations_user_id_begun_at", "user_id", "begun_at"),
)

# Codes by SMS for a user who has no device yet: how many were sent since the last right one, and
# when the last. They go to the number on record.
sms_codes = Table(
    "sms_codes",
    metadata,
    Column("device_id", RowId, ForeignKey("devices.id"), primary_key=True, autoincrement=False),
    Column("sends", Integer, nullable=False, server_default="0"),
    Column("sent_at", Moment),
)
