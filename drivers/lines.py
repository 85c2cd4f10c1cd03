"""The kernel's GPIO lines, by its own interface. Standard library only.

Structures and numbers: linux/gpio.h, version 2 of the interface (kernel 5.10).
"""

from __future__ import annotations

import os
import struct
from fcntl import ioctl
from pathlib import Path

DEVICES = Path("/dev")
HEADER_LABELS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""Labels of the chip that has the 40-pin header: Pi Zero to 3, Pi 4, Pi 5."""

INPUT, OUTPUT, BOTH_EDGES = 1 << 2, 1 << 3, 1 << 4 | 1 << 5
PULL_UP, PULL_DOWN, NO_PULL = 1 << 8, 1 << 9, 1 << 10

_CHIP_INFO, _GET_LINE = 0x8044B401, 0xC250B407
_SET_CONFIG, _GET_VALUES, _SET_VALUES = 0xC110B40D, 0xC010B40E, 0xC010B40F
_INFO = struct.Struct("=32s 32s I")  # name, label, lines
# Flags, how many attributes, the first of ten (its kind, value, and the lines it is for).
_CONFIG = struct.Struct("=Q I 20x I 4x Q Q 216x")
_LEVELS = 2
# The first of 64 offsets, consumer, configuration, how many lines, file descriptor.
_REQUEST = struct.Struct("=I 252x 32s 272s I 24x i")
_VALUES = struct.Struct("=Q Q")  # levels, and the lines that are meant
_EVENTS = 4096


def header_chip(devices: Path = DEVICES) -> Path | None:
    """Return the chip that has the header's pins, by its label; None if there is none.

    A number is no name: an expander, or another kernel, moves the header's chip from 0.
    """
    for path in sorted(devices.glob("gpiochip[0-9]*")):
        try:
            if _label(path) in HEADER_LABELS:
                return path
        except OSError:
            continue  # not ours to open
    return None


class Line:
    """One line of a chip, as long as it is open. Raises OSError where the kernel refuses."""

    def __init__(self, chip: Path, offset: int) -> None:
        device = os.open(chip, os.O_RDWR | os.O_CLOEXEC)
        try:
            request = bytearray(_REQUEST.pack(offset, b"challng", _config(INPUT, False), 1, 0))
            ioctl(device, _GET_LINE, request)
        finally:
            os.close(device)
        self.handle: int = _REQUEST.unpack(request)[-1]
        """Readable when there was an edge; reading does not block."""
        os.set_blocking(self.handle, False)

    def become(self, flags: int, high: bool = False) -> None:
        """Change direction, pull and edges in one step; an output is `high` from the start."""
        ioctl(self.handle, _SET_CONFIG, _config(flags, high))

    def read(self) -> bool:
        """Return the level: True is high."""
        values = bytearray(_VALUES.pack(0, 1))
        ioctl(self.handle, _GET_VALUES, values)
        return bool(_VALUES.unpack(values)[0])

    def write(self, high: bool) -> None:
        """Set the level of an output."""
        ioctl(self.handle, _SET_VALUES, _VALUES.pack(high, 1))

    def forget_edges(self) -> None:
        """Take the edges that were reported until now away."""
        try:
            while os.read(self.handle, _EVENTS):
                pass
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Give the line back."""
        os.close(self.handle)


def _config(flags: int, high: bool) -> bytes:
    if flags & OUTPUT:
        return _CONFIG.pack(flags, 1, _LEVELS, int(high), 1)
    return _CONFIG.pack(flags, 0, 0, 0, 0)


def _label(path: Path) -> str:
    device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        info = bytearray(_INFO.size)
        ioctl(device, _CHIP_INFO, info)
    finally:
        os.close(device)
    label: bytes = _INFO.unpack(info)[1]
    return label.split(b"\0")[0].decode("ascii", "replace")
