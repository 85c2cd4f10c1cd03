"""The encrypted file: a header in plain sight, then pieces sealed with AES-256-GCM.

    challng-backup 1 LF
    {"kdf": "scrypt", "log2n": 17, "r": 8, "p": 1, "salt": BASE64} LF      (or {"kdf": "key", ...})
    for each piece: its length (4 bytes, big-endian), ciphertext and tag

The file's key is HKDF-SHA256 over the stretched passphrase or the key given, with the whole header
as its info: a header that was touched opens nothing. A nonce is the piece's number (8 bytes) and
whether it is the last (4 bytes), so that pieces cannot be left out, moved, or cut off at the end.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ..errors import BackupRefused

_FORMAT = b"challng-backup 1\n"
_ANY_FORMAT = b"challng-backup "
_PIECE = 1 << 16
_TAG = 16
_SALT = 32
_LOG2N = 17  # 128 MiB and about half a second: OWASP's choice for scrypt
_MOST_LOG2N = 20
_R, _P = 8, 1
_LONGEST_HEADER = 1_024


class Secret(Protocol):
    """What a backup is sealed under."""

    def header(self) -> dict[str, object]:
        """Return what the header says of a new file under this secret."""

    def stretched(self, header: dict[str, object], salt: bytes) -> bytes:
        """Return key material for a file; raises BackupRefused where it is of another kind."""


@dataclass(frozen=True)
class Passphrase:
    """A passphrase, stretched by scrypt (RFC 7914); `log2n` is the cost of new files."""

    text: str = field(repr=False)
    log2n: int = _LOG2N

    def header(self) -> dict[str, object]:
        """Name the function and its cost."""
        return {"kdf": "scrypt", "log2n": self.log2n, "r": _R, "p": _P}

    def stretched(self, header: dict[str, object], salt: bytes) -> bytes:
        """Stretch it as the header says, within reason."""
        log2n = header.get("log2n")
        if header.get("kdf") != "scrypt":
            raise BackupRefused("The backup is under a key, not a passphrase: give --key-file.")
        if not isinstance(log2n, int) or not 1 <= log2n <= _MOST_LOG2N:
            raise BackupRefused("The backup's header is damaged: use another copy of it.")
        if (header.get("r"), header.get("p")) != (_R, _P):
            raise BackupRefused("The backup's header is damaged: use another copy of it.")
        return Scrypt(salt=salt, length=32, n=1 << log2n, r=_R, p=_P).derive(
            self.text.encode("utf-8")
        )


@dataclass(frozen=True)
class RawKey:
    """A key of 32 random bytes."""

    key: bytes = field(repr=False)

    def header(self) -> dict[str, object]:
        """Say that there is nothing to stretch."""
        return {"kdf": "key"}

    def stretched(self, header: dict[str, object], salt: bytes) -> bytes:
        """Return the key as it is."""
        if header.get("kdf") != "key":
            raise BackupRefused(
                "The backup is under a passphrase, not a key: give --passphrase-file."
            )
        return self.key


class Sealer:
    """Writes one encrypted file: `write` as often as wanted, then `finish`, once."""

    def __init__(self, file: BinaryIO, secret: Secret) -> None:
        salt = os.urandom(_SALT)
        told = secret.header() | {"salt": base64.b64encode(salt).decode("ascii")}
        header = _FORMAT + json.dumps(told).encode("ascii") + b"\n"
        file.write(header)
        self._file = file
        self._cipher = _cipher(secret.stretched(told, salt), salt, header)
        self._header = header
        self._number = 0
        self._waiting = bytearray()

    def write(self, content: bytes) -> None:
        """Add to the content."""
        self._waiting += content
        while len(self._waiting) > _PIECE:
            self._seal(bytes(self._waiting[:_PIECE]), last=False)
            del self._waiting[:_PIECE]

    def finish(self) -> None:
        """Write what is left, marked as the end."""
        self._seal(bytes(self._waiting), last=True)
        self._waiting.clear()

    def _seal(self, piece: bytes, *, last: bool) -> None:
        sealed = self._cipher.encrypt(_nonce(self._number, last), piece, self._header)
        self._file.write(len(sealed).to_bytes(4, "big") + sealed)
        self._number += 1


def opened(file: BinaryIO, secret: Secret) -> Iterator[bytes]:
    """Give the content of an encrypted file piece by piece, each only once it is found genuine.

    Raises BackupRefused where the file is none of ours, of another version, under another secret,
    damaged or cut; what came before that must not be used.
    """
    header = _read_header(file)
    told = _parsed(header)
    salt = _salt(told)
    cipher = _cipher(secret.stretched(told, salt), salt, header)
    number = 0
    length = file.read(4)
    while True:
        size = int.from_bytes(length, "big")
        if len(length) < 4 or not _TAG <= size <= _PIECE + _TAG:
            raise _broken(number)
        sealed = file.read(size)
        if len(sealed) != size:
            raise _broken(number)
        length = file.read(4)
        last = not length
        try:
            yield cipher.decrypt(_nonce(number, last), sealed, header)
        except InvalidTag:
            raise _broken(number) from None
        if last:
            return
        number += 1


def _broken(number: int) -> BackupRefused:
    if number == 0:
        return BackupRefused(
            "The backup does not open: the passphrase or key is another one, or the file is "
            "damaged. Check the one, then use another copy of the other."
        )
    return BackupRefused(
        f"The backup is damaged or cut off after piece {number}: use another copy of it."
    )


def _read_header(file: BinaryIO) -> bytes:
    first = file.readline(_LONGEST_HEADER)
    if first != _FORMAT:
        if first.startswith(_ANY_FORMAT):
            raise BackupRefused(
                "The backup is of another format: restore it with the program that made it."
            )
        raise BackupRefused("The file is not a backup of a verifier: check its name.")
    return first + file.readline(_LONGEST_HEADER)


def _parsed(header: bytes) -> dict[str, object]:
    try:
        told = json.loads(header[len(_FORMAT) :])
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BackupRefused("The backup's header is damaged: use another copy of it.")
    return told


def _salt(told: dict[str, object]) -> bytes:
    try:
        return base64.b64decode(str(told.get("salt")), validate=True)
    except (binascii.Error, ValueError):
        raise BackupRefused("The backup's header is damaged: use another copy of it.") from None


def _cipher(material: bytes, salt: bytes, header: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=header).derive(material))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(8, "big") + int(last).to_bytes(4, "big")
