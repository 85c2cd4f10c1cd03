"""How a card is wired. Checked on making, so that a wrong wiring never reaches a pin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

from drivers.errors import SettingError

DisplayDriver = Literal["ssd1306", "sh1106"]
GaugeKind = Literal["max17048", "pisugar"]
_HEADER_PINS = range(28)  # GPIO0..GPIO27: what a Pi's 40-pin header brings out
_I2C_ADDRESSES = range(0x08, 0x78)  # the others are reserved by the I2C specification
_SIZES = ((128, 64), (128, 32))


@dataclass(frozen=True)
class PadLayout:
    """A keypad: BCM numbers of its row and column pins, and its keys, one string per row."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.rows or not self.columns:
            raise SettingError("a keypad needs at least one row pin and one column pin")
        if len(self.keys) != len(self.rows):
            raise SettingError(
                f"a keypad with {len(self.rows)} row pins needs as many rows of keys, "
                f"not {len(self.keys)}"
            )
        for row in self.keys:
            if len(row) != len(self.columns):
                raise SettingError(
                    f"each row of keys needs {len(self.columns)} keys, one per column pin: {row!r}"
                )
        _check_pins(*self.rows, *self.columns)
        twice = [key for key, count in Counter("".join(self.keys)).items() if count > 1]
        if twice:
            raise SettingError(f"each key may be on the pad once: {' '.join(twice)} is there again")

    def crossing(self, key: str) -> tuple[int, int]:
        """Return the row pin and the column pin that `key` joins."""
        for pin, row in zip(self.rows, self.keys, strict=True):
            if key in row and len(key) == 1:
                return pin, self.columns[row.index(key)]
        raise SettingError(f"there is no key {key!r} on this pad; it has {' '.join(self.keys)}")


@dataclass(frozen=True)
class DisplaySettings:
    """A display: its controller, size in pixels, I2C bus number and address, contrast, rotation."""

    driver: DisplayDriver = "ssd1306"
    width: int = 128
    height: int = 64
    bus: int = 1
    address: int = 0x3C
    contrast: int = 0xCF
    rotate: Literal[0, 180] = 0

    def __post_init__(self) -> None:
        if self.driver not in get_args(DisplayDriver):
            raise SettingError(f"the display driver is ssd1306 or sh1106, not {self.driver!r}")
        if (self.width, self.height) not in _SIZES:
            raise SettingError(f"a display has 128x64 or 128x32, not {self.width}x{self.height}")
        if self.bus < 0:
            raise SettingError(f"an I2C bus has a number from 0 up, not {self.bus}")
        if self.address not in _I2C_ADDRESSES:
            raise SettingError(f"an I2C address is 0x08 to 0x77, mostly 0x3C: {self.address:#04x}")
        if not 0 <= self.contrast <= 255:
            raise SettingError(f"the contrast is 0 to 255, not {self.contrast}")
        if self.rotate not in (0, 180):
            raise SettingError(f"a display is turned by 0 or 180 degrees, not {self.rotate}")


@dataclass(frozen=True)
class GaugeSettings:
    """A battery's fuel gauge: which one, and its I2C bus; its address is fixed."""

    kind: GaugeKind
    bus: int = 1

    def __post_init__(self) -> None:
        if self.kind not in get_args(GaugeKind):
            raise SettingError(f"a fuel gauge is a max17048 or a pisugar, not {self.kind!r}")
        if self.bus < 0:
            raise SettingError(f"an I2C bus has a number from 0 up, not {self.bus}")


@dataclass(frozen=True)
class BoardSettings:
    """The whole card: keypad, press button (BCM pin; whether pressing pulls it low), display.

    `gauge` is None on a card without a fuel gauge, `cable` empty on one without a pairing port.
    """

    pad: PadLayout
    press_pin: int
    press_active_low: bool = True
    display: DisplaySettings = DisplaySettings()
    gauge: GaugeSettings | None = None
    cable: str = ""

    def __post_init__(self) -> None:
        _check_pins(*self.pad.rows, *self.pad.columns, self.press_pin)


def _check_pins(*pins: int) -> None:
    for pin in pins:
        if pin not in _HEADER_PINS:
            raise SettingError(f"a pin is a BCM number from 0 to 27, not {pin}")
    twice = sorted(pin for pin, count in Counter(pins).items() if count > 1)
    if twice:
        raise SettingError(f"GPIO {twice[0]} is used twice: each pin has one wire")
