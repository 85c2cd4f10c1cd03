"""A push service on the loopback, and the browser behind it, which decrypts what it is given."""

from __future__ import annotations

import base64
import json
import os
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.phone import CURVE, b64url, from_b64url, point


@dataclass
class Pushed:
    """One message as it came: its headers, and what the browser makes of its body."""

    headers: dict[str, str]
    payload: Any

    def token(self) -> dict[str, Any]:
        """The claims of the sender's token (RFC 8292), once its signature is found right."""
        scheme, _, rest = self.headers["authorization"].partition(" ")
        assert scheme == "vapid"
        parts = dict(each.strip().split("=", 1) for each in rest.split(","))
        head, body, signature = parts["t"].split(".")
        assert json.loads(from_b64url(head)) == {"typ": "JWT", "alg": "ES256"}
        raw = from_b64url(signature)
        key = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, from_b64url(parts["k"]))
        halves = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        key.verify(
            encode_dss_signature(*halves), f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())
        )
        claims: dict[str, Any] = json.loads(from_b64url(body))
        return claims | {"k": parts["k"]}


@dataclass
class PushService:
    """`answers`: the status of the next message; `holds`: it waits for this before it answers."""

    port: int = 0
    status: int = 201
    holds: threading.Event | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    came: queue.Queue[Pushed] = field(default_factory=queue.Queue)
    asked: list[str] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def subscription(self) -> dict[str, Any]:
        """What `PushSubscription.toJSON` gives."""
        return {
            "endpoint": f"{self.origin}/send/secret-address",
            "expirationTime": None,
            "keys": {"p256dh": b64url(point(self.key)), "auth": b64url(self.auth)},
        }

    def next(self) -> Pushed:
        return self.came.get(timeout=30)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.asked.append(path)
        if self.holds is not None:
            self.holds.wait(30)
        assert headers["content-encoding"] == "aes128gcm"
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.auth)
        self.came.put(Pushed(headers, json.loads(plain)))


@contextmanager
def push_service() -> Iterator[PushService]:
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.take(self.path, headers, body)
            self.send_response(service.status)
            if service.status in {301, 307}:
                self.send_header("Location", f"{service.origin}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


def public_of(private: bytes) -> str:
    """The point of a private P-256 number, as browsers subscribe with it."""
    key = ec.derive_private_key(int.from_bytes(private, "big"), CURVE)
    return base64.urlsafe_b64encode(point(key)).rstrip(b"=").decode()
