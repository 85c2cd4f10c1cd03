"""A relying party as it is registered, and what it may do; addresses are compared whole."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ..errors import NotTaken
from ..login.access import RIGHTS, Access, Right
from ..words import N_

SCOPES = ("openid", "profile", "email", "groups", "limits", "offline_access")
"""All scopes that there are."""
ACCESS = tuple(access for access in Access if Right.APPLICATIONS in RIGHTS[access])
"""The access levels that a client may let in: those that open applications at all."""

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&()*+=:@%/?\-]*)?")
_IPV6 = re.compile(r"http://\[::1\](:[0-9]{1,5})?(/[A-Za-z0-9._~!$&()*+=:@%/?\-]*)?")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_LONGEST = 512

_NOT_AN_ADDRESS = N_(
    "An address is https (or http to this machine itself, for trials), whole, without a fragment, "
    "such as https://app.example.com/callback. Correct it."
)


@dataclass(frozen=True)
class Client:
    """One client; `secret_hash` is None for a public one, which has nothing to keep a secret in.

    The methods are those that Authlib asks a client for.
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    logout_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = SCOPES
    groups: tuple[str, ...] = ()
    access: tuple[Access, ...] = (Access.FULL,)
    first_party: bool = False
    ended: bool = False
    secret_hash: bytes | None = field(default=None, repr=False)

    @property
    def public(self) -> bool:
        """Whether it has no secret."""
        return self.secret_hash is None

    def lets_in(self, access: Access, groups: Sequence[str]) -> bool:
        """Tell whether a user may use it, with this access and in these groups."""
        if Right.APPLICATIONS not in RIGHTS[access] or access not in self.access:
            return False
        return not self.groups or not set(self.groups).isdisjoint(groups)

    def get_client_id(self) -> str:
        """Return its id."""
        return self.client_id

    def get_default_redirect_uri(self) -> None:
        """Return none: the address is always named."""
        return

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return what of a scope it may have; None where that is no OpenID request."""
        wanted = (scope or "").split()
        allowed = [each for each in SCOPES if each in wanted and each in self.scopes]
        return " ".join(allowed) if "openid" in allowed else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Tell whether an address is one of its own."""
        return redirect_uri in self.redirect_uris

    def check_client_secret(self, client_secret: str) -> bool:
        """Tell whether a secret is its own, in constant time."""
        given = secret_hash(client_secret)
        return self.secret_hash is not None and hmac.compare_digest(given, self.secret_hash)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Tell whether it proves itself so: a public client cannot, any other must."""
        if self.public:
            return method == "none" and endpoint != "introspection"
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        """Tell whether it may be answered so: with a code, and nothing else."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether it may come so."""
        return grant_type in {"authorization_code", "refresh_token"}


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def check_address(address: str, field: str) -> str:
    """Return an address that a browser may be sent to, or raise NotTaken."""
    if len(address) > _LONGEST or not (_ADDRESS.fullmatch(address) or _IPV6.fullmatch(address)):
        raise NotTaken(_NOT_AN_ADDRESS, field=field)
    parts = urlsplit(address)
    try:
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    if not port_fits or not (parts.scheme == "https" or parts.hostname in _LOOPBACK):
        raise NotTaken(_NOT_AN_ADDRESS, field=field)
    return address


def origin(address: str) -> str:
    """Return scheme, host and port of an address, as policies name them."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
