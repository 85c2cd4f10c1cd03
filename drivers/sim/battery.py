"""Simulated fuel gauges: chips on the simulated bus, with the registers of the real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drivers.battery import Max17048, PiSugar3


@dataclass
class SimBattery:
    """A battery and the chip that tells of it; set the values, the registers follow."""

    address: ClassVar[int]

    percent: float = 80.0
    volts: float = 3.9
    charging: bool = False
    _register: int = 0

    def write(self, payload: bytes) -> None:
        """Take the register that the next read begins at; the rest is not simulated."""
        if payload:
            self._register = payload[0]

    def read(self, count: int) -> bytes:
        """Return `count` bytes of the registers from the chosen one on; unknown ones are 0."""
        registers = self._registers()
        return bytes(registers.get(self._register + offset, 0) for offset in range(count))

    def _registers(self) -> dict[int, int]:
        """All bytes that the chip has, by address."""
        return {}


class SimMax17048(SimBattery):
    """A MAX17048; a charged cell gains ten percent an hour, another loses ten."""

    address = Max17048.address

    def _registers(self) -> dict[int, int]:
        words = {
            0x02: round(self.volts / 78.125e-6),
            0x04: round(self.percent * 256),
            0x16: round((10 if self.charging else -10) / 0.208) & 0xFFFF,
        }
        return {
            register + byte: value >> shift & 0xFF
            for register, value in words.items()
            for byte, shift in ((0, 8), (1, 0))
        }


class SimPiSugar3(SimBattery):
    """A PiSugar 3."""

    address = PiSugar3.address

    def _registers(self) -> dict[int, int]:
        millivolts = round(self.volts * 1000)
        return {
            0x02: 0x80 if self.charging else 0,
            0x22: millivolts >> 8,
            0x23: millivolts & 0xFF,
            0x2A: round(self.percent),
        }
