"""Reading and writing the bodies of messages; anything unexpected is PairingError."""

from __future__ import annotations

from .errors import AbortReason, PairingError


def text8(text: str) -> bytes:
    """UTF-8 after one byte of length; raises PairingError for a text of over 255 bytes."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > 255:
        raise PairingError(AbortReason.GARBAGE)
    return bytes([len(data)]) + data


class Reader:
    """Takes a body apart from its front."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, count: int) -> bytes:
        """The next `count` bytes, all of them."""
        piece = self._body[self._at : self._at + count]
        self.expect(len(piece) == count)
        self._at += count
        return piece

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def text8(self, most: int) -> str:
        """A text of at most `most` bytes."""
        length = self.byte()
        self.expect(length <= most)
        try:
            return self.take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise PairingError(AbortReason.GARBAGE) from None

    def end(self) -> None:
        """Nothing may be left."""
        self.expect(self._at == len(self._body))

    def expect(self, true: bool) -> None:
        """Raise PairingError unless `true`."""
        if not true:
            raise PairingError(AbortReason.GARBAGE)
