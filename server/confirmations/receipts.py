"""Receipts: what the verifier signs once an action was confirmed (JWS, RFC 7515, ES256).

The key is the verifier's own, sealed at rest; its public half is there for whoever has a receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from ..crypto.secrets_table import RECEIPTS, Secrets

_ALGORITHM = "ES256"
TYPE = "challng-receipt+jwt"


class Receipts:
    """Signs receipts, and tells the key that checks them."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a receipt, as one line."""
        key = self._key()
        header = {"alg": _ALGORITHM, "kid": key.thumbprint(), "typ": TYPE}
        return jwt.encode(header, dict(claims), key, algorithms=[_ALGORITHM])

    def public(self) -> dict[str, Any]:
        """Return the keys that receipts are checked with (JWK Set, RFC 7517)."""
        key = self._key()
        named = {"kid": key.thumbprint(), "use": "sig", "alg": _ALGORITHM}
        return {"keys": [{**key.as_dict(private=False), **named}]}

    def _key(self) -> ECKey:
        number = int.from_bytes(self._secrets.get(RECEIPTS), "big")
        return ECKey.import_key(ec.derive_private_key(number, ec.SECP256R1()))
