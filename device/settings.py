"""Settings: `card.toml`, read once and checked whole, or the defaults.

A wrong file is refused with `file: section.key: expected ..., got ...`.
"""

import itertools
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from device.errors import SettingsError
from device.hold import HoldTimes
from device.power import Limits
from device.rules import Rules
from drivers.errors import DriverError
from drivers.settings import (
    BoardSettings,
    DisplayDriver,
    DisplaySettings,
    GaugeKind,
    GaugeSettings,
    PadLayout,
)

#: Read when it is there and no other file is named.
STANDARD_FILE = Path("/etc/challng/card.toml")
_HEADER_PINS = range(28)
_NEEDED_KEYS = frozenset("0123456789#*")
_PAD_KEYS = _NEEDED_KEYS | frozenset("ABCD")
# The wires of the first I2C bus, which is on the header at fixed pins.
_BUS_PINS = {1: (2, 3)}


@dataclass(frozen=True)
class Settings:
    """What `card.toml` says, in the form that the parts want it."""

    board: BoardSettings
    hold: HoldTimes
    rules: Rules
    halt_request: Path | None
    battery: Limits
    dim_contrast: int


@dataclass(frozen=True)
class _Option:
    default: object
    expected: str
    accepts: Callable[[object], bool]


def _whole(least: int, most: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and least <= value <= most


def _number(least: float, most: float) -> Callable[[object], bool]:
    return lambda value: type(value) in (int, float) and least <= cast(float, value) <= most


def _one_of(*allowed: object) -> Callable[[object], bool]:
    return lambda value: any(type(value) is type(one) and value == one for one in allowed)


def _list_of(accepts: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, list) and 1 <= len(value) <= 8 and all(accepts(one) for one in value)
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_path_or_empty(value: object) -> bool:
    return _is_text(value) and (value == "" or str(value).startswith("/"))


_pin = _whole(_HEADER_PINS[0], _HEADER_PINS[-1])
_A_PIN = "a BCM pin number from 0 to 27"
_PINS = "a list of BCM pin numbers from 0 to 27"
_HOLD = "seconds from 0.1 to 60"
_IDLE = "seconds from 5 to 600"
_GAUGE = ("none", "max17048", "pisugar")

_OPTIONS: dict[str, dict[str, _Option]] = {
    "keypad": {
        "rows": _Option([5, 6, 13, 19], _PINS, _list_of(_pin)),
        "columns": _Option([12, 16, 20, 21], _PINS, _list_of(_pin)),
        "keys": _Option(
            ["123A", "456B", "789C", "*0#D"], "a list of strings, one per row", _list_of(_is_text)
        ),
    },
    "press": {
        "pin": _Option(26, _A_PIN, _pin),
        "active_low": _Option(True, "true or false", _one_of(True, False)),
        "open_seconds": _Option(0.5, _HOLD, _number(0.1, 60)),
        "blank_seconds": _Option(3.0, _HOLD, _number(0.1, 60)),
        "halt_seconds": _Option(8.0, _HOLD, _number(0.1, 60)),
    },
    "display": {
        "driver": _Option("ssd1306", '"ssd1306" or "sh1106"', _one_of("ssd1306", "sh1106")),
        "size": _Option("128x64", '"128x64" or "128x32"', _one_of("128x64", "128x32")),
        "bus": _Option(1, "a bus number from 0 to 99", _whole(0, 99)),
        "address": _Option(0x3C, "an I2C address from 0x08 to 0x77", _whole(0x08, 0x77)),
        "contrast": _Option(0xCF, "a whole number from 0 to 255", _whole(0, 255)),
        "dim_contrast": _Option(0x08, "a whole number from 0 to 255", _whole(0, 255)),
        "dim_seconds": _Option(10, "seconds from 1 to 600", _number(1, 600)),
        "rotate": _Option(0, "0 or 180", _one_of(0, 180)),
    },
    "card": {
        "pin_length": _Option(4, "a whole number from 4 to 8", _whole(4, 8)),
        "idle_seconds": _Option(30, _IDLE, _number(5, 600)),
        "response_seconds": _Option(60, _IDLE, _number(5, 600)),
    },
    "power": {
        "halt_request": _Option("", "an absolute path, or an empty string", _is_path_or_empty),
    },
    "battery": {
        "gauge": _Option("none", ", ".join(_GAUGE[:-1]) + f" or {_GAUGE[-1]}", _one_of(*_GAUGE)),
        "bus": _Option(1, "a bus number from 0 to 99", _whole(0, 99)),
        "warn_percent": _Option(20, "percent from 1 to 90", _whole(1, 90)),
        "critical_percent": _Option(5, "percent from 0 to 50", _whole(0, 50)),
        "hysteresis_percent": _Option(3, "percent from 0 to 10", _whole(0, 10)),
    },
    "cable": {
        "port": _Option("", "an absolute path, or an empty string", _is_path_or_empty),
    },
}


def load(path: Path | None = None) -> Settings:
    """The settings in `path`; without one, those in `STANDARD_FILE` if it is there, else defaults.

    Raises `SettingsError`, one sentence that names the file, the key and what is allowed.
    """
    if path is None:
        if not STANDARD_FILE.exists():
            return parse({}, "defaults")
        path = STANDARD_FILE
    try:
        document = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: expected a settings file, got: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: expected text in UTF-8, got other bytes") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: expected TOML, got: {error}") from None
    return parse(document, str(path))


