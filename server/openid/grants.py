"""The rows of codes and tokens. What is used once is used by one compare-and-set.

A code or a refresh token that comes a second time was stolen from somebody, and nobody can say
from whom: its whole family ends (RFC 6749, section 4.1.2; RFC 9700, section 4.14.2). What ends a
session takes its families along.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..db.tables import openid_grants as grants
from ..db.tables import openid_tokens as tokens
from ..db.tables import sessions
from .client import Client

_ID_BYTES = 16


class Kind(StrEnum):
    """What a token is."""

    ACCESS = auto()
    REFRESH = auto()


@dataclass(frozen=True)
class Grant:
    """What one user has granted to one client, within one session.

    The methods are those that Authlib asks an authorization code for.
    """

    id: str
    client_id: str
    user_id: int
    session_hash: bytes = field(repr=False)
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    auth_at: datetime
    acr: str
    amr: tuple[str, ...]
    code_expires_at: datetime
    redeemed: bool = False
    ended: bool = False

    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Return the address that the code was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return what was granted."""
        return self.scope


@dataclass(frozen=True)
class Token:
    """A token that there is, used or expired as it may be."""

    token_hash: bytes = field(repr=False)
    kind: Kind
    scope: str
    issued_at: datetime
    expires_at: datetime
    used: bool
    grant: Grant

    def get_scope(self) -> str:
        """Return what it opens."""
        return self.scope

    def check_client(self, client: Client) -> bool:
        """Tell whether it is this client's."""
        return self.grant.client_id == client.client_id


def hash_of(secret: str) -> bytes:
    """Return what is stored of a code or a token: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def add(connection: Connection, code: str, grant: Grant) -> bool:
    """Keep a grant that a code was made for; False where its session has ended meanwhile."""
    held = connection.execute(
        select(sessions.c.token_hash)
        .where(sessions.c.token_hash == grant.session_hash)
        .with_for_update(read=True, key_share=True)
    ).first()
    if held is None:
        return False
    connection.execute(
        insert(grants).values(
            id=grant.id,
            client_id=grant.client_id,
            user_id=grant.user_id,
            session_hash=grant.session_hash,
            code_hash=hash_of(code),
            redirect_uri=grant.redirect_uri,
            scope=grant.scope,
            nonce=grant.nonce,
            code_challenge=grant.code_challenge,
            auth_at=grant.auth_at,
            acr=grant.acr,
            amr=" ".join(grant.amr),
            code_expires_at=grant.code_expires_at,
        )
    )
    return True


def new_id() -> str:
    """Draw a grant's id."""
    return secrets.token_urlsafe(_ID_BYTES)


def by_code(connection: Connection, code: str) -> Grant | None:
    """Return the grant of a code, redeemed or ended as it may be."""
    row = connection.execute(
        select(grants).where(grants.c.code_hash == hash_of(code))
    ).one_or_none()
    return None if row is None else _grant(row)


def by_token(connection: Connection, token: str) -> Token | None:
    """Return a token with its grant."""
    row = connection.execute(
        select(
            grants,
            tokens.c.token_hash,
            tokens.c.kind,
            tokens.c.scope.label("token_scope"),
            tokens.c.issued_at,
            tokens.c.expires_at,
            tokens.c.used_at,
        )
        .join(grants, grants.c.id == tokens.c.grant_id)
        .where(tokens.c.token_hash == hash_of(token))
    ).one_or_none()
    if row is None:
        return None
    return Token(
        row.token_hash,
        Kind(row.kind),
        row.token_scope,
        row.issued_at,
        row.expires_at,
        row.used_at is not None,
        _grant(row),
    )


def redeem(connection: Connection, grant_id: str, now: datetime) -> bool:
    """Use a grant's code; False where it was used, or the grant has ended."""
    used = connection.execute(
        update(grants)
        .where(
            grants.c.id == grant_id,
            grants.c.redeemed_at.is_(None),
            grants.c.ended_at.is_(None),
            grants.c.code_expires_at > now,
        )
        .values(redeemed_at=now)
    )
    return used.rowcount == 1


def use(connection: Connection, token: Token, now: datetime) -> bool:
    """Use a refresh token; False where it was used, or its family has ended."""
    used = connection.execute(
        update(tokens)
        .where(
            tokens.c.token_hash == token.token_hash,
            tokens.c.used_at.is_(None),
            tokens.c.expires_at > now,
            select(grants.c.id)
            .where(grants.c.id == token.grant.id, grants.c.ended_at.is_(None))
            .exists(),
        )
        .values(used_at=now)
    )
    return used.rowcount == 1


def keep(
    connection: Connection,
    grant_id: str,
    kind: Kind,
    token: str,
    scope: str,
    now: datetime,
    lifetime: timedelta,
) -> None:
    """Keep a token that was just made."""
    connection.execute(
        insert(tokens).values(
            token_hash=hash_of(token),
            grant_id=grant_id,
            kind=kind.value,
            scope=scope,
            issued_at=now,
            expires_at=now + lifetime,
        )
    )


def end(connection: Connection, grant_id: str, now: datetime) -> bool:
    """End a family; False where it has ended already."""
    ended = connection.execute(
        update(grants)
        .where(grants.c.id == grant_id, grants.c.ended_at.is_(None))
        .values(ended_at=now)
    )
    return ended.rowcount == 1


def expire(connection: Connection, token: Token, now: datetime) -> None:
    """End one access token before its time."""
    connection.execute(
        update(tokens)
        .where(tokens.c.token_hash == token.token_hash, tokens.c.expires_at > now)
        .values(expires_at=now)
    )


def forget_old(connection: Connection, user_id: int, now: datetime) -> None:
    """Forget what a user granted in sessions that are over, and access tokens that have expired."""
    over = select(sessions.c.token_hash).where(
        sessions.c.user_id == user_id, sessions.c.ends_at <= now
    )
    connection.execute(
        delete(grants).where(grants.c.user_id == user_id, grants.c.session_hash.in_(over))
    )
    connection.execute(
        delete(tokens).where(
            tokens.c.grant_id.in_(select(grants.c.id).where(grants.c.user_id == user_id)),
            tokens.c.kind == Kind.ACCESS.value,
            tokens.c.expires_at <= now,
        )
    )


def agreed(
    connection: Connection, session_hash: bytes, client_id: str, scopes: Collection[str]
) -> bool:
    """Tell whether a session's user has agreed to this client and these scopes already."""
    found = connection.execute(
        select(grants.c.scope).where(
            grants.c.session_hash == session_hash,
            grants.c.client_id == client_id,
            grants.c.ended_at.is_(None),
        )
    ).scalars()
    return any(set(scopes) <= set(scope.split()) for scope in found)


def _grant(row: Row[Any]) -> Grant:
    return Grant(
        id=row.id,
        client_id=row.client_id,
        user_id=row.user_id,
        session_hash=row.session_hash,
        redirect_uri=row.redirect_uri,
        scope=row.scope,
        nonce=row.nonce,
        code_challenge=row.code_challenge,
        auth_at=row.auth_at,
        acr=row.acr,
        amr=tuple(row.amr.split()),
        code_expires_at=row.code_expires_at,
        redeemed=row.redeemed_at is not None,
        ended=row.ended_at is not None,
    )
