"""What is joined to what on the card's board, from the settings and the lines for config.txt.

A net that no setting names has its name here. Keys are named after what is printed on them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.settings import Settings, load
from drivers.header import HEADER_PINS

HARDWARE = Path(__file__).resolve().parents[1]
SETTINGS = HARDWARE / "wiring" / "card.toml"
CONFIG = HARDWARE / "wiring" / "card.config.txt"

GND, V33, V5 = "GND", "+3V3", "+5V"
RAILS = (GND, V33, V5)
"""Nets with a symbol of their own; every other is a label of the sheet."""
WIDE = frozenset({V5, "BAT_IN", "CELL", "VBAT", "5V_IN"})
"""Nets that carry the whole card's current."""

POWER_PINS = {
    1: V33, 2: V5, 4: V5, 6: GND, 9: GND, 14: GND, 17: V33,
    20: GND, 25: GND, 30: GND, 34: GND, 39: GND,
}  # fmt: skip
"""What the pins of the 40-pin header carry that are no GPIO."""
KEY_NAMES = {"#": "OK", "*": "CLR"}
_OVERLAY = re.compile(
    r"^dtoverlay=i2c-gpio,bus=(\d+),i2c_gpio_sda=(\d+),i2c_gpio_scl=(\d+)\s*$", re.M
)


class BoardError(ValueError):
    """The settings ask for something that this board does not have."""


@dataclass(frozen=True)
class Part:
    """A part: its symbol, its footprint, and the net at each of its pins; "" is left open."""

    ref: str
    value: str
    symbol: str
    footprint: str
    nets: Mapping[str, str]
    about: str = ""

    @property
    def kind(self) -> str:
        """The letters of its reference."""
        return self.ref.rstrip("0123456789")


def key_name(key: str) -> str:
    """What a key is called where `#` and `*` may not stand."""
    return KEY_NAMES.get(key, key)


def settings() -> Settings:
    """The card's settings, read by the firmware's own parser."""
    return load(SETTINGS)


def bus_pins(config: str, bus: int) -> tuple[int, int]:
    """The GPIOs of SDA and SCL of a bus that config.txt makes."""
    for number, sda, scl in _OVERLAY.findall(config):
        if int(number) == bus:
            return int(sda), int(scl)
    raise BoardError(f"no i2c-gpio overlay makes bus {bus}: add its line to {CONFIG.name}")


def gpio_nets(card: Settings, config: str) -> dict[int, str]:
    """The net at each GPIO that the card uses."""
    board = card.board
    if board.gauge is None or board.gauge.kind != "max17048" or not board.press_active_low:
        raise BoardError("this board has a max17048 and a press switch to ground: set card.toml so")
    if board.gauge.bus != board.display.bus:
        raise BoardError("display and gauge share the two wires of one bus on this board")
    sda, scl = bus_pins(config, board.display.bus)
    nets = {sda: "SDA", scl: "SCL", board.press_pin: "PRESS"}
    nets |= {pin: f"ROW{i}" for i, pin in enumerate(board.pad.rows, 1)}
    nets |= {pin: f"COL{i}" for i, pin in enumerate(board.pad.columns, 1)}
    wanted = 3 + len(board.pad.rows) + len(board.pad.columns)
    if len(nets) != wanted:
        raise BoardError("a GPIO is used twice: look at card.toml and card.config.txt together")
    return nets


def header_nets(card: Settings, config: str) -> dict[str, str]:
    """The net at each pin of the 40-pin header; "" where nothing is joined."""
    nets = dict(POWER_PINS)
    used = gpio_nets(card, config)
    nets |= {pin: used.get(gpio, "") for gpio, pin in HEADER_PINS.items()}
    return {str(pin): nets[pin] for pin in sorted(nets)}


def pin_name(pin: int) -> str:
    """What is written beside a pin of the header."""
    if pin in POWER_PINS:
        return {V33: "3V3", V5: "5V", GND: "GND"}[POWER_PINS[pin]]
    (gpio,) = (gpio for gpio, at in HEADER_PINS.items() if at == pin)
    return f"GPIO{gpio}"


def _two(ref: str, value: str, symbol: str, footprint: str, one: str, two: str, about: str) -> Part:
    return Part(ref, value, symbol, footprint, {"1": one, "2": two}, about)


