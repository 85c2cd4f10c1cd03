"""How each part is drawn in the schematic: millimetres on a grid of 1.27, y up as KiCad has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hardware.board.circuit import pin_name
from hardware.board.sexpr import NO, YES, Node, Word

LIBRARY = "challng"
Point = tuple[float, float]


@dataclass(frozen=True)
class Pin:
    """A pin: where a wire meets it, the direction (degrees) in which its line runs to the body."""

    number: str
    name: str
    x: float
    y: float
    angle: int
    kind: str = "passive"
    length: float = 2.54


@dataclass(frozen=True)
class Symbol:
    """A drawing with pins; `names` and `numbers`: whether these are shown at the pins."""

    name: str
    letters: str
    pins: tuple[Pin, ...]
    drawing: tuple[Node, ...]
    reference_at: Point
    value_at: Point
    names: bool = False
    numbers: bool = False
    power: bool = False
    left: bool = False

    def pin(self, number: str) -> Pin:
        """The pin of this number."""
        (found,) = (pin for pin in self.pins if pin.number == number)
        return found


def _stroke(width: float = 0.254) -> Node:
    return ["stroke", ["width", width], ["type", Word("default")]]


def _fill(kind: str = "none") -> Node:
    return ["fill", ["type", Word(kind)]]


def _line(*points: Point, fill: str = "none", width: float = 0.254) -> Node:
    return ["polyline", ["pts", *(["xy", x, y] for x, y in points)], _stroke(width), _fill(fill)]


def _rectangle(x0: float, y0: float, x1: float, y1: float, fill: str = "background") -> Node:
    return ["rectangle", ["start", x0, y0], ["end", x1, y1], _stroke(), _fill(fill)]


def _circle(x: float, y: float, radius: float, fill: str = "none") -> Node:
    return ["circle", ["center", x, y], ["radius", radius], _stroke(), _fill(fill)]


def _across(name: str, letters: str, drawing: Iterable[Node], reach: float, body: float) -> Symbol:
    """Two pins, 1 left and 2 right; the body's half width is `body`."""
    return Symbol(
        name, letters,
        (
            Pin("1", "1", -reach, 0, 0, length=reach - body),
            Pin("2", "2", reach, 0, 180, length=reach - body),
        ),
        tuple(drawing), (0, 3.6), (0, -2.54),
    )  # fmt: skip


def _upright(name: str, letters: str, drawing: Iterable[Node], body: float) -> Symbol:
    """Two pins, 1 above and 2 below."""
    return Symbol(
        name, letters,
        (
            Pin("1", "1", 0, 3.81, 270, length=3.81 - body),
            Pin("2", "2", 0, -3.81, 90, length=3.81 - body),
        ),
        tuple(drawing), (2.032, 0.9), (2.032, -1.4), left=True,
    )  # fmt: skip


def _diode() -> Symbol:
    """Upright: cathode (1) below, anode (2) above."""
    return Symbol(
        "Diode", "D",
        (Pin("1", "K", 0, -3.81, 90), Pin("2", "A", 0, 3.81, 270)),
        (
            _line((-1.27, 1.27), (1.27, 1.27), (0, -1.27), (-1.27, 1.27)),
            _line((-1.27, -1.27), (1.27, -1.27)),
            _line((0, 1.27), (0, -1.27), width=0),
        ),
        (2.032, 0.9), (2.032, -1.4), left=True,
    )  # fmt: skip


def _schottky() -> Symbol:
    """Lying: anode (2) left, cathode (1) right."""
    return Symbol(
        "Schottky", "D",
        (Pin("1", "K", 3.81, 0, 180), Pin("2", "A", -3.81, 0, 0)),
        (
            _line((-1.27, 1.27), (-1.27, -1.27), (1.27, 0), (-1.27, 1.27)),
            _line((0.762, 0.762), (0.762, 1.27), (1.27, 1.27), (1.27, -1.27), (1.778, -1.27),
                  (1.778, -0.762)),
            _line((-1.27, 0), (1.27, 0), width=0),
        ),
        (0, 2.54), (0, -2.54),
    )  # fmt: skip


