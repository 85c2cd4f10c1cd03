"""I2C writes by the kernel's own file, with nothing but the standard library: for the first screen.

What comes after the first screen goes through luma and smbus2; both put the same bytes on the bus.
"""

from __future__ import annotations

import os
from fcntl import ioctl

_I2C_SLAVE = 0x0703  # linux/i2c-dev.h


class RawWire:
    """One chip on one I2C bus. Every method raises OSError as the kernel does."""

    def __init__(self, bus: int, address: int) -> None:
        self._file = os.open(f"/dev/i2c-{bus}", os.O_RDWR)
        try:
            ioctl(self._file, _I2C_SLAVE, address)
        except OSError:
            self.close()
            raise

    def write(self, payload: bytes) -> None:
        """Send the chip one message."""
        os.write(self._file, payload)

    def close(self) -> None:
        """Let go of the bus."""
        os.close(self._file)
