"""One Web Push message (RFC 8030, 8291, 8292) to a phone's push service."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from ..clock import Clock
from ..settings import Settings

_TOKEN_SECONDS = 3_600
_NO_LONGER = (404, 410)
_LONGEST = 1_024
_AUTHORITY = re.compile(r"[A-Za-z0-9.-]+(:[0-9]+)?")


class NotPushed(Exception):
    """The push service did not take it; the text says why and never where."""


class Gone(NotPushed):
    """The push service knows the subscription no more."""


@dataclass(frozen=True)
class Subscription:
    """What a browser gives whoever may send to it: an address, and keys to encrypt with."""

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)

    def written(self) -> bytes:
        """Return it as it is sealed in the database."""
        return json.dumps([self.endpoint, self.p256dh, self.auth]).encode("ascii")

    @classmethod
    def read(cls, written: bytes) -> Subscription:
        """Return what `written` has made."""
        return cls(*json.loads(written))


def may_be_reached(endpoint: str, hosts: tuple[str, ...]) -> bool:
    """Tell whether messages may go to an address: no other server is asked for a phone's sake."""
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    plain = endpoint.isascii() and endpoint.isprintable() and " " not in endpoint
    if not plain or len(endpoint) > _LONGEST or parts.username is not None:
        return False
    if not _AUTHORITY.fullmatch(parts.netloc) or _asked(endpoint) != host:
        return False
    if not any(_fits(host, each) for each in hosts):
        return False
    if _is_loopback(host):
        return parts.scheme in {"http", "https"}
    return parts.scheme == "https" and port in {None, 443}


def send(
    settings: Settings,
    clock: Clock,
    key: bytes,
    subscription: Subscription,
    payload: Mapping[str, object],
    seconds: int,
) -> None:
    """Encrypt and send a message; raises NotPushed, or Gone where the address is dead."""
    import requests
    from py_vapid import Vapid02
    from pywebpush import WebPusher, WebPushException

    if not may_be_reached(subscription.endpoint, settings.push_hosts):
        raise NotPushed("its address is none of the push services in CHALLNG_PUSH_HOSTS")
    number = int.from_bytes(key, "big")
    # Its own check of `sub` knows no address of a test.
    vapid = Vapid02(ec.derive_private_key(number, ec.SECP256R1()), {"no-strict": True})
    where = urlsplit(subscription.endpoint)
    headers = vapid.sign(
        {
            "aud": f"{where.scheme}://{where.netloc}",
            "exp": int(clock.now().timestamp()) + _TOKEN_SECONDS,
            "sub": settings.public_url,
        }
    )
    info = {
        "endpoint": subscription.endpoint,
        "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth},
    }
    try:
        with requests.Session() as session:
            session.max_redirects = 0  # nowhere else than where it may go
            answer = WebPusher(info, requests_session=session).send(
                json.dumps(payload),
                headers | {"Urgency": "high"},
                ttl=seconds,
                timeout=settings.push_timeout_seconds,
            )
    except (requests.RequestException, WebPushException, ValueError) as failure:
        raise NotPushed(type(failure).__name__) from None
    if answer.status_code in _NO_LONGER:
        raise Gone(f"status {answer.status_code}")
    if not 200 <= answer.status_code < 300:
        raise NotPushed(f"status {answer.status_code}")


def _asked(endpoint: str) -> str | None:
    """Return the host that would be connected to: the sender reads an address in its own way."""
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        return parse_url(endpoint).host
    except LocationParseError:
        return None


def _fits(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