def _box(name: str, *names: str) -> Symbol:
    """A row of pins on the left of a box, with a name each."""
    count = len(names)
    top = (count - 1) * 1.27
    return Symbol(
        name, "J",
        tuple(
            Pin(str(i + 1), names[i], -7.62, top - 2.54 * i, 0) for i in range(count)
        ),
        (_rectangle(-5.08, top + 2.54, 5.08, -top - 2.54),),
        (0, top + 3.81), (0, -top - 3.81), names=True, numbers=True,
    )  # fmt: skip


def _pi() -> Symbol:
    kinds = {"3V3": "power_out", "5V": "power_in", "GND": "power_in"}
    pins = []
    for row in range(20):
        for side in (0, 1):
            pin = 2 * row + side + 1
            name = pin_name(pin)
            kind = kinds.get(name, "bidirectional")
            if pin == 17:
                kind = "passive"  # the same supply as pin 1: two outputs on a net are refused
            x, angle = ((-15.24, 0), (15.24, 180))[side]
            pins.append(Pin(str(pin), name, x, 24.13 - 2.54 * row, angle, kind))
    return Symbol(
        "Pi", "J", tuple(pins), (_rectangle(-12.7, 26.67, 12.7, -26.67),),
        (0, 28.2), (0, -28.2), names=True, numbers=True,
    )  # fmt: skip


def _gauge() -> Symbol:
    pins = (
        Pin("3", "VDD", -12.7, 5.08, 0, "power_in"),
        Pin("2", "CELL", -12.7, 2.54, 0, "input"),
        Pin("1", "CTG", -12.7, -2.54, 0, "input"),
        Pin("4", "GND", -12.7, -5.08, 0, "power_in"),
        Pin("9", "EP", -12.7, -7.62, 0),
        Pin("8", "SDA", 12.7, 5.08, 180, "bidirectional"),
        Pin("7", "SCL", 12.7, 2.54, 180, "input"),
        Pin("5", "~{ALRT}", 12.7, -2.54, 180, "open_collector"),
        Pin("6", "QSTRT", 12.7, -7.62, 180, "input"),
    )
    return Symbol(
        "MAX17048", "U", pins, (_rectangle(-10.16, 7.62, 10.16, -10.16),),
        (0, 9.14), (0, -11.68), names=True, numbers=True,
    )  # fmt: skip


def _pmos() -> Symbol:
    """Gate (1) below, drain (3) left, source (2) right; the body diode leads from 3 to 2."""
    return Symbol(
        "PMOS", "Q",
        (
            Pin("1", "G", 0, -5.08, 90, "input"),
            Pin("2", "S", 5.08, 2.54, 180),
            Pin("3", "D", -5.08, 2.54, 0),
        ),
        (
            _line((-1.905, -2.54), (1.905, -2.54)),
            _line((-1.905, -1.778), (-0.762, -1.778)),
            _line((-0.508, -1.778), (0.508, -1.778)),
            _line((0.762, -1.778), (1.905, -1.778)),
            _line((-1.3, -1.778), (-1.3, 2.54), (-2.54, 2.54)),
            _line((1.3, -1.778), (1.3, 2.54), (2.54, 2.54)),
            _line((0, -1.778), (0, 0), (1.3, 0)),
            _line((-0.4, -0.7), (0, -0.05), (0.4, -0.7), (-0.4, -0.7), fill="outline"),
            _line((-1.3, 2.54), (1.3, 2.54), width=0.15),
            _line(
                (-0.45, 1.9), (-0.45, 3.18), (0.4, 2.54), (-0.45, 1.9), fill="outline", width=0.15
            ),
            _line((0.4, 1.9), (0.4, 3.18)),
        ),
        (0, 7.4), (0, 5.0), names=False, numbers=False,
    )  # fmt: skip


def _rail(name: str) -> Symbol:
    if name == "GND":
        drawing = [
            _line((0, 0), (0, -1.27)),
            _line((-1.27, -1.27), (1.27, -1.27), (0, -2.54), (-1.27, -1.27)),
        ]
        at = -3.81
    else:
        drawing = [_line((0, 0), (0, 2.54)), _line((-0.76, 1.27), (0, 2.54), (0.76, 1.27))]
        at = 3.556
    pin = Pin("1", name, 0, 0, 270 if name == "GND" else 90, "power_in", 0)
    return Symbol(name, "#PWR", (pin,), tuple(drawing), (0, at), (0, at), power=True)


