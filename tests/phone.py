"""A phone as the verifier meets it: the app's half of the protocol, with a soft authenticator.

Everything is done here once more, from the agreement's own words and with `cryptography` alone, so
that a mistake of the server's is not made twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import ocra
from server.clock import Clock

REGISTRATIONS = "/api/v1/mobile/registrations"
PROVE_SUITE = "OCRA-1:HOTP-SHA256-8:QH64-PSHA256"
CURVE = ec.SECP256R1()
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40


def b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def cbor(value: Any) -> bytes:
    """Just what an attestation needs of CBOR (RFC 8949)."""

    def head(major: int, number: int) -> bytes:
        if number < 24:
            return bytes([major << 5 | number])
        if number < 256:
            return bytes([major << 5 | 24, number])
        return bytes([major << 5 | 25]) + struct.pack(">H", number)

    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


@dataclass
class Authenticator:
    """A platform authenticator of software; `flags` say what it claims of its user and itself."""

    origin: str = "http://localhost"
    rp_id: str = "localhost"
    flags: int = UP | UV
    sign_count: int = 0
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    certificate: bytes | None = None
    """With `certificate_key`: its maker's word for it (packed attestation)."""
    certificate_key: ec.EllipticCurvePrivateKey | None = None

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """What `navigator.credentials.create` gives, as JSON."""
        numbers = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + struct.pack(">H", len(self.credential_id)) + self.credential_id
        data = self._data(AT) + attested + cbor(cose)
        client = self._client("webauthn.create", options["challenge"])
        statement: dict[str, Any] = {}
        if self.certificate_key is not None:
            signed = data + hashlib.sha256(client).digest()
            signature = self.certificate_key.sign(signed, ec.ECDSA(hashes.SHA256()))
            statement = {"alg": -7, "sig": signature, "x5c": [self.certificate]}
        made = {
            "fmt": "packed" if statement else "none",
            "attStmt": statement,
            "authData": data,
        }
        return self._told(
            {"clientDataJSON": b64url(client), "attestationObject": b64url(cbor(made))}
        )

    def get(self, challenge: bytes) -> dict[str, Any]:
        """What `navigator.credentials.get` gives, as JSON."""
        self.sign_count += 1
        data = self._data(0)
        client = self._client("webauthn.get", b64url(challenge))
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._told(
            {
                "clientDataJSON": b64url(client),
                "authenticatorData": b64url(data),
                "signature": b64url(signature),
                "userHandle": None,
            }
        )

    def _data(self, more: int) -> bytes:
        rp = hashlib.sha256(self.rp_id.encode()).digest()
        return rp + bytes([self.flags | more]) + struct.pack(">I", self.sign_count)

    def _client(self, what: str, challenge: str) -> bytes:
        told = {"type": what, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(told).encode()

    def _told(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": b64url(self.credential_id),
            "rawId": b64url(self.credential_id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": response,
        }


@dataclass
class Key:
    """One user's key in the app."""

    serial: str
    user: str
    element: str
    suite: str
    ocra_key: bytes = field(repr=False)
    sign_key: ec.EllipticCurvePrivateKey = field(repr=False)
    authenticator: Authenticator = field(repr=False)
    counter: int = 0

    def shows(self, challenge: str, pin: str | None = None) -> str:
        """A passcode; every one uses up a count. The PIN where the suite has one."""
        response = ocra.response(
            self.suite,
            self.ocra_key,
            question=challenge,
            counter=self.counter,
            pin=pin if self.element == "pin" else None,
        )
        self.counter += 1
        return response

    def sign(self, message: bytes) -> bytes:
        """r and s, 32 bytes each."""
        r, s = decode_dss_signature(self.sign_key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def header(self, method: str, path: str, body: bytes, clock: Clock) -> dict[str, str]:
        """The header that signs a request."""
        at = int(clock.now().timestamp() * 1000)
        digest = hashlib.sha256(body).hexdigest()
        signature = b64url(self.sign(f"{method}\n{path}\n{at}\n{digest}".encode()))
        value = f'Challng-Key serial="{self.serial}",at="{at}",signature="{signature}"'
        return {"Authorization": value}

    def proof(self, message: bytes, pin: str) -> str:
        """The proof that whoever approves knows the PIN."""
        question = hashlib.sha256(message).hexdigest()
        return ocra.response(PROVE_SUITE, self.ocra_key, question=question, pin=pin)


@dataclass
class Phone:
    """The app on one phone, speaking to the verifier through an HTTP client."""

    client: Any
    clock: Clock
    authenticator: Authenticator = field(default_factory=Authenticator)
    installation: str = field(default_factory=lambda: b64url(os.urandom(16)))
    keys: list[Key] = field(default_factory=list)

    # --- requests

    def post(self, path: str, body: Any, bearer: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return self.client.post(path, json=body, headers=headers)

    def sign(self, key: Key, method: str, path: str, body: Any = None) -> Any:
        """Send a request that a key has signed."""
        content = b"" if body is None else json.dumps(body).encode()
        headers = key.header(method, path, content, self.clock)
        if content:
            headers["Content-Type"] = "application/json"
        return self.client.request(method, path, content=content, headers=headers)

    # --- registration, step by step

    def begin(self, username: str, password: str, purpose: str = "register", **more: Any) -> Any:
        body = {
            "username": username,
            "password": password,
            "installation": self.installation,
            "phone": "Chrome on Android",
            "purpose": purpose,
        }
        return self.post(REGISTRATIONS, body | more)

    def agree_beside(self, key: Key, username: str) -> dict[str, Any]:
        """What a key that is there already signs, so that another user may come beside it."""
        at = int(self.clock.now().timestamp() * 1000)
        message = f"challng beside 1\n{username}\n{self.installation}\n{at}".encode()
        signature = b64url(key.sign(message))
        return {"beside": key.serial, "beside_at": at, "beside_signature": signature}

    def element(
        self, bearer: str, proved: dict[str, Any], element: str = "pin", pin: str = "k7Qm2"
    ) -> tuple[dict[str, Any], Key]:
        """The body of the last step, and the key that it makes."""
        ours, signing = ec.generate_private_key(CURVE), ec.generate_private_key(CURVE)
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(
            CURVE, from_b64url(proved["exchange"])
        )
        shared = ours.exchange(ec.ECDH(), theirs)
        salt = hashlib.sha256(bearer.encode()).digest()

        def derived(info: bytes) -> bytes:
            return HKDF(hashes.SHA256(), 32, salt, info).derive(shared)

        iv = os.urandom(12)
        sealed = AESGCM(derived(b"challng mobile key 1 pin")).encrypt(iv, pin.encode(), b"pin")
        credential = None
        if element == "webauthn":
            credential = self.authenticator.create(proved["webauthn"])
        body = {
            "element": element,
            "exchange": b64url(point(ours)),
            "sign_key": b64url(point(signing)),
            "pin": b64url(iv + sealed),
            "credential": credential,
        }
        key = Key(
            serial="",
            user=proved["user"],
            element=element,
            suite=proved["suites"][element],
            ocra_key=derived(b"challng mobile key 1 ocra"),
            sign_key=signing,
            authenticator=self.authenticator,
        )
        return body, key

    def finish(
        self, bearer: str, proved: dict[str, Any], element: str = "pin", pin: str = "k7Qm2"
    ) -> Key:
        """The last step; the key is in the app from then on."""
        body, key = self.element(bearer, proved, element, pin)
        answer = self.post(f"{REGISTRATIONS}/element", body, bearer)
        assert answer.status_code == 200, answer.text
        key.serial = answer.json()["serial"]
        self.keys.append(key)
        return key
