"""Master keys and the values sealed under them (AES-256-GCM).

A sealed value is: one version byte (1), four bytes naming the master key, a 12-byte nonce, then
ciphertext and tag. The associated data is the place of the value (`table.column:row`), so that a
value copied to another row or column does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..errors import MasterKeyMissing, SealBroken, SettingsRefused
from . import files

VERSION = 1
KEY_BYTES = 32
_ID_BYTES = 4
_NONCE_BYTES = 12
_HEADER = 1 + _ID_BYTES
_COMMENT = (
    "# Master keys of a Challng verifier, one in each line, the newest last.\n"
    "# Whoever has this file and the database has every PIN and card key. Keep a copy offline.\n"
)


@dataclass(frozen=True)
class KeySource:
    """Where the master keys come from: a file, or a text given in the environment."""

    label: str
    path: Path | None = None
    text: str | None = None

    def read(self) -> str:
        """Return the text that holds the keys."""
        if self.path is None:
            return self.text or ""
        try:
            return self.path.read_text("ascii")
        except (OSError, UnicodeDecodeError):
            raise SettingsRefused(
                f"The master key cannot be read from {self.label}: "
                "put the file back, or give its place in CHALLNG_MASTER_KEY_FILE."
            ) from None

    def stamp(self) -> tuple[int, int] | None:
        """Return what changes when the file is replaced."""
        if self.path is None:
            return None
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino


def find_source(data: Path, environment: Mapping[str, str] = os.environ) -> KeySource:
    """Choose the source: variable, file named by a variable, systemd credential, data directory."""
    text = environment.get("CHALLNG_MASTER_KEY")
    if text:
        return KeySource("CHALLNG_MASTER_KEY", text=text)
    named = environment.get("CHALLNG_MASTER_KEY_FILE")
    if named:
        return KeySource(named, path=Path(named))
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    if credentials:
        path = Path(credentials) / "challng-master-key"
        if path.exists():
            return KeySource(str(path), path=path)
    path = data / "master.key"
    return KeySource(str(path), path=path)


class Keyring:
    """The master keys in use: the newest seals, every one opens."""

    def __init__(self, source: KeySource) -> None:
        self.source = source
        self._ciphers: dict[bytes, AESGCM] = {}
        self._newest = b""
        self._stamp: tuple[int, int] | None = None
        self.reload()

    @property
    def newest(self) -> bytes:
        """The id of the key that seals."""
        return self._newest

    def reload(self) -> None:
        """Read the keys anew."""
        stamp = self.source.stamp()
        keys = _parse(self.source.read(), self.source.label)
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._newest = _key_id(keys[-1])
        self._stamp = stamp

    def seal(self, plain: bytes, place: str) -> bytes:
        """Seal `plain` for `place`, such as `cards.pin_sealed:7`."""
        if self.source.stamp() != self._stamp:  # another process added a key
            self.reload()
        newest = self._newest
        nonce = os.urandom(_NONCE_BYTES)
        head = bytes([VERSION]) + newest
        return head + nonce + self._ciphers[newest].encrypt(nonce, plain, _bound(head, place))

    def open(self, sealed: bytes, place: str) -> bytes:
        """Open a value sealed for the same place, or raise SealBroken."""
        if len(sealed) < _HEADER + _NONCE_BYTES or sealed[0] != VERSION:
            raise SealBroken(f"The sealed value at {place} is damaged: restore it from a backup.")
        head, nonce = sealed[:_HEADER], sealed[_HEADER : _HEADER + _NONCE_BYTES]
        cipher = self._ciphers.get(head[1:])
        if cipher is None:
            self.reload()
            cipher = self._ciphers.get(head[1:])
        if cipher is None:
            raise MasterKeyMissing(
                f"The value at {place} was sealed under master key {head[1:].hex()}, which is not "
                f"in {self.source.label}: put that key back."
            )
        try:
            return cipher.decrypt(nonce, sealed[_HEADER + _NONCE_BYTES :], _bound(head, place))
        except InvalidTag:
            raise SealBroken(
                f"The sealed value at {place} is damaged or was moved: restore it from a backup."
            ) from None

    def is_newest(self, sealed: bytes) -> bool:
        """Tell whether a value is sealed under the newest key."""
        return sealed[:_HEADER] == bytes([VERSION]) + self._newest


def create_file(path: Path) -> None:
    """Write a new key file with one random key, readable by its owner alone."""
    files.write_new(path, (_COMMENT + _line(os.urandom(KEY_BYTES))).encode("ascii"))


def add_key(path: Path) -> None:
    """Add a random key as the newest; the file is replaced in one step."""
    old = KeySource(str(path), path=path).read()
    _parse(old, str(path))
    text = old if old.endswith("\n") else old + "\n"
    files.replace(path, (text + _line(os.urandom(KEY_BYTES))).encode("ascii"))


def _line(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii") + "\n"


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"challng master key id\0" + key).digest()[:_ID_BYTES]


def _bound(head: bytes, place: str) -> bytes:
    return head + place.encode("utf-8")


def _parse(text: str, label: str) -> list[bytes]:
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        try:
            key = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != KEY_BYTES:
            raise SettingsRefused(
                f"Line {number} of the master key from {label} is not a key: "
                "each line is 32 random bytes in base64 (openssl rand -base64 32)."
            )
        keys.append(key)
    if not keys:
        raise SettingsRefused(
            f"There is no master key in {label}: put the file of this verifier back."
        )
    return keys
