"""Authlib's authorization server, made to fit: its requests, its answers, its grants.

It checks what the RFCs ask of requests and clients. What is kept, and what is used up, is decided
in `tokens`, so that of two workers with one code exactly one wins.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidGrantError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload, OAuth2Request
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from authlib.oidc.core.grants import OpenIDCode
from authlib.oidc.core.util import create_half_hash
from joserfc import jwt

from ..clock import Clock
from ..login.sessions import Session
from ..settings import Settings
from .claims import seconds
from .client import SCOPES, Client
from .clients import Clients
from .grants import Grant, Token
from .keys import SigningKeys
from .teller import Teller
from .tokens import Tokens

_TOKEN_BYTES = 32
_METHODS = ["client_secret_basic", "client_secret_post", "none"]


@dataclass(frozen=True)
class Incoming:
    """A request as it came in; `given` are its parameters, each once."""

    path: str
    given: Mapping[str, str]
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outgoing:
    """What is to be answered: a place to be redirected to, or a JSON body."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def location(self) -> str | None:
        """Where the browser is sent."""
        return self.headers.get("Location")


class _Request(OAuth2Request):
    """A request as Authlib has it, and what it finds out on the way."""

    client: Client
    user: Session
    authorization_code: Grant | None
    refresh_token: Token | None

    def __init__(self, issuer: str, incoming: Incoming) -> None:
        super().__init__(incoming.method, issuer + incoming.path, headers=incoming.headers)
        self.given = dict(incoming.given)
        self.payload = BasicOAuth2Payload(self.given)

    @property
    def form(self) -> dict[str, str]:
        return self.given

    @property
    def source(self) -> Grant | Token:
        """What tokens are given for."""
        found = self.authorization_code or self.refresh_token
        assert found is not None  # noqa: S101 - it was validated
        return found


class Server(AuthorizationServer):
    """Answers authorization, token, revocation and introspection requests."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        clients: Clients,
        keys: SigningKeys,
        tokens: Tokens,
        teller: Teller,
    ) -> None:
        super().__init__(list(SCOPES))
        self.issuer = settings.public_url or ""
        self.lifetime = settings.openid_token_seconds
        self._algorithm = settings.openid_algorithm
        self.clock = clock
        self.tokens = tokens
        self._clients = clients
        self._keys = keys
        self.teller = teller
        self.register_token_generator("default", self._drawn)
        openid = _OpenId(self)
        self.register_grant(_CodeGrant, [_S256(required=True), openid])
        self.register_grant(_RefreshGrant, [openid.on_refresh])
        self.register_endpoint(_Revocation)
        self.register_endpoint(_Introspection)

    # --- what Authlib asks of a framework

    def query_client(self, client_id: str) -> Client | None:
        """Return a client in use."""
        return self._clients.find(client_id)

    def create_oauth2_request(self, request: Incoming | _Request) -> _Request:
        """Return a request as Authlib has it."""
        return _Request(self.issuer, request) if isinstance(request, Incoming) else request

    def handle_response(
        self, status: int, body: object, headers: Iterable[tuple[str, str]]
    ) -> Outgoing:
        """Return an answer as our pages and calls have it."""
        return Outgoing(status, body if isinstance(body, dict) else {}, dict(headers))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Tell nobody: what matters stands in the audit log."""

    def save_token(self, token: Mapping[str, Any], request: _Request) -> None:
        """Keep tokens, and use up what they are given for."""
        source = request.source
        kept = self.tokens.keep(
            source,
            request.user,
            token["access_token"],
            token["scope"],
            token.get("refresh_token"),
        )
        if not kept:
            raise InvalidGrantError

    # --- what it is asked

    def error(self, code: str, redirect_uri: str, state: str | None) -> Outgoing:
        """Return the redirection that tells a client of an error."""
        error = OAuth2Error(error=code, redirect_uri=redirect_uri, state=state)
        return self.handle_response(*error())

    def named(self, answer: Outgoing) -> Outgoing:
        """Return a redirection that says who answers (RFC 9207)."""
        assert answer.location is not None  # noqa: S101 - the address was checked before
        place = add_params_to_uri(answer.location, [("iss", self.issuer)])
        return Outgoing(answer.status, {}, {"Location": place})

    def checked(self, incoming: Incoming, session: Session | None) -> _CodeGrant:
        """Return the grant that a sound authorization request asks for; raises OAuth2Error."""
        # Whether anybody is logged in is decided elsewhere: Authlib is told that somebody is.
        grant: _CodeGrant = self.get_consent_grant(incoming, session or _SOMEBODY)
        return grant

    def signed(self, token: Mapping[str, Any], request: _Request) -> str:
        """Return the ID token that goes with an access token."""
        source = request.source
        grant = source if isinstance(source, Grant) else source.grant
        kid, key = self._keys.signing()
        algorithm = self._algorithm
        now = seconds(self.clock.now())
        told = self.teller.told(request.user, token["scope"].split())
        told |= {
            "iss": self.issuer,
            "aud": grant.client_id,
            "azp": grant.client_id,
            "iat": now,
            "exp": now + self.lifetime,
            "auth_time": seconds(grant.auth_at),
            "acr": grant.acr,
            "amr": list(grant.amr),
            "at_hash": create_half_hash(token["access_token"], algorithm).decode("ascii"),
        }
        if grant.nonce and isinstance(source, Grant):
            told["nonce"] = grant.nonce
        header = {"alg": algorithm, "kid": kid, "typ": "JWT"}
        return jwt.encode(header, told, key, [algorithm])

    def _drawn(self, scope: str, **_rest: object) -> dict[str, Any]:
        token = {
            "access_token": secrets.token_urlsafe(_TOKEN_BYTES),
            "token_type": "Bearer",
            "expires_in": self.lifetime,
            "scope": scope,
        }
        if "offline_access" in scope.split():
            token["refresh_token"] = secrets.token_urlsafe(_TOKEN_BYTES)
        return token


