"""Which wires a build has, each of one colour: from one end to another, or on to a third."""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.header import HEADER_PINS
from hardware.wiring import header
from hardware.wiring.builds import Build

# Red is a supply and black is ground, always; the others are the rest of a common set of ten.
_ROWS = ("brown", "orange", "yellow", "green", "brown", "orange", "yellow", "green")
_COLUMNS = ("blue", "purple", "grey", "white", "blue", "purple", "grey", "white")
_SDA, _SCL, _PRESS = "blue", "yellow", "green"
_TOP_3V3 = header.SUPPLY_3V3[0]


@dataclass(frozen=True)
class End:
    """One end of a wire: a terminal of a part. The header's terminals are its pins."""

    part: str
    terminal: str

    def __str__(self) -> str:
        if self.part == "header":
            return f"pin {self.terminal} ({header.label(int(self.terminal))})"
        return f"{self.part} {self.terminal}"


@dataclass(frozen=True)
class Wire:
    """A wire, or a track of the card's board."""

    net: str
    color: str
    ends: tuple[End, ...]
    track: bool = False


def wires(build: Build) -> tuple[Wire, ...]:
    """All wires of a build, in the order in which they are best put in."""
    board = build.settings().board
    gauge = board.gauge is not None and board.gauge.bus == board.display.bus
    track = board.gauge is not None  # the build with a cell has a board
    taken: set[int] = set()

    def ground(near: int) -> int:
        pin = header.nearest_ground(near, taken)
        taken.add(pin)
        return pin

    def wire(net: str, color: str, pin: int, part: str, terminal: str, *also: End) -> Wire:
        return Wire(net, color, (End("header", str(pin)), End(part, terminal), *also), track)

    found = _power(ground) if gauge else []
    sda, scl = (HEADER_PINS[gpio] for gpio in build.bus_pins(board.display.bus))
    for net, color, pin, terminal in (
        ("GND", "black", ground(sda), "GND"),
        ("3V3", "red", _TOP_3V3, "VCC"),
        ("SCL", _SCL, scl, "SCL"),
        ("SDA", _SDA, sda, "SDA"),
    ):
        also = [End("gauge", terminal)] if gauge and net != "3V3" else []
        found.append(wire(net, color, pin, "display", terminal, *also))
    press = HEADER_PINS[board.press_pin]
    found.append(wire("PRESS", _PRESS, press, "press", "1"))
    if board.press_active_low:
        found.append(wire("GND", "black", ground(press), "press", "2"))
    else:
        found.append(wire("3V3", "red", header.SUPPLY_3V3[1], "press", "2"))
    for kind, gpios, colors in (("R", board.pad.rows, _ROWS), ("C", board.pad.columns, _COLUMNS)):
        for number, (gpio, color) in enumerate(zip(gpios, colors, strict=False), 1):
            name = f"{kind}{number}"
            found.append(wire(name, color, HEADER_PINS[gpio], "pad", name))
    return tuple(found)


def _power(ground: Callable[[int], int]) -> list[Wire]:
    """A cell, its gauge, and the charge board that makes 5 V of it."""
    supply = header.SUPPLY_5V[0]
    pins = (End("header", str(supply)), End("header", str(ground(supply))))
    return [
        Wire("CELL", "red", (End("cell", "+"), End("J2", "+"))),
        Wire("GND", "black", (End("cell", "-"), End("J2", "-"))),
        Wire("CELL", "red", (End("J2", "+"), End("gauge", "CELL")), track=True),
        Wire("VBAT", "red", (End("J3", "1 VBAT"), End("charge board", "B+"))),
        Wire("GND", "black", (End("J3", "2 GND"), End("charge board", "B-"))),
        Wire("GND", "black", (End("J3", "3 GND"), End("charge board", "OUT-"))),
        Wire("5V_IN", "orange", (End("J3", "4 5V_IN"), End("charge board", "OUT+"))),
        Wire("5V", "orange", (pins[0], End("J3", "5V")), track=True),
        Wire("GND", "black", (pins[1], End("J3", "GND")), track=True),
    ]
