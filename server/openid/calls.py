"""What applications call: discovery, keys, tokens, user info, revocation, introspection.

Who guesses at secrets, codes or tokens is slowed down by the brake that guards passwords, with
counts of its own. Other sites' scripts may read discovery and keys, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

from authlib.oauth2.rfc6749.util import extract_basic_authorization
from fastapi import APIRouter, Request
from starlette.responses import Response

from ..accounts.brake import Brake, Keys
from ..errors import SlowDown
from ..threads import aside
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.peer import address
from ..web.problems import of_refusal, of_status
from . import provider
from .server import Incoming, Outgoing

_DISCOVERY = "/.well-known/openid-configuration"
_PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "public, max-age=3600",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_GUESSES = {"invalid_client", "invalid_grant"}
_MOST_FIELDS = 32
_BEARER = 'Bearer realm="openid"'


class _Unreadable(ValueError):
    """The body is no form, or has a field twice."""


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls."""
    router = APIRouter(include_in_schema=False)
    calls = _Calls(verifier)
    router.add_api_route(_DISCOVERY, calls.discovery, methods=["GET"])
    router.add_api_route(provider.JWKS, calls.jwks, methods=["GET"])
    router.add_api_route(provider.TOKEN, calls.token, methods=["POST"])
    router.add_api_route(provider.USERINFO, calls.userinfo, methods=["GET", "POST"])
    router.add_api_route(provider.REVOKE, calls.revoke, methods=["POST"])
    router.add_api_route(provider.INTROSPECT, calls.introspect, methods=["POST"])
    return router


class _Calls:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._brake = Brake(verifier.secrets, verifier.settings)
        self._there = verifier.settings.public_url is not None

    def discovery(self) -> Response:
        if not self._there:
            return of_status(404)
        return JSONResponse(self._verifier.openid.metadata(), headers=_PUBLIC)

    def jwks(self) -> Response:
        if not self._there:
            return of_status(404)
        return JSONResponse(self._verifier.openid.keys.jwks(), headers=_PUBLIC)

    def userinfo(self, request: Request) -> Response:
        """Tell the claims that an access token opens (Core 1.0, section 5.3; RFC 6750)."""
        if not self._there:
            return of_status(404)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Response(status_code=401, headers={"WWW-Authenticate": _BEARER})
        found = self._verifier.openid.tokens.by_access_token(token.strip())
        if found is None:
            wrong = f'{_BEARER}, error="invalid_token"'
            return Response(status_code=401, headers={"WWW-Authenticate": wrong})
        held, session = found
        return JSONResponse(self._verifier.openid.teller.told(session, held.scope.split()))

    async def token(self, request: Request) -> Response:
        return await self._braked(request, provider.TOKEN)

    async def revoke(self, request: Request) -> Response:
        return await self._braked(request, provider.REVOKE)

    async def introspect(self, request: Request) -> Response:
        return await self._braked(request, provider.INTROSPECT)

    async def _braked(self, request: Request, path: str) -> Response:
        if not self._there:
            return of_status(404)
        try:
            given = _form(request, await request.body())
            keys = self._keys(request, given)
            seconds = await aside.run(self._wait, keys)
        except (_Unreadable, UnicodeDecodeError):
            return _answered(Outgoing(400, {"error": "invalid_request"}, {}))
        except SlowDown as refusal:
            return of_refusal(refusal)
        if seconds:
            await self._verifier.clock.sleep(seconds)
        incoming = Incoming(path, given, "POST", request.headers)
        return _answered(await aside.run(self._answer, incoming, keys))

    def _answer(self, incoming: Incoming, keys: Keys) -> Outgoing:
        server = self._verifier.openid.server
        try:
            answer: Outgoing
            if incoming.path == provider.TOKEN:
                answer = server.create_token_response(incoming)
            elif incoming.path == provider.REVOKE:
                answer = server.create_endpoint_response("revocation", incoming)
            else:
                answer = server.create_endpoint_response("introspection", incoming)
        except (UnicodeError, ValueError):  # Authlib cannot name in an error what was sent
            return Outgoing(400, {"error": "invalid_request"}, {})
        if answer.body.get("error") in _GUESSES:
            with self._verifier.database.writing() as connection:
                self._brake.count(connection, keys, self._verifier.clock.now())
        return answer

    def _wait(self, keys: Keys) -> float:
        now = self._verifier.clock.now()
        with self._verifier.database.reading() as connection:
            if not self._brake.is_on(connection, keys, now):
                return 0.0
        with self._verifier.database.writing() as connection:
            return self._brake.reserve(connection, keys, now)

    def _keys(self, request: Request, given: Mapping[str, str]) -> Keys:
        named, _ = extract_basic_authorization(request.headers)
        client_id = unquote(named or given.get("client_id", ""))[:256]
        peer = address(request, self._verifier.settings.trusted_proxies)
        return self._brake.keys(f"openid {client_id}", f"openid {peer}")


def _form(request: Request, body: bytes) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _Unreadable
    try:
        pairs = parse_qsl(body.decode("ascii"), errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise _Unreadable from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise _Unreadable
    return given


def _answered(answer: Outgoing) -> Response:
    headers = {
        name: value for name, value in answer.headers.items() if name.lower() != "content-type"
    }
    return JSONResponse(dict(answer.body), answer.status, headers=headers)
