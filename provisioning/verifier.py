"""A verifier's provisioning API: put a card there, confirm it, take it away.

Every call may be made again (the verifier answers the same), so each is tried a few times when
the line fails. Nothing of the environment (proxies, certificate files) changes where secrets go.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from protocol.pskc import CardRecord
from provisioning.errors import UrlRefused, VerifierRefused, VerifierUnreachable

_PATH = "/api/v1/provisioning"
_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 40.0  # a braked verifier makes callers wait up to 30 s
_MOST_BYTES = 65_536
_PAUSES = (0.5, 2.0)
"""Seconds before the second and the third try."""
_TRY_AGAIN = frozenset((502, 503, 504))


class Verifier:
    """One verifier, spoken to with one provisioning credential."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`ca` is a file of certificates trusted in place of the system's. Raises UrlRefused."""
        self.url = checked(url)
        self._sleep = sleep
        self._client = httpx.Client(
            headers={"Authorization": f"Bearer {_header_safe(token)}"},
            verify=_trust(ca),
            timeout=httpx.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def prepare(self, record: CardRecord, user: str, pin: str) -> str:
        """Put a card there; returns its state, which is `pending` unless it was confirmed before.

        Raises VerifierUnreachable or VerifierRefused, as all calls do.
        """
        return self._put(record, {"user": user, "pin": pin})

    def prepare_for_order(self, record: CardRecord, order: int) -> str:
        """Put a card there for an order that was taken; its user and PIN are the order's."""
        return self._put(record, {"order": order})

    def take_order(self) -> dict[str, object] | None:
        """Take the next order, the same one again until it is done; None where none waits."""
        order = self._call("POST", "orders/next").get("order")
        return order if isinstance(order, dict) else None

    def give_back(self, order: int) -> None:
        """Let an order wait again; the card that was prepared for it is forgotten."""
        self._call("POST", f"orders/{order}/give-back")

    def confirm(self, serial: str, key_id: str) -> None:
        """Make the card active: it surely holds its key."""
        self._call("POST", f"cards/{serial}/confirm", body={"key_id": key_id})

    def abandon(self, serial: str, key_id: str) -> None:
        """Have a pending card forgotten; one that is not there, or has another key, is no error."""
        try:
            self._call("DELETE", f"cards/{serial}", query={"key_id": key_id, "only": "pending"})
        except VerifierRefused as refused:
            if refused.name not in {"no-such-card", "card-conflict"}:
                raise

    def revoke(self, serial: str) -> str:
        """Take a card away for good; returns what it was, `active` or `pending`."""
        return str(self._call("DELETE", f"cards/{serial}").get("was", "gone"))

    # --- within

    def _put(self, record: CardRecord, whose: dict[str, object]) -> str:
        body = {
            "key_id": record.key_id,
            "suite": record.suite,
            "key": base64.b64encode(record.key).decode("ascii"),
            "counter": record.counter,
            "issuer": record.issuer,
            "challenge_length": record.challenge_length,
            **whose,
        }
        return str(self._call("PUT", f"cards/{record.serial}", body=body).get("state", ""))

    def _call(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, object] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, object]:
        failure: VerifierUnreachable | None = None
        for pause in (0.0, *_PAUSES):
            if pause:
                self._sleep(pause)
            try:
                return self._once(method, f"{self.url}{_PATH}/{path}", body, query)
            except VerifierUnreachable as error:
                failure = error
            except VerifierRefused as refused:
                if failure is not None and method == "DELETE" and refused.name == "no-such-card":
                    return {}  # the try before had come through, and its answer was lost
                raise
        assert failure is not None  # noqa: S101 - the loop ends in no other way
        raise failure

    def _once(
        self, method: str, url: str, body: dict[str, object] | None, query: dict[str, str] | None
    ) -> dict[str, object]:
        try:
            with self._client.stream(method, url, json=body, params=query) as response:
                status = response.status_code
                content = _read(response)
        except httpx.TimeoutException:
            raise VerifierUnreachable(
                f"the verifier {self.url} does not answer in time: look whether it runs, then do "
                "the same again"
            ) from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            raise VerifierUnreachable(self._why(error)) from None
        if status in _TRY_AGAIN:
            raise VerifierUnreachable(
                f"the verifier {self.url} cannot answer now (status {status}): do the same again "
                "in a minute"
            )
        if 300 <= status < 400:
            raise VerifierRefused(
                f"{self.url} sends callers on to another address, and secrets are not sent after "
                "it: give the verifier's own address"
            )
        return _understood(self.url, status, content)

    def _why(self, error: Exception) -> str:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return (
                f"the certificate of {self.url} is not trusted here: name the file of the one who "
                "signed it with --ca"
            )
        return f"the verifier {self.url} cannot be reached: check the address, and whether it runs"


def checked(url: str) -> str:
    """Return a verifier's address without a slash at its end; http only to this machine itself.

    Raises UrlRefused.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise UrlRefused("the verifier's address must be like https://login.example: correct it")
    if parts.username is not None or parts.query or parts.fragment or not url.isprintable():
        raise UrlRefused("the verifier's address has no user name, ? or # in it: leave them out")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UrlRefused(f"http://{host} would carry keys in the clear: give an address with https")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _header_safe(token: str) -> str:
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise VerifierRefused(
            "the token is not a provisioning credential: give the file that "
            "`challng-server provisioner add` wrote"
        )
    return token


def _trust(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError):
        raise UrlRefused(
            f"{ca} is no file of certificates (PEM) that can be read: name another with --ca"
        ) from None


def _read(response: httpx.Response) -> bytes:
    content = b""
    for piece in response.iter_bytes():
        content += piece
        if len(content) > _MOST_BYTES:
            raise httpx.StreamError("too long an answer")
    return content


def _understood(url: str, status: int, content: bytes) -> dict[str, object]:
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise VerifierUnreachable(
            f"what answers at {url} (status {status}) is not a verifier: check the address"
        )
    if 200 <= status < 300:
        return told
    name = str(told.get("type", "")).rpartition(":")[2]
    detail = " ".join(str(told.get("detail") or f"status {status}").split())[:500]
    raise VerifierRefused(f"the verifier refuses: {_plain(detail)}", name)


def _plain(text: str) -> str:
    """What comes from elsewhere steers no terminal."""
    return "".join(each if each.isprintable() else "?" for each in text).removesuffix(".")
