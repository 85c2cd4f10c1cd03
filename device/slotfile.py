"""The bytes of one slot's file, version 1.

    "CHSLOT"  6 bytes    what this is
    version   1 byte     1
    kind      1 byte     which sealer's key (device.sealing)
    slot      1 byte     "A".."D": a file renamed to another slot is refused
    nonce     12 bytes   new for every write
    sealed    n bytes    AES-256-GCM of the record in JSON, everything above as associated data
    checksum  32 bytes   SHA-256 of everything above

The checksum needs no key, so a damaged file is told apart from one sealed under another key.
"""

import hashlib
import hmac
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from device.errors import RecordRefused, SealingKeyWrong, StoreDamaged
from device.record import CardKey
from device.sealing import Sealer

_MAGIC = b"CHSLOT"
_VERSION = 1
_HEADER = len(_MAGIC) + 3
_NONCE = 12
_TAG = 16
_CHECKSUM = hashlib.sha256().digest_size


def encode(slot: str, record: CardKey, sealer: Sealer) -> bytes:
    """The file's bytes for `record` in `slot`."""
    header = _MAGIC + bytes((_VERSION, sealer.kind)) + slot.encode("ascii")
    nonce = os.urandom(_NONCE)
    plain = json.dumps(
        {
            "serial": record.serial,
            "suite": record.suite,
            "key": record.key.hex(),
            "counter": record.counter,
            "issuer": record.issuer,
        }
    ).encode("utf-8")
    body = header + nonce + AESGCM(sealer.key()).encrypt(nonce, plain, header + nonce)
    return body + hashlib.sha256(body).digest()


def decode(slot: str, data: bytes, sealer: Sealer, where: str) -> CardKey:
    """The record in `data`; `where` names the file in errors.

    Raises `StoreDamaged` when the bytes are not what was written, `SealingKeyWrong` when they
    are, but under another key.
    """
    body, checksum = data[:-_CHECKSUM], data[-_CHECKSUM:]
    if (
        len(body) < _HEADER + _NONCE + _TAG
        or not body.startswith(_MAGIC)
        or not hmac.compare_digest(hashlib.sha256(body).digest(), checksum)
    ):
        raise StoreDamaged(
            f"{where} is damaged ({len(data)} bytes, checksum or heading wrong): "
            "load a new key into this slot; the old one cannot be used"
        )
    version, kind = body[len(_MAGIC)], body[len(_MAGIC) + 1]
    if version != _VERSION:
        raise StoreDamaged(
            f"{where} has format version {version}, expected {_VERSION}: "
            "it was written by another version of this software; use that one, or load a new key"
        )
    if body[_HEADER - 1 : _HEADER] != slot.encode("ascii"):
        raise StoreDamaged(
            f"{where} was written for another slot than {slot}: give the file its old name back"
        )
    if kind != sealer.kind:
        raise SealingKeyWrong(
            f"{where} was sealed under another kind of key (kind {kind}) than {sealer.name} "
            f"(kind {sealer.kind}): read it on the card that wrote it, or load a new key"
        )
    header_and_nonce = body[: _HEADER + _NONCE]
    nonce = header_and_nonce[_HEADER:]
    try:
        plain = AESGCM(sealer.key()).decrypt(nonce, body[_HEADER + _NONCE :], header_and_nonce)
    except InvalidTag:
        raise SealingKeyWrong(
            f"{where} is whole, but {sealer.name} does not open it: "
            "put back the sealing key it was written under, or load a new key"
        ) from None
    return _record(plain, where)


def _record(plain: bytes, where: str) -> CardKey:
    try:
        fields = json.loads(plain)
        return CardKey(
            serial=fields["serial"],
            suite=fields["suite"],
            key=bytes.fromhex(fields["key"]),
            counter=fields["counter"],
            issuer=fields["issuer"],
        )
    except (ValueError, LookupError, TypeError, RecordRefused):
        # `from None`: the chained error would quote the record, key and all.
        raise StoreDamaged(
            f"{where} opens, but holds no card record: load a new key into this slot"
        ) from None
