"""The battery, as a fuel gauge on I2C tells of it: percent, volts, and whether it is charged.

MAX17048: datasheet 19-6171, table 2. PiSugar 3: its I2C registers, as its maker documents them; its
other door, a TCP server of its own, wants a network and a second service. smbus2 is imported at the
first reading, so that a card without a gauge never loads it here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from drivers.errors import BatteryError
from drivers.settings import GaugeSettings

# A lithium cell is never outside of this while it runs a computer; a reading that is, is none.
_VOLTS = (2.0, 5.0)


@dataclass(frozen=True)
class Reading:
    """What a gauge says: 0 to 100 percent, volts of the cell, None where charging is not known."""

    percent: float
    volts: float
    charging: bool | None


class Gauge(ABC):
    """A fuel gauge; `read` opens its bus and closes it again."""

    #: The chip's I2C address.
    address: int
    #: What it is called in a sentence.
    name: str

    def __init__(self, bus: int) -> None:
        self._bus = bus

    def read(self) -> Reading:
        """Return what the gauge says now; BatteryError if it does not answer, or not sensibly."""
        try:
            reading = self._reading()
        except OSError as error:
            raise BatteryError(
                f"no {self.name} answers at address {self.address:#04x} on I2C bus {self._bus}: "
                "check its wires and battery.bus, or set battery.gauge to none"
            ) from error
        if not _VOLTS[0] <= reading.volts <= _VOLTS[1]:
            raise BatteryError(
                f"the {self.name} says {reading.volts:.2f} V, expected {_VOLTS[0]:g} to "
                f"{_VOLTS[1]:g}: check that its battery is connected"
            )
        return reading

    @abstractmethod
    def _reading(self) -> Reading:
        """Ask the chip."""

    def _registers(self, *starts: tuple[int, int]) -> list[bytes]:
        """Read registers: for each (first, how many bytes) its bytes, on one opening of the bus."""
        from smbus2 import SMBus, i2c_msg

        found = []
        with SMBus(self._bus) as bus:
            for register, count in starts:
                answer = i2c_msg.read(self.address, count)
                bus.i2c_rdwr(i2c_msg.write(self.address, [register]), answer)
                found.append(bytes(answer))
        return found


class Max17048(Gauge):
    """Registers of 16 bits, high byte first."""

    address = 0x36
    name = "MAX17048"
    _VCELL, _SOC, _CRATE = 0x02, 0x04, 0x16
    _VOLTS_STEP, _PERCENT_STEP, _RATE_STEP = 78.125e-6, 1 / 256, 0.208  # V, %, % an hour
    #: A cell that gains this much in an hour is being charged; less is the estimate's own unrest.
    _CHARGING = 1.0

    def _reading(self) -> Reading:
        volts, percent, rate = self._registers((self._VCELL, 2), (self._SOC, 2), (self._CRATE, 2))
        return Reading(
            # It may say a little over 100.
            percent=min(100.0, int.from_bytes(percent, "big") * self._PERCENT_STEP),
            volts=int.from_bytes(volts, "big") * self._VOLTS_STEP,
            charging=int.from_bytes(rate, "big", signed=True) * self._RATE_STEP >= self._CHARGING,
        )


class PiSugar3(Gauge):
    """Registers of 8 bits; external power counts as charging."""

    address = 0x57
    name = "PiSugar 3"
    _CONTROL, _VOLTS_HIGH, _VOLTS_LOW, _PERCENT = 0x02, 0x22, 0x23, 0x2A
    _POWERED = 0x80

    def _reading(self) -> Reading:
        control, high, low, percent = self._registers(
            (self._CONTROL, 1), (self._VOLTS_HIGH, 1), (self._VOLTS_LOW, 1), (self._PERCENT, 1)
        )
        return Reading(
            percent=min(100.0, float(percent[0])),
            volts=int.from_bytes(high + low, "big") / 1000,
            charging=bool(control[0] & self._POWERED),
        )


def gauge_of(settings: GaugeSettings | None) -> Gauge | None:
    """Return the gauge that the settings name; None for a card without one."""
    if settings is None:
        return None
    kind: type[Gauge] = Max17048 if settings.kind == "max17048" else PiSugar3
    return kind(settings.bus)
