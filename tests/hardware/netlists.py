"""What is joined to what in the committed schematic and board, read from their files alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hardware.board.sexpr import nodes, only, read

ROOT = Path(__file__).resolve().parents[2]
KICAD = ROOT / "hardware" / "board" / "kicad"
Netlist = dict[str, frozenset[tuple[str, str]]]
Point = tuple[float, float]


def field(node: list[Any], name: str) -> str:
    """A field of a symbol or a footprint."""
    (value,) = (one[2] for one in nodes(node, "property") if one[1] == name)
    return str(value)


def point(node: list[Any]) -> Point:
    return round(float(node[1]), 3), round(float(node[2]), 3)


class _Groups:
    """Points that wires join."""

    def __init__(self) -> None:
        self._parent: dict[Point, Point] = {}

    def top(self, one: Point) -> Point:
        while self._parent.setdefault(one, one) != one:
            one = self._parent[one]
        return one

    def join(self, one: Point, other: Point) -> None:
        self._parent[self.top(one)] = self.top(other)

    def points(self) -> list[Point]:
        return list(self._parent)


def _turned(x: float, y: float, angle: int) -> Point:
    for _ in range(angle // 90):
        x, y = -y, x
    return x, y


def of_schematic(text: str) -> Netlist:
    """The nets of a sheet; ends of wires, dots and pins join, crossing wires do not."""
    sheet = read(text)
    groups = _Groups()
    wires = [tuple(point(xy) for xy in nodes(only(w, "pts"), "xy")) for w in nodes(sheet, "wire")]
    for a, b in wires:
        groups.join(a, b)
    library = {one[1]: one for one in nodes(only(sheet, "lib_symbols"), "symbol")}
    pins: dict[tuple[str, str], Point] = {}
    names: dict[Point, str] = {}
    for symbol in nodes(sheet, "symbol"):
        x, y = point(only(symbol, "at"))
        angle = int(only(symbol, "at")[3])
        drawn = library[only(symbol, "lib_id")[1]]
        ref = field(symbol, "Reference")
        for unit in nodes(drawn, "symbol"):
            for pin in nodes(unit, "pin"):
                dx, dy = _turned(float(only(pin, "at")[1]), float(only(pin, "at")[2]), angle)
                at = round(x + dx, 3), round(y - dy, 3)
                groups.top(at)
                if ref.startswith("#PWR"):
                    names[at] = field(symbol, "Value")
                elif not ref.startswith("#"):
                    pins[ref, only(pin, "number")[1]] = at
    for label in nodes(sheet, "label"):
        names[point(only(label, "at"))] = "/" + label[1]
    dots = [point(only(one, "at")) for one in nodes(sheet, "junction")]
    for at in [*dots, *names]:
        for a, b in wires:
            if _on(at, a, b):
                groups.join(at, a)
    net_at: dict[Point, str] = {}
    for at, name in names.items():
        top = groups.top(at)
        assert net_at.setdefault(top, name) == name, f"{name} and {net_at[top]} are joined"
    return _collect((pin, net_at.get(groups.top(at), "")) for pin, at in pins.items())


def _on(at: Point, a: Point, b: Point) -> bool:
    (x, y), (ax, ay), (bx, by) = at, a, b
    within = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
    return within and (ax == bx == x or ay == by == y)


def _collect(pairs: Iterable[tuple[tuple[str, str], str]]) -> Netlist:
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for pin, net in pairs:
        if net:
            found[net].add(pin)
    return {net: frozenset(pins) for net, pins in found.items()}


@dataclass(frozen=True)
class Copper:
    """A pad, track or via: the layers it is on, its net, its shape as a thick line or a box."""

    net: str
    layers: frozenset[str]
    start: Point
    end: Point
    radius: float
    half: Point = (0.0, 0.0)
    drill: float = 0.0
    name: str = ""


BOTH = frozenset({"F.Cu", "B.Cu"})


def _corner(footprint: list[Any]) -> tuple[float, float, int]:
    at = only(footprint, "at")
    return float(at[1]), float(at[2]), int(at[3]) if len(at) > 3 else 0


def coppers(text: str) -> list[Copper]:
    """Everything of copper on the board but the pours; holes without copper too, without a net."""
    board = read(text)
    found = []
    for footprint in nodes(board, "footprint"):
        x, y, angle = _corner(footprint)
        ref = field(footprint, "Reference")
        for pad in nodes(footprint, "pad"):
            dx, dy = float(only(pad, "at")[1]), float(only(pad, "at")[2])
            for _ in range(angle // 90):
                dx, dy = dy, -dx
            at = round(x + dx, 4), round(y + dy, 4)
            w, h = float(only(pad, "size")[1]) / 2, float(only(pad, "size")[2]) / 2
            if angle % 180:
                w, h = h, w
            drill = nodes(pad, "drill")
            layers = BOTH if drill else BOTH & set(only(pad, "layers")[1:])
            net = nodes(pad, "net")
            round_ = pad[3] == "circle"
            found.append(
                Copper(
                    net[0][2] if net else "", frozenset(layers), at, at, w if round_ else 0.0,
                    (0.0, 0.0) if round_ else (w, h), float(drill[0][1]) if drill else 0.0,
                    f"{ref}.{pad[1]}",
                )
            )  # fmt: skip
    names = {one[1]: one[2] for one in nodes(board, "net")}
    for track in nodes(board, "segment"):
        found.append(
            Copper(
                names[only(track, "net")[1]], frozenset({only(track, "layer")[1]}),
                point(only(track, "start")), point(only(track, "end")),
                float(only(track, "width")[1]) / 2, name="track",
            )
        )  # fmt: skip
    for via in nodes(board, "via"):
        at = point(only(via, "at"))
        found.append(
            Copper(
                names[only(via, "net")[1]], BOTH, at, at, float(only(via, "size")[1]) / 2,
                drill=float(only(via, "drill")[1]), name="via",
            )
        )  # fmt: skip
    return found


def of_board(text: str) -> Netlist:
    """The nets of the pads."""
    return _collect(
        ((one.name.split(".")[0], one.name.split(".")[1]), one.net)
        for one in coppers(text)
        if one.name not in ("track", "via") and not one.net.startswith("unconnected-")
    )


def footprints(text: str) -> dict[str, tuple[float, float, int, str]]:
    """Where each footprint sits: x, y, angle, side."""
    return {
        field(one, "Reference"): (*_corner(one), only(one, "layer")[1][0])
        for one in nodes(read(text), "footprint")
    }
