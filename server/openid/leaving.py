"""Logging out at an application's wish: whom it means, and where the browser goes after that.

RP-Initiated Logout 1.0. Only an ID token of our own spares the user the question; only an address
that its client has registered for this is gone to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..login.sessions import Session
from ..settings import Settings
from . import hints
from .clients import Clients
from .keys import SigningKeys
from .teller import Teller

_NAMES = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
_LONGEST = 8_192


@dataclass(frozen=True)
class Farewell:
    """A wish to log out.

    `place`: where to go after it, if anywhere; `meant`: nobody need be asked.
    """

    place: str | None
    meant: bool
    client: str | None


class Leaving:
    """Reads wishes to log out."""

    def __init__(
        self, clients: Clients, keys: SigningKeys, teller: Teller, settings: Settings
    ) -> None:
        self._clients = clients
        self._keys = keys
        self._teller = teller
        self._issuer = settings.public_url or ""

    def read(self, query: str, session: Session | None) -> Farewell:
        """Return what a query wishes; what is wrong in it is as if it were not there."""
        given = parameters(query)
        hint = hints.read(self._keys, self._issuer, given.get("id_token_hint", ""))
        named = given.get("client_id")
        if hint is not None and named is not None and hint.client_id != named:
            return Farewell(None, False, None)
        client = self._clients.find(hint.client_id if hint else named)
        meant = (
            hint is not None
            and session is not None
            and hint.subject == self._teller.subject(session)
        )
        place = given.get("post_logout_redirect_uri")
        if client is None or place not in client.logout_uris:
            return Farewell(None, meant, None if client is None else client.name)
        if "state" in given:
            joined = "&" if urlsplit(place).query else "?"
            place += joined + urlencode({"state": given["state"]})
        return Farewell(place, meant, client.name)


def parameters(query: str) -> Mapping[str, str]:
    """Return the parameters that are known, none where the query is no good."""
    if len(query) > _LONGEST:
        return {}
    try:
        pairs = parse_qsl(query, errors="strict", max_num_fields=64)
    except ValueError:
        return {}
    return {name: value for name, value in pairs if name in _NAMES and value.isprintable()}


def compact(query: str) -> str:
    """Return a query with the parameters that are known, as the page keeps it."""
    return urlencode(parameters(query))
