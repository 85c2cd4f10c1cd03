"""Applications, and the actions that they have confirmed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, LargeBinary, String, Table, Text

from ..types import Moment, RowId
from .base import metadata

# Programs with a credential of their own, known by the hash of its token alone.
applications = Table(
    "applications",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("may_validate", Boolean, nullable=False),
    Column("may_confirm", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("revoked_at", Moment),
)

# An action that an application wants confirmed; where it stands is its row among the logins, which
# has the same id. `digest` is SHA-256 over the action and everything that it is bound to
# (confirmations.action), `nonce` the verifier's own part of that. `receipt`: what the verifier has
# signed once the action was confirmed.
confirmations = Table(
    "confirmations",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("application_id", RowId, ForeignKey("applications.id"), nullable=False),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False),
    Column("action_sealed", LargeBinary, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("receipt", Text),
)