def _flag() -> Symbol:
    shape = _line((0, 0), (0, 1.27), (-1.016, 1.905), (0, 2.54), (1.016, 1.905), (0, 1.27))
    return Symbol(
        "PWR_FLAG", "#FLG", (Pin("1", "pwr", 0, 0, 90, "power_out", 0),), (shape,),
        (0, 3.81), (0, 3.81), power=True,
    )  # fmt: skip


def library() -> dict[str, Symbol]:
    """Every symbol of the sheet, by its name."""
    found = [
        _across("Switch", "SW", (
            _circle(-2.032, 0, 0.508), _circle(2.032, 0, 0.508),
            _line((-2.2, 1.27), (2.2, 1.27)), _line((0, 1.27), (0, 2.4)),
        ), 5.08, 2.54),
        _across("Fuse", "F", (
            _rectangle(-2.54, 0.762, 2.54, -0.762, "none"), _line((-2.54, 0), (2.54, 0)),
        ), 3.81, 2.54),
        _upright("R", "R", (_rectangle(-1.016, 2.54, 1.016, -2.54, "none"),), 2.54),
        _upright("C", "C", (
            _line((-2.032, 0.762), (2.032, 0.762)), _line((-2.032, -0.762), (2.032, -0.762)),
        ), 0.762),
        _diode(),
        _schottky(),
        _box("Cell", "+", "-"),
        _box("Charge_board", "B+", "B-", "GND", "5V"),
        _box("Display", "GND", "VCC", "SCL", "SDA"),
        _pi(), _gauge(), _pmos(), _flag(),
        _rail("GND"), _rail("+3V3"), _rail("+5V"),
        Symbol("TestPad", "TP", (Pin("1", "1", 0, 0, 90),),
               (_circle(0, 3.3, 0.762),), (0, 5.4), (0, 7.4)),
        Symbol("ScrewHole", "H", (), (_circle(0, 0, 1.27),), (0, 2.54), (0, -2.54)),
    ]  # fmt: skip
    return {symbol.name: symbol for symbol in found}


def effects(size: float = 1.27, justify: str = "", *, hide: bool = False) -> Node:
    """How a text looks."""
    node: list[Any] = ["effects", ["font", ["size", size, size]]]
    if justify:
        node.append(["justify", *(Word(word) for word in justify.split())])
    if hide:
        node.append(["hide", YES])
    return node


def property_node(
    name: str, value: str, at: Point, justify: str = "", *, hide: bool = False, angle: int = 0
) -> Node:
    """A field of a symbol."""
    return ["property", name, value, ["at", *at, angle], effects(justify=justify, hide=hide)]


def _pin(pin: Pin) -> Node:
    return [
        "pin", Word(pin.kind), Word("line"), ["at", pin.x, pin.y, pin.angle],
        ["length", pin.length], ["name", pin.name, effects()], ["number", pin.number, effects()],
    ]  # fmt: skip


def definition(symbol: Symbol, prefix: str = "") -> Node:
    """The symbol as a library holds it; `prefix` as a sheet holds it."""
    node: list[Any] = ["symbol", f"{prefix}{symbol.name}"]
    if symbol.power:
        node.append(["power"])
    if not symbol.numbers:
        node.append(["pin_numbers", ["hide", YES]])
    node.append(["pin_names", ["offset", 1.016], *([] if symbol.names else [["hide", YES]])])
    in_bom = NO if symbol.power or symbol.letters in ("TP", "H") else YES
    node += [["exclude_from_sim", NO], ["in_bom", in_bom], ["on_board", YES]]
    justify = "left" if symbol.left else ""
    node += [
        property_node("Reference", symbol.letters, symbol.reference_at, justify, hide=symbol.power),
        property_node("Value", symbol.name, symbol.value_at, justify),
        property_node("Footprint", "", (0, 0), hide=True),
        property_node("Datasheet", "", (0, 0), hide=True),
        property_node("Description", "", (0, 0), hide=True),
        ["symbol", f"{symbol.name}_0_1", *symbol.drawing],
        ["symbol", f"{symbol.name}_1_1", *(_pin(pin) for pin in symbol.pins)],
        ["embedded_fonts", NO],
    ]
    return node
