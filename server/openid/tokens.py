"""Codes and tokens given, used and ended, each decision one transaction and one line in the log."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from ..accounts import groups
from ..audit.events import Event
from ..audit.log import AuditLog
from ..clock import Clock
from ..db.engine import Database
from ..errors import SessionUnknown
from ..login.sessions import Session, Sessions
from ..settings import Settings
from ..words import N_
from . import claims, grants
from .client import Client
from .clients import Clients
from .grants import Grant, Kind, Token
from .levels import OF_KIND


class Tokens:
    """Keeps what clients were granted."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        sessions: Sessions,
        clients: Clients,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._sessions = sessions
        self._clients = clients

    # --- codes

    def grant(
        self,
        code: str,
        client: Client,
        session: Session,
        *,
        redirect_uri: str,
        scope: str,
        challenge: str,
        nonce: str | None,
    ) -> None:
        """Keep a grant of a session's user to a client; `code` is redeemed for it, once.

        Raises SessionUnknown where the session has ended meanwhile.
        """
        now = self._clock.now()
        with self._database.writing() as connection:
            grant = Grant(
                id=grants.new_id(),
                client_id=client.client_id,
                user_id=session.user_id,
                session_hash=session.token_hash,
                redirect_uri=redirect_uri,
                scope=scope,
                nonce=nonce,
                code_challenge=challenge,
                auth_at=session.since,
                acr=OF_KIND[session.device_kind].value,
                amr=claims.proved_by(connection, self._settings, session),
                code_expires_at=now + timedelta(seconds=self._settings.openid_code_seconds),
            )
            grants.forget_old(connection, session.user_id, now)
            if not grants.add(connection, code, grant):
                raise SessionUnknown(N_("The session has ended. Log in again."))
            self._note(connection, Event.OPENID_GRANTED, session.user, client.client_id, scope)

    def by_code(self, code: str, client: Client) -> Grant | None:
        """Return the grant of a code that this client can redeem.

        A code that was redeemed before ends all that came of it.
        """
        with self._database.reading() as connection:
            grant = grants.by_code(connection, code)
        if grant is None or grant.client_id != client.client_id:
            return None
        if grant.redeemed:
            self._replayed(grant)
            return None
        if grant.ended or grant.code_expires_at <= self._clock.now():
            return None
        return grant

    # --- tokens

    def by_refresh_token(self, text: str, client: Client) -> Token | None:
        """Return a refresh token that this client can use; one used before ends its family."""
        with self._database.reading() as connection:
            token = grants.by_token(connection, text)
        if (
            token is None
            or token.kind is not Kind.REFRESH
            or token.grant.client_id != client.client_id
        ):
            return None
        if token.used:
            self._replayed(token.grant)
            return None
        if token.grant.ended or token.expires_at <= self._clock.now():
            return None
        return token

    def keep(
        self,
        source: Grant | Token,
        session: Session,
        access: str,
        scope: str,
        refresh: str | None,
    ) -> bool:
        """Keep the tokens that a code or a refresh token is used up for.

        False where somebody else has used it meanwhile: then the family has ended.
        """
        grant = source if isinstance(source, Grant) else source.grant
        now = self._clock.now()
        with self._database.writing() as connection:
            if isinstance(source, Grant):
                used = grants.redeem(connection, source.id, now)
            else:
                used = grants.use(connection, source, now)
            if used:
                grants.forget_old(connection, grant.user_id, now)
                lifetime = timedelta(seconds=self._settings.openid_token_seconds)
                grants.keep(connection, grant.id, Kind.ACCESS, access, scope, now, lifetime)
                if refresh is not None:
                    # It goes with its session, which this outlives at no age.
                    lifetime = timedelta(seconds=self._settings.session_seconds)
                    grants.keep(
                        connection, grant.id, Kind.REFRESH, refresh, grant.scope, now, lifetime
                    )
                self._note(
                    connection, Event.OPENID_TOKENS_ISSUED, session.user, grant.client_id, scope
                )
        if not used:
            self._replayed(grant)
        return used

    def by_access_token(self, text: str) -> tuple[Token, Session] | None:
        """Return an access token that holds, and the session behind it."""
        with self._database.reading() as connection:
            token = grants.by_token(connection, text)
        if token is None or token.kind is not Kind.ACCESS:
            return None
        session = self.holds(token)
        return None if session is None else (token, session)

    def find(self, text: str) -> Token | None:
        """Return a token, whatever has become of it."""
        with self._database.reading() as connection:
            return grants.by_token(connection, text)

    def holds(self, token: Token) -> Session | None:
        """Return the session behind a token, None where it opens nothing now."""
        if token.used or token.grant.ended or token.expires_at <= self._clock.now():
            return None
        return self.session_of(token.grant)

    def session_of(self, grant: Grant) -> Session | None:
        """Return the session behind a grant, as long as its user may use its client."""
        try:
            session = self._sessions.behind(grant.session_hash, self._clock.now())
        except SessionUnknown:
            return None
        client = self._clients.find(grant.client_id)
        with self._database.reading() as connection:
            his = groups.of_user(connection, session.user_id)
        return session if client and client.lets_in(session.access, his) else None

    def revoke(self, token: Token) -> None:
        """End an access token, or with a refresh token its whole family."""
        now = self._clock.now()
        with self._database.writing() as connection:
            if token.kind is Kind.ACCESS:
                grants.expire(connection, token, now)
            elif not grants.end(connection, token.grant.id, now):
                return
            self._audit.write(
                connection,
                now,
                Event.OPENID_REVOKED,
                f"openid:{token.grant.client_id}",
                token.grant.client_id,
                kind=token.kind.value,
            )

    def _replayed(self, grant: Grant) -> None:
        now = self._clock.now()
        with self._database.writing() as connection:
            if grants.end(connection, grant.id, now):
                actor = f"openid:{grant.client_id}"
                self._audit.write(connection, now, Event.OPENID_REPLAYED, actor, grant.client_id)

    def _note(
        self, connection: Connection, event: Event, user: str, client_id: str, scope: str
    ) -> None:
        now = self._clock.now()
        self._audit.write(connection, now, event, f"user:{user}", client_id, scope=scope)