def _keys(card: Settings) -> Iterator[Part]:
    """For each crossing: column - switch - diode - row. A row is driven low and columns are pulled
    up, so the current goes from the column into the row: the diode's cathode is at the row."""
    count = 0
    for row, line in enumerate(card.board.pad.keys, 1):
        for column, key in enumerate(line, 1):
            count += 1
            name = key_name(key)
            yield _two(
                f"SW{count}", name, "Switch", "Key_6x6", f"COL{column}", f"KEY_{name}",
                "Tactile switch 6 x 6 mm, through hole, 7 mm high, 160 gf",
            )  # fmt: skip
            yield _two(
                f"D{count}", "1N4148W", "Diode", "SOD-123", f"ROW{row}", f"KEY_{name}",
                "Switching diode 1N4148W, SOD-123",
            )  # fmt: skip
    yield _two(
        f"SW{count + 1}", "PRESS", "Switch", "Key_6x6", "PRESS_SW", GND,
        "Tactile switch 6 x 6 mm, through hole, 7 mm high, 160 gf",
    )  # fmt: skip


def _power() -> Iterator[Part]:
    yield _two("J2", "Cell", "Cell", "JST_PH_2_side", "BAT_IN", GND, "JST S2B-PH-K-S, side entry")
    yield Part(
        "Q1", "AO3401A", "PMOS", "SOT-23", {"1": "Q_GATE", "2": "CELL", "3": "BAT_IN"},
        "P-channel MOSFET AO3401A, 30 V, SOT-23",
    )  # fmt: skip
    yield _two("R1", "10k", "R", "R_0603", "Q_GATE", GND, "Resistor 10 kOhm, 0603, 5 %")
    yield _two(
        "F1", "2A", "Fuse", "Fuse_1812", "CELL", "VBAT", "PTC fuse, 2 A hold, 6 V or more, 1812"
    )
    yield Part(
        "J3", "Charge board", "Charge_board", "Wires_1x4",
        {"1": "VBAT", "2": GND, "3": GND, "4": "5V_IN"}, "Four wires to the charge board",
    )  # fmt: skip
    yield _two("D17", "SS34", "Schottky", "SMA", V5, "5V_IN", "Schottky diode SS34, 3 A, SMA")
    yield _two("C1", "10u", "C", "C_0805", V5, GND, "Capacitor 10 uF, 10 V or more, X5R, 0805")
    yield _two("C2", "10u", "C", "C_0805", V5, GND, "Capacitor 10 uF, 10 V or more, X5R, 0805")


def _bus() -> Iterator[Part]:
    yield Part(
        "U1", "MAX17048", "MAX17048", "TDFN-8_2x2",
        {"1": GND, "2": "CELL", "3": "CELL", "4": GND, "5": "ALRT", "6": GND, "7": "SCL",
         "8": "SDA", "9": GND},
        "Fuel gauge MAX17048G+, TDFN-8 2 x 2 mm",
    )  # fmt: skip
    yield _two("C3", "100n", "C", "C_0603", "CELL", GND, "Capacitor 100 nF, 16 V, X7R, 0603")
    yield _two("R2", "4k7", "R", "R_0603", V33, "SDA", "Resistor 4.7 kOhm, 0603, 5 %")
    yield _two("R3", "4k7", "R", "R_0603", V33, "SCL", "Resistor 4.7 kOhm, 0603, 5 %")
    yield _two("R4", "100R", "R", "R_0603", "PRESS", "PRESS_SW", "Resistor 100 Ohm, 0603, 5 %")
    yield Part(
        "J4", "OLED", "Display", "Display_1x4", {"1": GND, "2": V33, "3": "SCL", "4": "SDA"},
        'OLED module 0.96", 128 x 64, SSD1306, I2C, pins GND VCC SCL SDA',
    )  # fmt: skip


def test_nets(card: Settings) -> list[str]:
    """The nets that have a test pad, in the order in which they lie on the board."""
    pad = card.board.pad
    lines = [f"ROW{i}" for i in range(1, len(pad.rows) + 1)]
    lines += [f"COL{i}" for i in range(1, len(pad.columns) + 1)]
    return [GND, *lines, "PRESS", "ALRT", "SDA", "SCL", V33, V5, "5V_IN", "CELL"]


def parts(card: Settings, config: str) -> list[Part]:
    """Every part of the board."""
    found = [
        Part("J1", "Pi Zero 2 W", "Pi", "Pi_2x20", header_nets(card, config),
             "Socket 2 x 20, 2.54 mm, 8.5 mm high"),
        *_keys(card), *_power(), *_bus(),
    ]  # fmt: skip
    for i, net in enumerate(test_nets(card), 1):
        found.append(Part(f"TP{i}", net, "TestPad", "TestPad", {"1": net}))
    found += [Part(f"H{i}", "M2.5", "ScrewHole", "ScrewHole", {}) for i in range(1, 7)]
    refs = [part.ref for part in found]
    if len(set(refs)) != len(refs):
        raise BoardError("the parts of the power supply are numbered for a pad of 4 x 4 keys")
    return found


def load_parts() -> list[Part]:
    """The parts for the files that are in the project."""
    return parts(settings(), CONFIG.read_text())
