"""The cryptography of pairing: commitment, number, keys, confirmations.

Everything is bound to one label with the version in it, and to every byte that was sent.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from protocol import card_suite

from .errors import AbortReason, PairingError
from .messages import SHARE_BYTES

VERSION = 1
"""The only version there is; it is part of every label below."""
NUMBERS = 10**6
"""How many numbers two people can compare: six digits."""
_LABEL = f"challng pairing {VERSION} ".encode()
_MAC_BYTES = 32


def key_length(suite: str) -> int:
    """Bytes of a card's key under this suite: as long as its hash. Raises SuiteUnsuitable."""
    return hashlib.new(card_suite.check(suite).hash).digest_size


def committed(public: bytes, nonce: bytes) -> bytes:
    """What the host sends before it has seen the card's share: hides it, and binds to it."""
    return hashlib.sha256(_LABEL + b"commitment" + public + nonce).digest()


class Transcript:
    """A hash over every frame that was sent, both ways, in order."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256(_LABEL + b"transcript")

    def add(self, frame: bytes) -> None:
        """One whole frame; frames carry their length, so their joints cannot be moved."""
        self._hash.update(frame)

    def digest(self) -> bytes:
        """The hash so far."""
        return self._hash.copy().digest()


def number(transcript: bytes) -> str:
    """Six digits for two people to compare: 256 bits modulo a million, so all are as likely."""
    digest = hashlib.sha256(_LABEL + b"number" + transcript).digest()
    return f"{int.from_bytes(digest, 'big') % NUMBERS:0{len(str(NUMBERS - 1))}}"


class Share:
    """This end's half: an X25519 key pair and a nonce, used once."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes_raw()
        self.nonce = secrets.token_bytes(SHARE_BYTES)

    def secret_with(self, public: bytes) -> bytes:
        """The X25519 secret; raises PairingError for a point that gives zero (RFC 7748, 6.1)."""
        try:
            secret = self._private.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:
            raise PairingError(AbortReason.POINT) from None
        if hmac.compare_digest(secret, bytes(len(secret))):
            raise PairingError(AbortReason.POINT)
        return secret


@dataclass(frozen=True, slots=True)
class Keys:
    """The card's key, and one key for each of the three messages that confirm it."""

    card: bytes = field(repr=False)
    card_confirm: bytes = field(repr=False)
    host_confirm: bytes = field(repr=False)
    done: bytes = field(repr=False)


def derive(secret: bytes, transcript: bytes, length: int) -> Keys:
    """All keys by HKDF-SHA256: the transcript is the salt, each key has its own label."""

    def key(label: bytes, count: int) -> bytes:
        return HKDF(SHA256(), count, salt=transcript, info=_LABEL + label).derive(secret)

    return Keys(
        card=key(b"card key", length),
        card_confirm=key(b"card confirm", _MAC_BYTES),
        host_confirm=key(b"host confirm", _MAC_BYTES),
        done=key(b"done", _MAC_BYTES),
    )


def mac(key: bytes, transcript: bytes) -> bytes:
    """A confirmation: who sends it has the key, and saw the same frames."""
    return hmac.digest(key, transcript, "sha256")


def check_mac(key: bytes, transcript: bytes, received: bytes) -> None:
    """Raise PairingError unless `received` is the confirmation; takes the same time either way."""
    if not hmac.compare_digest(mac(key, transcript), received):
        raise PairingError(AbortReason.CONFIRMATION)
