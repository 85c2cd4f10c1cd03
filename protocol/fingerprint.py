"""A short name for a key that tells nothing of the key."""

from __future__ import annotations

import hmac

LABEL = b"challng key fingerprint 1"
BYTES = 8


def fingerprint(key: bytes) -> bytes:
    """The first 8 bytes of HMAC-SHA256 of a fixed label under `key`.

    Two ends that hold the same key find the same; nobody else can compute or undo it.
    """
    return hmac.digest(key, LABEL, "sha256")[:BYTES]


def key_id(serial: str, slot: str, key: bytes) -> str:
    """The key_id of a card record: serial, slot, and four bytes of the fingerprint."""
    return f"{serial}-{slot}-{fingerprint(key).hex()[:8]}"
