"""Six digits that travel by SMS: not stored, but computed again from what they are for."""

from __future__ import annotations

import hmac

from ..crypto.secrets_table import LOOKUP, Secrets

DIGITS = 6


def activation(secrets: Secrets, token_hash: bytes, sends: int) -> str:
    """Return the token of a registration's so-many-eth message; each message has another."""
    return _digits(secrets.mac(LOOKUP, "activation token", token_hash, str(sends)))


def login(secrets: Secrets, login_id: str) -> str:
    """Return the code of a login; each has another."""
    return _digits(secrets.mac(LOOKUP, "sms code", login_id))


def is_right(given: str, expected: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


def _digits(mac: bytes) -> str:
    return f"{int.from_bytes(mac, 'big') % 10**DIGITS:0{DIGITS}}"
