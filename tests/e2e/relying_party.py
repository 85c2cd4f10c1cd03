"""A small web application that logs its users in by OpenID Connect: nobody's code but its own.

`requests-oauthlib` makes its requests, joserfc checks the tokens; of the provider it knows what
discovery says. Run as `python -m tests.e2e.relying_party PORT ISSUER CLIENT_ID SECRET_FILE`.
"""

from __future__ import annotations

import html
import json
import os
import secrets
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import OAuth2Error
from requests_oauthlib import OAuth2Session

SCOPE = ["openid", "profile", "groups", "limits", "offline_access"]


class Application:
    """One user's state is enough: this is a test's application."""

    def __init__(self, address: str, issuer: str, client_id: str, secret: str) -> None:
        self.address = address
        self.client_id = client_id
        self.secret = secret
        discovery = f"{issuer}/.well-known/openid-configuration"
        self.provider = requests.get(discovery, timeout=60).json()
        assert self.provider["issuer"] == issuer
        self.session = OAuth2Session()
        self.nonce = ""
        self.tokens: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}

    def begin(self, more: dict[str, str]) -> str:
        """Return where the browser is sent to log in."""
        self.nonce = secrets.token_urlsafe(16)
        self.session = OAuth2Session(
            self.client_id, scope=SCOPE, redirect_uri=f"{self.address}/callback", pkce="S256"
        )
        place, _ = self.session.authorization_url(
            self.provider["authorization_endpoint"], nonce=self.nonce, **more
        )
        return str(place)

    def finish(self, path: str) -> None:
        """Redeem the code that the browser has brought, and check what comes."""
        answer = parse_qs(urlsplit(path).query)
        assert answer["iss"] == [self.provider["issuer"]], "a mix-up (RFC 9207)"
        tokens = self.session.fetch_token(
            self.provider["token_endpoint"],
            authorization_response=self.address + path,
            client_secret=self.secret,
            timeout=60,
        )
        self.take(tokens, self.nonce)

    def refresh(self) -> None:
        """Get new tokens for the refresh token, and ask who it is."""
        tokens = self.session.refresh_token(
            self.provider["token_endpoint"],
            auth=(self.client_id, self.secret),
            timeout=60,
        )
        self.take(tokens, None)
        told = self.session.get(self.provider["userinfo_endpoint"], timeout=60).json()
        assert told["sub"] == self.claims["sub"]

    def take(self, tokens: dict[str, Any], nonce: str | None) -> None:
        """Check an ID token (Core 1.0, section 3.1.3.7), and keep what it says."""
        keys = KeySet.import_key_set(requests.get(self.provider["jwks_uri"], timeout=60).json())
        algorithms = self.provider["id_token_signing_alg_values_supported"]
        token = jwt.decode(tokens["id_token"], keys, algorithms=algorithms)
        registry = jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.provider["issuer"]},
            aud={"essential": True, "value": self.client_id},
            exp={"essential": True},
            leeway=60,
        )
        registry.validate(token.claims)
        assert token.claims.get("nonce") == nonce
        self.tokens, self.claims = dict(tokens), dict(token.claims)

    def leave(self, *, hint: bool) -> str:
        """Return where the browser is sent to log out."""
        wish = {"client_id": self.client_id, "post_logout_redirect_uri": f"{self.address}/bye"}
        if hint:
            wish["id_token_hint"] = self.tokens["id_token"]
        return f"{self.provider['end_session_endpoint']}?{urlencode(wish)}"


def _handler(application: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            try:
                self._serve(place.path, dict(parse_qs(place.query)))
            except (OAuth2Error, AssertionError) as error:
                self._page(getattr(error, "error", None) or str(error))

        def _serve(self, path: str, query: dict[str, list[str]]) -> None:
            if path == "/login":
                more = {name: values[0] for name, values in query.items()}
                self._go(application.begin(more))
            elif path == "/callback":
                application.finish(self.path)
                self._go("/")
            elif path == "/refresh":
                application.refresh()
                self._go("/")
            elif path == "/logout":
                self._go(application.leave(hint="ask" not in query))
            elif path == "/bye":
                self._page("bye")
            elif path == "/":
                self._page(json.dumps(application.claims))
            else:
                self.send_error(404)

        def _go(self, place: str) -> None:
            self.send_response(302)
            self.send_header("Location", place)
            self.end_headers()

        def _page(self, told: str) -> None:
            body = (
                '<!doctype html><html lang="en"><title>The Wiki</title><h1>The Wiki</h1>'
                f'<p id="told">{html.escape(told)}</p><a href="/login">Log in</a> '
                '<a href="/login?acr_values=urn:challng:card">Delete everything</a> '
                '<a href="/refresh">Refresh</a> <a href="/logout">Log out</a> '
                '<a href="/logout?ask=1">Log out, without a hint</a></html>'
            ).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    return Handler


def main() -> None:
    """Serve until told to stop."""
    port, issuer, client_id, secret_file = sys.argv[1:]
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # on the loopback, in a test
    os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"
    secret = Path(secret_file).read_text().strip()
    application = Application(f"http://localhost:{port}", issuer, client_id, secret)
    HTTPServer(("127.0.0.1", int(port)), _handler(application)).serve_forever()


if __name__ == "__main__":
    main()
