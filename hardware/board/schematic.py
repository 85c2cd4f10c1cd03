"""The schematic: the key matrix as a matrix, everything else in blocks joined by names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from hardware.board.circuit import GND, RAILS, Part
from hardware.board.sexpr import NO, YES, Node, Word, identifier, write
from hardware.board.symbols import (
    LIBRARY,
    Pin,
    Symbol,
    definition,
    effects,
    library,
    property_node,
)

PROJECT = "card"
ROOT = identifier("sheet")
_GRID = 1.27
Point = tuple[float, float]

# In steps of 1.27 mm on an A3 sheet: where each symbol's origin is.
_MATRIX = (30, 42)
_CELL = (26, 20)
_PLACES: dict[str, tuple[int, int]] = {
    "J1": (176, 54),
    "J4": (238, 42), "R2": (264, 36), "R3": (280, 36),
    "SW17": (246, 82), "R4": (272, 80),
    "J2": (40, 146), "Q1": (64, 147), "R1": (64, 159), "C3": (96, 155), "U1": (120, 150),
    "F1": (172, 145), "J3": (200, 148), "D17": (228, 145), "C1": (248, 151), "C2": (262, 151),
}  # fmt: skip
_TEST_PADS = (34, 190, 12)
_HOLES = (290, 146, 8)
_FLAGS = (290, 80)
_TITLES = {
    "Keys: rows are driven low, columns pulled up": (26, 28),
    "Raspberry Pi Zero 2 W": (160, 28),
    "Display, pull-ups of the bus": (226, 28),
    "Press: also wakes the halted Pi": (226, 66),
    "Fed from outside": (284, 70),
    "Cell, guarded against reversal": (26, 134),
    "Fuel gauge": (92, 134),
    "Charge and boost board (bought), feeding the Pi": (162, 134),
    "Screw holes": (284, 134),
    "Test pads": (26, 178),
}


def net_name(net: str) -> str:
    """The full name of a net: labels of the sheet have its path before them."""
    return net if net in RAILS else f"/{net}"


def open_net(part: Part, number: str, symbol: Symbol) -> str:
    """What KiCad calls the net of a pin that is left open."""
    return f"unconnected-({part.ref}-{symbol.pin(number).name}-Pad{number})"


class Sheet:
    """A sheet being drawn."""

    def __init__(self, parts: list[Part]) -> None:
        self._parts = {part.ref: part for part in parts}
        self._symbols = library()
        self._nodes: list[Node] = []
        self._count = 0

    def nodes(self) -> list[Node]:
        """What was drawn, in KiCad's order."""
        order = ["junction", "no_connect", "wire", "text", "label", "symbol"]
        return sorted(self._nodes, key=lambda node: order.index(node[0]))

    def _id(self, *names: object) -> Node:
        self._count += 1
        return ["uuid", identifier("schematic", self._count, *names)]

    def wire(self, *points: Point) -> None:
        """A wire through these points."""
        for a, b in pairwise(points):
            self._nodes.append(
                ["wire", ["pts", ["xy", *a], ["xy", *b]],
                 ["stroke", ["width", 0], ["type", Word("default")]], self._id("wire")]
            )  # fmt: skip

    def junction(self, at: Point) -> None:
        """A dot where wires meet."""
        self._nodes.append(
            ["junction", ["at", *at], ["diameter", 0], ["color", 0, 0, 0, 0], self._id("junction")]
        )

    def text(self, words: str, at: Point, size: float = 2.0) -> None:
        """Words on the sheet."""
        self._nodes.append(
            ["text", words, ["exclude_from_sim", NO], ["at", *at, 0],
             effects(size, "left bottom"), self._id("text", words)]
        )  # fmt: skip

    def label(self, net: str, at: Point, angle: int) -> None:
        """A name on a wire."""
        justify = "right bottom" if angle in (180, 270) else "left bottom"
        self._nodes.append(
            ["label", net, ["at", *at, angle], effects(justify=justify), self._id("label", net)]
        )

    def rail(self, net: str, at: Point, away: Point) -> None:
        """The symbol of a supply or of ground, pointing `away`."""
        turns = (
            [(0, 1), (1, 0), (0, -1), (-1, 0)] if net == GND else [(0, -1), (-1, 0), (0, 1), (1, 0)]
        )
        angle = 90 * turns.index((int(away[0]), int(away[1])))
        self._symbol(
            self._symbols[net], f"#PWR{self._count:04}", net, "", at, rail=True, angle=angle
        )

    def flag(self, at: Point) -> None:
        """A mark that this net is fed from outside."""
        symbol = self._symbols["PWR_FLAG"]
        self._symbol(symbol, f"#FLG{self._count:04}", "PWR_FLAG", "", at, rail=True)

    def part(self, ref: str, at: Point) -> dict[str, Point]:
        """Draw a part; returns where its pins are."""
        part = self._parts[ref]
        symbol = self._symbols[part.symbol]
        self._symbol(symbol, ref, part.value, f"{LIBRARY}:{part.footprint}", at, part=part)
        return {pin.number: self.at_pin(at, pin) for pin in symbol.pins}

    @staticmethod
    def at_pin(at: Point, pin: Pin) -> Point:
        """Where a pin is on the sheet."""
        return round(at[0] + pin.x, 4), round(at[1] - pin.y, 4)

    def _symbol(
        self, symbol: Symbol, ref: str, value: str, footprint: str, at: Point,
        *, part: Part | None = None, rail: bool = False, angle: int = 0,
    ) -> None:  # fmt: skip
        x, y = at
        justify = "left" if symbol.left else ""
        (rx, ry), (vx, vy) = symbol.reference_at, symbol.value_at
        for _ in range(angle // 90):
            vx, vy = -vy, vx
        if angle % 180:
            vx += math.copysign(0.43 * len(value) + 0.2, vx)  # its text stays level
        in_bom = NO if rail or symbol.letters in ("TP", "H") else YES
        about = part.about if part else ""
        node: list[Any] = [
            "symbol", ["lib_id", f"{LIBRARY}:{symbol.name}"], ["at", x, y, angle], ["unit", 1],
            ["exclude_from_sim", NO], ["in_bom", in_bom], ["on_board", YES], ["dnp", NO],
            ["uuid", identifier("symbol", ref)],
            property_node("Reference", ref, (x + rx, y - ry), justify, hide=rail),
            property_node(
                "Value", value, (round(x + vx, 4), round(y - vy, 4)), justify,
                hide=symbol.name == "PWR_FLAG", angle=angle % 180,
            ),
            property_node("Footprint", footprint, at, hide=True),
            property_node("Datasheet", "", at, hide=True),
            property_node("Description", about, at, hide=True),
        ]  # fmt: skip
        node += [
            ["pin", pin.number, ["uuid", identifier("pin", ref, pin.number)]] for pin in symbol.pins
        ]
        path = ["path", f"/{ROOT}", ["reference", ref], ["unit", 1]]
        node.append(["instances", ["project", PROJECT, path]])
        self._nodes.append(node)

    def stub(self, at: Point, pin: Pin, net: str, length: float = 2.54) -> None:
        """Lead a pin's net away from its part to a name, a rail, or nowhere."""
        if not net:
            self._nodes.append(["no_connect", ["at", *at], self._id("open")])
            return
        dx, dy = {0: (-1, 0), 180: (1, 0), 90: (0, 1), 270: (0, -1)}[pin.angle]
        end = round(at[0] + dx * length, 4), round(at[1] + dy * length, 4)
        self.wire(at, end)
        if net not in RAILS:
            self.label(net, end, {0: 180, 180: 0, 90: 270, 270: 90}[pin.angle])
            return
        self.rail(net, end, (dx, dy))


def _on_grid(column: float, row: float) -> Point:
    return round(column * _GRID, 4), round(row * _GRID, 4)


def _matrix(sheet: Sheet, parts: Mapping[str, Part], keys: tuple[str, ...]) -> None:
    (x0, y0), (width, height) = _MATRIX, _CELL
    rows, columns = len(keys), len(keys[0])
    for column in range(columns):
        x = x0 + width * column
        start = _on_grid(x, y0 - 6)
        sheet.label(f"COL{column + 1}", start, 90)
        stops = [_on_grid(x, y0 + height * row) for row in range(rows)]
        sheet.wire(start, *stops)
        for at in stops[:-1]:
            sheet.junction(at)
    for row in range(rows):
        y = y0 + height * row + 13
        stops = [_on_grid(x0 + width * column + 16, y) for column in range(columns)]
        sheet.wire(_on_grid(x0 - 4, y), *stops)
        sheet.label(f"ROW{row + 1}", _on_grid(x0 - 4, y), 180)
        for at in stops[:-1]:
            sheet.junction(at)
        for column in range(columns):
            number = row * columns + column + 1
            corner = _on_grid(x0 + width * column, y0 + height * row)
            switch = sheet.part(f"SW{number}", _on_grid(x0 + width * column + 6, y0 + height * row))
            sheet.wire(corner, switch["1"])
            diode = sheet.part(
                f"D{number}", _on_grid(x0 + width * column + 16, y0 + height * row + 6)
            )
            bend = (diode["2"][0], switch["2"][1])
            sheet.wire(switch["2"], bend, diode["2"])
            sheet.wire(diode["1"], stops[column])
            sheet.label(
                parts[f"D{number}"].nets["2"],
                _on_grid(x0 + width * column + 11, y0 + height * row),
                0,
            )


def _blocks(sheet: Sheet, parts: Mapping[str, Part]) -> None:
    symbols = library()
    ends: dict[str, dict[str, Point]] = {}
    for ref, place in _PLACES.items():
        at = _on_grid(*place)
        part, symbol = parts[ref], symbols[parts[ref].symbol]
        where = sheet.part(ref, at)
        for number, net in part.nets.items():
            crowded = net not in RAILS and any(part.nets[one] in RAILS for one in part.nets)
            if net != "Q_GATE":
                sheet.stub(
                    where[number], symbol.pin(number), net,
                    10.16 if crowded and symbol.letters == "J" else 2.54,
                )  # fmt: skip
        ends[ref] = where
    gate, resistor = ends["Q1"]["1"], ends["R1"]["1"]
    sheet.wire(gate, resistor)
    sheet.label("Q_GATE", (gate[0], round(gate[1] + 2.54, 4)), 0)
    x, y, step = _TEST_PADS
    i = 0
    for ref, part in parts.items():
        if part.kind == "TP":
            at = _on_grid(x + step * i, y)
            sheet.part(ref, at)
            sheet.stub(at, symbols["TestPad"].pin("1"), part.nets["1"])
            i += 1
    x, y, step = _HOLES
    for i in range(6):
        sheet.part(f"H{i + 1}", _on_grid(x + step * (i % 3), y + step * (i // 3)))


def _flags(sheet: Sheet) -> None:
    """Nets that are fed through parts which KiCad takes for no source."""
    x, y = _FLAGS
    for i, net in enumerate((GND, "+5V", "CELL")):
        at, end = _on_grid(x + 12 * i, y), _on_grid(x + 12 * i, y + 4)
        sheet.flag(at)
        sheet.wire(at, end)
        if net in RAILS:
            sheet.rail(net, end, (0, 1))
        else:
            sheet.label(net, end, 270)


def draw(parts: list[Part], keys: tuple[str, ...]) -> Node:
    """The whole file."""
    by_ref = {part.ref: part for part in parts}
    sheet = Sheet(parts)
    _matrix(sheet, by_ref, keys)
    _blocks(sheet, by_ref)
    _flags(sheet)
    for words, place in _TITLES.items():
        sheet.text(words, _on_grid(*place))
    return [
        "kicad_sch", ["version", 20250114], ["generator", "challng"], ["generator_version", "9.0"],
        ["uuid", ROOT], ["paper", "A3"],
        ["title_block", ["title", "Challng card"], ["rev", "1"],
         ["comment", 1, "Made by hardware/board from hardware/wiring/card.toml"]],
        ["lib_symbols", *(definition(one, f"{LIBRARY}:") for one in library().values())],
        *sheet.nodes(),
        ["sheet_instances", ["path", "/", ["page", "1"]]],
        ["embedded_fonts", NO],
    ]  # fmt: skip


def text(parts: list[Part], keys: tuple[str, ...]) -> str:
    """The schematic as KiCad reads it."""
    return write(draw(parts, keys))


def symbol_library() -> str:
    """The library of the symbols."""
    return write(
        ["kicad_symbol_lib", ["version", 20241209], ["generator", "challng"],
         ["generator_version", "9.0"], *(definition(one) for one in library().values())]
    )  # fmt: skip