def parse(document: dict[str, object], where: str) -> Settings:
    """Settings from a TOML document; `where` names its file in errors."""
    values = _Values(where)
    values.read(document)
    values.check_pins()
    values.check_keys()
    values.check_order()
    values.check_battery()
    width, height = cast(str, values["display", "size"]).split("x")
    try:
        board = BoardSettings(
            pad=PadLayout(
                rows=tuple(cast(list[int], values["keypad", "rows"])),
                columns=tuple(cast(list[int], values["keypad", "columns"])),
                keys=tuple(cast(list[str], values["keypad", "keys"])),
            ),
            press_pin=cast(int, values["press", "pin"]),
            press_active_low=cast(bool, values["press", "active_low"]),
            display=DisplaySettings(
                driver=cast(DisplayDriver, values["display", "driver"]),
                width=int(width),
                height=int(height),
                bus=cast(int, values["display", "bus"]),
                address=cast(int, values["display", "address"]),
                contrast=cast(int, values["display", "contrast"]),
                rotate=cast(Literal[0, 180], values["display", "rotate"]),
            ),
            gauge=values.gauge(),
            cable=cast(str, values["cable", "port"]),
        )
    except DriverError as error:
        raise SettingsError(f"{where}: {error}") from error
    halt_request = cast(str, values["power", "halt_request"])
    return Settings(
        board=board,
        hold=HoldTimes(
            open=values.seconds("press", "open_seconds"),
            blank=values.seconds("press", "blank_seconds"),
            halt=values.seconds("press", "halt_seconds"),
        ),
        rules=Rules(
            pin_length=cast(int, values["card", "pin_length"]),
            idle=values.seconds("card", "idle_seconds"),
            response=values.seconds("card", "response_seconds"),
            dim=values.seconds("display", "dim_seconds"),
        ),
        dim_contrast=cast(int, values["display", "dim_contrast"]),
        halt_request=Path(halt_request) if halt_request else None,
        battery=Limits(
            warn=cast(int, values["battery", "warn_percent"]),
            critical=cast(int, values["battery", "critical_percent"]),
            hysteresis=cast(int, values["battery", "hysteresis_percent"]),
        ),
    )


class _Values:
    """The options' values, and the checks that look at more than one of them."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._values = {
            (section, key): option.default
            for section, options in _OPTIONS.items()
            for key, option in options.items()
        }

    def __getitem__(self, name: tuple[str, str]) -> object:
        return self._values[name]

    def seconds(self, section: str, key: str) -> float:
        return float(cast(float, self[section, key]))

    def gauge(self) -> GaugeSettings | None:
        kind = self["battery", "gauge"]
        if kind == "none":
            return None
        return GaugeSettings(cast(GaugeKind, kind), cast(int, self["battery", "bus"]))

    def read(self, document: dict[str, object]) -> None:
        for section, table in document.items():
            options = _OPTIONS.get(section)
            if options is None:
                raise self._refused(section, f"one of the sections {_listed(_OPTIONS)}", section)
            if not isinstance(table, dict):
                raise self._refused(section, "a section, [" + section + "]", table)
            for key, value in table.items():
                name = f"{section}.{key}"
                option = options.get(key)
                if option is None:
                    raise self._refused(name, f"one of the keys {_listed(options)}", key)
                if not option.accepts(value):
                    raise self._refused(name, option.expected, value)
                self._values[section, key] = value

    def check_pins(self) -> None:
        taken: dict[int, str] = {}
        for pin in _BUS_PINS.get(cast(int, self["display", "bus"]), ()):
            taken[pin] = f"the display's bus {self['display', 'bus']}"
        if self["battery", "gauge"] != "none":
            for pin in _BUS_PINS.get(cast(int, self["battery", "bus"]), ()):
                taken.setdefault(pin, f"the fuel gauge's bus {self['battery', 'bus']}")
        for section, key in (("keypad", "rows"), ("keypad", "columns"), ("press", "pin")):
            value = self[section, key]
            for pin in cast(list[int], value) if isinstance(value, list) else (cast(int, value),):
                name = f"{section}.{key}"
                if pin in taken:
                    raise self._refused(name, f"a pin that is free of {taken[pin]}", pin)
                taken[pin] = name

    def check_keys(self) -> None:
        rows = cast(list[int], self["keypad", "rows"])
        columns = cast(list[int], self["keypad", "columns"])
        keys = cast(list[str], self["keypad", "keys"])
        if len(keys) != len(rows):
            raise self._refused("keypad.keys", f"{len(rows)} strings, one per row", keys)
        for row in keys:
            if len(row) != len(columns):
                expected = f"{len(columns)} keys in each row, one per column"
                raise self._refused("keypad.keys", expected, row)
        printed = "".join(keys)
        if not set(printed) <= _PAD_KEYS or len(set(printed)) != len(printed):
            expected = "only 0-9, #, * and A-D, each at most once"
            raise self._refused("keypad.keys", expected, keys)
        if not set(printed) >= _NEEDED_KEYS:
            raise self._refused("keypad.keys", "all of 0-9, # and *", keys)

    def check_order(self) -> None:
        order = ("open_seconds", "blank_seconds", "halt_seconds")
        for shorter, longer in itertools.pairwise(order):
            least = self.seconds("press", shorter)
            if self.seconds("press", longer) <= least:
                expected = f"more than press.{shorter} ({least:g})"
                raise self._refused(f"press.{longer}", expected, self["press", longer])

    def check_battery(self) -> None:
        least = self["battery", "critical_percent"]
        if cast(int, self["battery", "warn_percent"]) <= cast(int, least):
            expected = f"more than battery.critical_percent ({least})"
            raise self._refused("battery.warn_percent", expected, self["battery", "warn_percent"])

    def _refused(self, name: str, expected: str, got: object) -> SettingsError:
        shown = repr(got)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        return SettingsError(f"{self._where}: {name}: expected {expected}, got {shown}")


def _listed(names: dict[str, object] | dict[str, _Option] | dict[str, dict[str, _Option]]) -> str:
    return ", ".join(names)
