"""What a key file is encrypted under: a passphrase, or a key that both sides have already."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass, field

from ..errors import PskcError

KEY_BYTES = (16, 24, 32)
DEFAULT_NAME = "Pre-shared-key"


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A text that a person knows; the file's key is derived from it with PBKDF2."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        if not self.text:
            raise PskcError("a key file needs a passphrase: give one of at least a character")


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """An AES key of 16, 24 or 32 bytes, and the name that the file calls it by."""

    key: bytes = field(repr=False)
    name: str = DEFAULT_NAME

    def __post_init__(self) -> None:
        if len(self.key) not in KEY_BYTES:
            raise PskcError("a pre-shared key must be 16, 24 or 32 bytes (AES)")
        if not 1 <= len(self.name) <= 128 or not self.name.isprintable():
            raise PskcError("a pre-shared key's name must be 1 to 128 printable characters")

    @classmethod
    def parse(cls, text: str, name: str = DEFAULT_NAME) -> PreSharedKey:
        """The key written in hex or base64; raises PskcError."""
        text = "".join(text.split())
        key = b""
        if len(text) in {2 * size for size in KEY_BYTES}:
            try:
                key = bytes.fromhex(text)
            except ValueError:
                key = b""  # base64 of 24 bytes is as long as 16 bytes in hex
        if not key:
            try:
                key = b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                key = b""
        if len(key) not in KEY_BYTES:
            raise PskcError("a pre-shared key must be 16, 24 or 32 bytes in hex or base64")
        return cls(key, name)


Secret = Passphrase | PreSharedKey
