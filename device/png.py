"""A monochrome PNG of a frame, by the standard library alone (PNG, second edition, 2003)."""

import struct
import zlib

from drivers.frame import Frame

_LIT = (0xD8, 0xF4, 0xFF)
_DARK = (0x08, 0x0C, 0x10)


def png(frame: Frame, scale: int = 4) -> bytes:
    """The picture's bytes, each pixel `scale` x `scale` large, two colours, one bit per pixel."""
    rows = []
    for row in frame.rows():
        bits = "".join(("1" if pixel == "#" else "0") * scale for pixel in row)
        bits += "0" * (-len(bits) % 8)
        packed = int(bits, 2).to_bytes(len(bits) // 8, "big")
        rows.append((b"\0" + packed) * scale)
    header = struct.pack(">IIBBBBB", frame.width * scale, frame.height * scale, 1, 3, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data)
        for name, data in (
            (b"IHDR", header),
            (b"PLTE", bytes((*_DARK, *_LIT))),
            (b"IDAT", zlib.compress(b"".join(rows), 9)),
            (b"IEND", b""),
        )
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
