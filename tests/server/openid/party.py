"""A relying party written from the specifications, and a browser without Chromium.

The party uses nothing of the provider's: oauthlib makes its requests, joserfc checks its tokens.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet
from oauthlib.oauth2 import WebApplicationClient
from starlette.testclient import TestClient

from server.openid.client import Client
from server.verifier import Verifier
from tests.server.apps import client_of
from tests.server.browser import forms
from tests.server.support import PASSWORD, Card

ISSUER = "http://localhost:8600"
REDIRECT = "https://app.example.com/callback"
FAREWELL = "https://app.example.com/bye"
SCOPE = "openid profile groups offline_access"


def register(verifier: Verifier, client_id: str = "app", **options: Any) -> Party:
    """Register a client and return the party that it is; `public=True` for one without a secret."""
    public = options.pop("public", False)
    given = {
        "name": "The Application",
        "redirect_uris": (REDIRECT,),
        "logout_uris": (FAREWELL,),
        "first_party": True,
    } | options
    secret = verifier.openid.clients.add(Client(client_id, **given), "cli:test", public=public)
    return Party(verifier, client_id, secret)


@dataclass
class Party:
    """The application's side."""

    verifier: Verifier
    client_id: str
    secret: str | None
    code_verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = "state-1"
    nonce: str = "nonce-1"

    def __post_init__(self) -> None:
        self.client = client_of(self.verifier, follow_redirects=False)
        self._oauth = WebApplicationClient(self.client_id)

    # --- the front channel

    def query(self, **more: str | None) -> str:
        """Return the query of an authorization request; None leaves a parameter out."""
        digest = hashlib.sha256(self.code_verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        given: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        } | more
        return urlencode({name: value for name, value in given.items() if value is not None})

    def code(self, location: str) -> str:
        """Take the code from where the browser was sent, once state and issuer are right."""
        answer = answered(location)
        assert answer["iss"] == ISSUER
        found = self._oauth.parse_request_uri_response(location, state=self.state)
        return str(found["code"])

    # --- the back channel

    def post(self, path: str, body: dict[str, str], auth: str = "basic") -> Any:
        """Call the provider, proving who calls by `basic`, `post` or `none`."""
        headers = {}
        if auth == "basic":
            pair = f"{self.client_id}:{self.secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        elif auth == "post":
            body = body | {"client_id": self.client_id, "client_secret": self.secret or ""}
        else:
            body = body | {"client_id": self.client_id}
        return self.client.post(path, data=body, headers=headers)

    def redeem(self, code: str, *, auth: str = "basic", **more: str) -> Any:
        body = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": self.code_verifier,
        } | more
        return self.post("/openid/token", body, auth)

    def refresh(self, token: str, *, auth: str = "basic", **more: str) -> Any:
        body = {"grant_type": "refresh_token", "refresh_token": token} | more
        return self.post("/openid/token", body, auth)

    def userinfo(self, token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.get("/openid/userinfo", headers=headers)

    def claims(self, id_token: str) -> dict[str, Any]:
        """Check an ID token as Core 1.0, section 3.1.3.7, says; return what it claims."""
        discovered = self.client.get("/.well-known/openid-configuration").json()
        jwks = self.client.get(urlsplit(discovered["jwks_uri"]).path).json()
        algorithms = discovered["id_token_signing_alg_values_supported"]
        token = jwt.decode(id_token, KeySet.import_key_set(jwks), algorithms=algorithms)
        now = int(self.verifier.clock.now().timestamp())
        assert token.claims["iss"] == discovered["issuer"] == ISSUER
        assert token.claims["aud"] == self.client_id
        assert token.claims["iat"] <= now < token.claims["exp"]
        return dict(token.claims)

    def tokens(self, browser: Browser, **more: str | None) -> dict[str, Any]:
        """Have a user log in, or go straight through, and redeem the code."""
        answer = self.redeem(self.code(browser.through(self.query(**more))))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


class Browser:
    """A person at a browser: follows what our pages say, and stops at the application's door."""

    def __init__(self, verifier: Verifier, card: Card | None, user: str = "alice") -> None:
        self.client: TestClient = client_of(
            verifier, follow_redirects=False, headers={"Accept": "text/html"}
        )
        self.card = card
        self.user = user

    def get(self, place: str, **headers: str) -> Any:
        return self.client.get(place, headers=headers)

    def through(self, query: str) -> str:
        """Go to the provider with a request, log in where asked, agree; return where it ends."""
        return self.follow(self.get(f"/openid/authorize?{query}"))

    def follow_login(self) -> None:
        """Log in with no application waiting, whoever was logged in before."""
        response = self.answer(self.get("/login"))
        while response.headers.get("location", "/") != "/":
            response = self.answer(self.get(response.headers["location"]))

    def follow(self, response: Any) -> str:
        """Go on until the browser is sent to the application; return where."""
        stopped = self.follow_to_stop(response)
        assert stopped.status_code == 303, stopped.text
        return str(stopped.headers["location"])

    def follow_to_stop(self, response: Any) -> Any:
        """Go on until the browser is sent elsewhere, or is shown what cannot be filled in."""
        for _ in range(16):
            if response.status_code == 303:
                place = response.headers["location"]
                if not place.startswith("/"):
                    return response
                response = self.get(place)
            elif refresh := re.search(
                r'http-equiv="refresh" content="0;url=([^"]*)"', response.text
            ):
                response = self.get(_plain(refresh[1]))
            elif "/openid/consent" in forms(response) and 'value="allow"' not in response.text:
                return response
            else:
                response = self.answer(response)
        raise AssertionError(response.text)

    def answer(self, response: Any) -> Any:
        """Fill in the form of a page, as far as this person can."""
        fields = hidden(response)
        if 'name="password"' in response.text:
            fields |= {"username": self.user, "password": PASSWORD}
            return self.client.post("/login", data=fields)
        if challenge := re.search(r'id="challenge"[^>]*>\s*(\d{6})', response.text):
            assert self.card is not None
            fields["answer"] = self.card.shows(challenge[1])
            return self.client.post(next(iter(forms(response))), data=fields)
        assert 'value="allow"' in response.text, (response.status_code, response.text)
        return self.client.post("/openid/consent", data=fields | {"decision": "allow"})


def answered(location: str) -> dict[str, str]:
    """Return what an application is told in a redirection to its address."""
    assert location.startswith(f"{REDIRECT}?"), location
    return dict(parse_qsl(urlsplit(location).query))


def hidden(page: Any) -> dict[str, str]:
    """Return the hidden fields of a page's own form."""
    return next(iter(forms(page).values()), {})


def _plain(text: str) -> str:
    return html.unescape(text)
