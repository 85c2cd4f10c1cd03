"""Logins and sessions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from ..types import LoginId, Moment, RowId
from .base import metadata

UNFINISHED_SQL = "state IN ('open', 'approved')"
"""The logins that can still come to a session; there are few, among all that ever were."""
_PROOF_SQL = "session_hash IS NOT NULL"
_APPROVAL_SQL = "approval_id IS NOT NULL"

# One login from the right password to its end; `state` is one of login.ledger. `browser` is
# the hash of the cookie of the browser that it belongs to, when it began on the pages, or the keyed
# hash of the RADIUS client that began it. Other purposes than `login` are proofs within a session
# (login.proofs): `session_hash` is the one session that may answer, `detail_sealed` what the right
# answer puts into force. `from_*`: where a login was begun, for whoever approves it on a phone;
# `approval_id` is the phone's name for it, which opens nothing: whoever knows `id` can take the
# session. `application_id`: the application that began it, or asked for the confirmation (purposes
# `validate` and `confirm`). Ids grow with time (login.ids), so that PostgreSQL keeps the logins of
# each week in a partition, and an id is still the only one.
logins = Table(
    "logins",
    metadata,
    Column("id", LoginId, primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("device_id", RowId, ForeignKey("devices.id"), nullable=False),
    Column("purpose", String(16), nullable=False, server_default="login"),
    Column("prompt", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("decided_at", Moment),
    Column("browser", LargeBinary),
    Column("session_hash", LargeBinary),
    Column("detail_sealed", LargeBinary),
    Column("approval_id", String(32)),
    Column("from_address", String(64)),
    Column("from_agent", String(128)),
    Column("application_id", RowId),
    Index("ix_logins_user_id_state", "user_id", "state"),
    Index(
        "ix_logins_approval_id",
        "approval_id",
        sqlite_where=text(_APPROVAL_SQL),
        postgresql_where=text(_APPROVAL_SQL),
    ),
    Index(
        "ix_logins_device_id_unfinished",
        "device_id",
        sqlite_where=text(UNFINISHED_SQL),
        postgresql_where=text(UNFINISHED_SQL),
    ),
    Index(
        "ix_logins_session_hash",
        "session_hash",
        sqlite_where=text(_PROOF_SQL),
        postgresql_where=text(_PROOF_SQL),
    ),
    postgresql_partition_by="RANGE (id)",
)

# A session is known by the hash of its token alone. A login has at most one. `device_id`: what
# proved it last; what it may do is decided whenever it is looked at (login.access).
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False, index=True),
    Column("device_id", RowId, ForeignKey("devices.id"), index=True),
    Column("login_id", String(32), ForeignKey("logins.id"), unique=True),
    Column("begun_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
)
