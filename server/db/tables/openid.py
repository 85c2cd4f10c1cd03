"""The OpenID Connect provider: who may ask, what was asked and granted, and the signing keys."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from ..types import Moment, RowId
from .base import metadata

# A relying party. `id` is its client_id, never used again. Without a `secret_hash` it is a public
# client. The lists are JSON arrays: addresses compared whole, scopes, groups of which a user needs
# one (empty: anybody), access levels that are let in.
openid_clients = Table(
    "openid_clients",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("secret_hash", LargeBinary),
    Column("redirect_uris", Text, nullable=False),
    Column("logout_uris", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("access", Text, nullable=False),
    Column("first_party", Boolean, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

# An authorization request that waits for the login that its user has begun with the right
# password; `query` is what was asked. `session_hash`: the session that came of the login;
# `used_at`: when that login has counted as the fresh one which the request wanted.
openid_requests = Table(
    "openid_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("query", Text, nullable=False),
    Column("login_id", String(32), unique=True),
    Column("session_hash", LargeBinary),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),
)

# What a user has granted to a client: one authorization code, and the family of tokens that comes
# of it. It goes with the session, whatever ends that: the reference sees to it. `redeemed_at`: the
# code was used, once; `ended_at`: the family is over, and what was replayed stays known.
openid_grants = Table(
    "openid_grants",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client_id", String(64), ForeignKey("openid_clients.id"), nullable=False),
    Column("user_id", RowId, ForeignKey("users.id"), nullable=False, index=True),
    Column(
        "session_hash",
        LargeBinary,
        ForeignKey("sessions.token_hash", onupdate="CASCADE", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("code_hash", LargeBinary, nullable=False, unique=True),
    Column("redirect_uri", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("nonce", Text),
    Column("code_challenge", String(128), nullable=False),
    Column("auth_at", Moment, nullable=False),
    Column("acr", String(64), nullable=False),
    Column("amr", String(64), nullable=False),
    Column("code_expires_at", Moment, nullable=False),
    Column("redeemed_at", Moment),
    Column("ended_at", Moment),
    Index("ix_openid_grants_session_hash_client_id", "session_hash", "client_id"),
)

# A token, known by its hash alone; `kind` is access or refresh. A refresh token is used once.
openid_tokens = Table(
    "openid_tokens",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column(
        "grant_id",
        String(32),
        ForeignKey("openid_grants.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("kind", String(16), nullable=False),
    Column("scope", Text, nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
)

# A signing key. It signs from `signs_from` on until the next one does; `ended_at`: it was
# withdrawn, and nothing that it has signed holds. `number` counts the keys of an algorithm.
openid_keys = Table(
    "openid_keys",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("algorithm", String(16), nullable=False),
    Column("number", RowId, nullable=False),
    Column("public", Text, nullable=False),
    Column("private_sealed", LargeBinary),
    Column("signs_from", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_openid_keys_algorithm_number", "algorithm", "number", unique=True),
)
