"""Frames on a serial line: magic, kind, length, body, CRC-32.

    C5 9D | kind u8 | length u16 | body | CRC-32 (of kind, length and body) u32     big-endian

The CRC finds what a bad cable does; it protects against nobody, the transcript does that. Before
the very first frame some noise is skipped, because modem managers probe every new serial port;
after it every byte counts.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from .errors import AbortReason, PairingError

MAGIC = b"\xc5\x9d"
MAX_BODY = 512
MAX_NOISE = 256
_HEAD, _TAIL = len(MAGIC) + 3, 4


class FrameError(PairingError):
    """The bytes are no frame; the line is of no more use."""

    def __init__(self) -> None:
        super().__init__(AbortReason.GARBAGE)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `raw` is the whole of it as it went over the line."""

    kind: int
    body: bytes
    raw: bytes


def encode(kind: int, body: bytes) -> bytes:
    """The frame of a body of at most MAX_BODY bytes."""
    if len(body) > MAX_BODY:
        raise FrameError
    covered = bytes([kind]) + len(body).to_bytes(2, "big") + body
    return MAGIC + covered + zlib.crc32(covered).to_bytes(_TAIL, "big")


class Deframer:
    """Cuts a stream into frames, whatever pieces it comes in."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._noise = 0
        self._begun = False
        self._dead = False

    @property
    def noise(self) -> int:
        """How many bytes were skipped before the first frame."""
        return self._noise

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The frames that `data` completes, one by one, then FrameError if the next is none.

        Once FrameError was raised every further call raises it.
        """
        self._buffer += data
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        try:
            while (frame := self._next()) is not None:
                yield frame
        except FrameError:
            self._dead = True
            self._buffer.clear()
            raise

    def _next(self) -> Frame | None:
        if self._dead:
            raise FrameError
        if not self._begun:
            self._skip_noise()
        buffer = self._buffer
        if not MAGIC.startswith(bytes(buffer[: len(MAGIC)])):
            raise FrameError
        if len(buffer) < _HEAD:
            return None
        length = int.from_bytes(buffer[_HEAD - 2 : _HEAD], "big")
        if length > MAX_BODY:
            raise FrameError
        whole = _HEAD + length + _TAIL
        if len(buffer) < whole:
            return None
        raw = bytes(buffer[:whole])
        if zlib.crc32(raw[len(MAGIC) : -_TAIL]).to_bytes(_TAIL, "big") != raw[-_TAIL:]:
            raise FrameError
        del buffer[:whole]
        self._begun = True
        return Frame(raw[len(MAGIC)], raw[_HEAD:-_TAIL], raw)

    def _skip_noise(self) -> None:
        buffer = self._buffer
        start = buffer.find(MAGIC)
        if start < 0:
            # A first half of the magic at the end may be completed by the next bytes.
            start = len(buffer) - buffer.endswith(MAGIC[:1])
        self._noise += start
        del buffer[:start]
        if self._noise > MAX_NOISE:
            raise FrameError
