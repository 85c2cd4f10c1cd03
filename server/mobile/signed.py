"""Requests that a phone signs.

`Authorization: Challng-Key serial="MK12345678",at="1764000000000",signature="..."`: ECDSA P-256
with SHA-256 (r and s, 32 bytes each) over the method, the path, the moment in milliseconds, and the
hash of the body. So a request says what it said, to us, at that moment, and nothing else.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sqlalchemy import bindparam, select
from starlette.requests import Request

from ..db.tables import devices, mobile_keys, users
from ..errors import KeyRevoked, KeyUnknown, NotAllowed
from ..factors.kinds import DeviceKind
from ..states.device import DeviceState, state_at
from ..threads import aside
from ..words import N_

if TYPE_CHECKING:  # registering is one of its parts, and looks at signatures too
    from ..verifier import Verifier

CLOCKS_APART = timedelta(seconds=90)
"""How far a phone's clock may be from ours."""

_HEADER = re.compile(
    r'Challng-Key serial="(MK[0-9]{8})",at="([0-9]{13})",signature="([A-Za-z0-9_-]{86})"'
)
_UNKNOWN = N_(
    "This phone is not known here, or its clock is wrong. Set the clock of the phone; if that does "
    "not help, register the phone anew."
)
_REVOKED = N_("This mobile key has ended. Register the phone anew to use it again.")
NOT_ACTIVE = N_(
    "This mobile key cannot be used now: it was reported lost, or rests. Call the desk."
)
_FIND = (
    select(devices, mobile_keys.c.sign_key, mobile_keys.c.element, users.c.name.label("user"))
    .join(mobile_keys, mobile_keys.c.device_id == devices.c.id)
    .join(users, users.c.id == devices.c.owner_id)
    .where(
        devices.c.serial == bindparam("the_serial"),
        devices.c.kind == DeviceKind.MOBILE_KEY.value,
    )
    .order_by(devices.c.id.desc())
)


@dataclass(frozen=True)
class SignedHeader:
    """What the header says; nothing of it is checked yet."""

    serial: str
    at: int
    signature: bytes


@dataclass(frozen=True)
class Phone:
    """The mobile key that has signed a request."""

    device_id: int
    serial: str
    user_id: int
    user: str
    element: str
    sign_key: bytes
    locked: bool


def read(header: str) -> SignedHeader | None:
    """Return the parts of an Authorization header, or None where it is another one."""
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    return SignedHeader(found[1], int(found[2]), from_b64url(found[3]))


def message(method: str, path: str, at: int, body: bytes) -> bytes:
    """Return what a phone signs of a request."""
    return f"{method}\n{path}\n{at}\n{hashlib.sha256(body).hexdigest()}".encode()


def is_signed_by(sign_key: bytes, signature: bytes, signed: bytes) -> bool:
    """Check a signature of 64 bytes by a public key, an uncompressed point of P-256."""
    if len(signature) != 64:
        return False
    numbers = (int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sign_key)
        key.verify(encode_dss_signature(*numbers), signed, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def from_b64url(text: str) -> bytes:
    """Read base64url without padding; raises ValueError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError("not base64url") from None


def is_near(at: int, now: datetime) -> bool:
    """Tell whether a moment in milliseconds is the present one, as far as clocks agree."""
    return abs(at / 1000 - now.timestamp()) <= CLOCKS_APART.total_seconds()


def signed(verifier: Verifier) -> Callable[[Request], Awaitable[Phone]]:
    """Return a dependency that gives the mobile key that has signed a request.

    Raises KeyUnknown, KeyRevoked, or NotAllowed for a key that is neither active nor over.
    """

    async def phone(request: Request) -> Phone:
        body = await request.body()
        header = read(request.headers.get("authorization", ""))
        if header is None:
            raise KeyUnknown(_UNKNOWN)
        what = message(request.method, request.url.path, header.at, body)
        return await aside.run(find, verifier, header, what)

    return phone


def find(verifier: Verifier, header: SignedHeader, what: bytes) -> Phone:
    """Return the mobile key that has signed `what`; raises as the dependency does."""
    now = verifier.clock.now()
    if not is_near(header.at, now):
        raise KeyUnknown(_UNKNOWN)
    with verifier.database.reading() as connection:
        row = connection.execute(_FIND, {"the_serial": header.serial}).first()
    if row is None or not is_signed_by(row.sign_key, header.signature, what):
        raise KeyUnknown(_UNKNOWN)
    state = state_at(row, now)
    if state is DeviceState.REVOKED:
        raise KeyRevoked(_REVOKED)
    if state is not DeviceState.ACTIVE:
        raise NotAllowed(NOT_ACTIVE)
    return Phone(
        row.id,
        row.serial,
        row.owner_id,
        row.user,
        row.element,
        row.sign_key,
        row.locked_at is not None,
    )
