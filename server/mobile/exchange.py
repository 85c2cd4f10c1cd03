"""The agreement on a new mobile key: neither it nor the PIN travels in the clear.

Both sides make a P-256 pair for this one registration. From the x coordinate of what they share,
HKDF-SHA256 (RFC 5869) makes the OCRA key and the key that seals the PIN; the salt is the hash of
the registration's bearer token, so what one registration agrees on is of no use in another.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CURVE = ec.SECP256R1()
POINT_BYTES = 65
_KEY_BYTES = 32
_IV_BYTES = 12
_OCRA = b"challng mobile key 1 ocra"
_PIN = b"challng mobile key 1 pin"
_BOUND = b"pin"


@dataclass(frozen=True)
class Agreed:
    """What both sides know after the exchange."""

    ocra_key: bytes = field(repr=False)
    pin_key: bytes = field(repr=False)


def new_private() -> bytes:
    """Make the private half of an exchange."""
    return private_bytes(ec.generate_private_key(CURVE))


def private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key as its number, 32 bytes."""
    return key.private_numbers().private_value.to_bytes(_KEY_BYTES, "big")


def public_point(private: bytes) -> bytes:
    """Return the uncompressed point that belongs to a private half."""
    return (
        _private(private)
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )


def is_point(given: bytes) -> bool:
    """Tell whether bytes are an uncompressed point on the curve."""
    try:
        _public(given)
    except ValueError:
        return False
    return True


def agree(private: bytes, theirs: bytes, bearer: str) -> Agreed:
    """Derive what is shared with the holder of the other half; raises ValueError."""
    shared = _private(private).exchange(ec.ECDH(), _public(theirs))
    salt = hashlib.sha256(bearer.encode("ascii")).digest()

    def derived(info: bytes) -> bytes:
        return HKDF(hashes.SHA256(), _KEY_BYTES, salt, info).derive(shared)

    return Agreed(derived(_OCRA), derived(_PIN))


def open_pin(agreed: Agreed, sealed: bytes) -> str:
    """Open a PIN sealed as iv (12 bytes) and ciphertext; raises ValueError."""
    try:
        plain = AESGCM(agreed.pin_key).decrypt(sealed[:_IV_BYTES], sealed[_IV_BYTES:], _BOUND)
    except InvalidTag:
        raise ValueError("the PIN does not open") from None
    return plain.decode("ascii", "replace")


def _private(number: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(number, "big"), CURVE)


def _public(point: bytes) -> ec.EllipticCurvePublicKey:
    if len(point) != POINT_BYTES:
        raise ValueError("not an uncompressed point")
    return ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