_SOMEBODY = object()


class _CodeGrant(AuthorizationCodeGrant):
    request: _Request
    server: Server
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS

    def generate_authorization_code(self) -> str:
        return secrets.token_urlsafe(_TOKEN_BYTES)

    def save_authorization_code(self, code: str, request: _Request) -> None:
        given = request.given
        self.server.tokens.grant(
            code,
            request.client,
            request.user,
            redirect_uri=given["redirect_uri"],
            scope=request.scope,
            challenge=given["code_challenge"],
            nonce=given.get("nonce"),
        )

    def query_authorization_code(self, code: str, client: Client) -> Grant | None:
        return self.server.tokens.by_code(code, client)

    def delete_authorization_code(self, authorization_code: Grant) -> None:
        """Do nothing: it was used up when the tokens were kept, and stays known."""

    def authenticate_user(self, authorization_code: Grant) -> Session | None:
        return self.server.tokens.session_of(authorization_code)


class _RefreshGrant(RefreshTokenGrant):
    request: _Request
    server: Server
    TOKEN_ENDPOINT_AUTH_METHODS = _METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        return self.server.tokens.by_refresh_token(refresh_token, self.request.client)

    def authenticate_user(self, refresh_token: Token) -> Session:
        session = self.server.tokens.session_of(refresh_token.grant)
        if session is None:
            raise InvalidGrantError
        return session

    def issue_token(self, user: Session, refresh_token: Token) -> dict[str, Any]:
        token: dict[str, Any] = super().issue_token(user, refresh_token)
        # Who asks for less this once is not cut off: the new refresh token opens what the old did.
        return token | {"refresh_token": secrets.token_urlsafe(_TOKEN_BYTES)}

    def revoke_old_credential(self, refresh_token: Token) -> None:
        """Do nothing: it was used up when the new tokens were kept, and stays known."""

    def _validate_request_token(self, client: Client) -> Token:
        self.request.client = client
        token: Token = super()._validate_request_token(client)
        return token


class _S256(CodeChallenge):
    """PKCE, from every client, and never `plain` (RFC 9700, section 2.1.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"

    def validate_code_challenge(self, grant: _CodeGrant, redirect_uri: str) -> None:
        given = grant.request.given
        if not given.get("code_challenge") or given.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)


class _OpenId(OpenIDCode):
    """ID tokens beside access tokens."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._server = server

    def exists_nonce(self, nonce: str, request: _Request) -> bool:
        """Leave it to the client: the nonce binds its own session, and comes back once a code."""
        return False

    def encode_id_token(self, token: Mapping[str, Any], request: _Request) -> str:
        return self._server.signed(token, request)

    def on_refresh(self, grant: _RefreshGrant) -> None:
        """Give a new ID token with each refresh (Core 1.0, section 12.2)."""
        grant.register_hook("after_create_token_response", self.process_token)


class _Revocation(RevocationEndpoint):
    server: Server
    CLIENT_AUTH_METHODS = _METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return self.server.tokens.find(token_string)

    def revoke_token(self, token: Token, request: _Request) -> None:
        self.server.tokens.revoke(token)


class _Introspection(IntrospectionEndpoint):
    server: Server
    CLIENT_AUTH_METHODS = _METHODS[:2]

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return self.server.tokens.find(token_string)

    def check_permission(self, token: Token, client: Client, request: _Request) -> bool:
        return token.check_client(client)

    def create_introspection_payload(self, token: Token | None) -> dict[str, Any]:
        session = self.server.tokens.holds(token) if token else None
        if token is None or session is None:
            return {"active": False}
        return {
            "active": True,
            "iss": self.server.issuer,
            "client_id": token.grant.client_id,
            "aud": token.grant.client_id,
            "sub": self.server.teller.subject(session),
            "username": session.user,
            "scope": token.scope,
            "token_type": "Bearer" if token.kind.value == "access" else "refresh_token",
            "iat": seconds(token.issued_at),
            "exp": seconds(token.expires_at),
            "acr": token.grant.acr,
            "amr": list(token.grant.amr),
            "auth_time": seconds(token.grant.auth_at),
        }
