"""Words on the board: what is printed beside keys, pads and wires, and how much room they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hardware.board import layout
from hardware.board.circuit import Part
from hardware.board.drawing import Footprint
from hardware.board.layout import Place, Point

SMALL, NORMAL, LARGE = 0.8, 1.0, 1.3
_NO_REFERENCE = ("SW", "TP", "H", "J4")
_REFERENCE_AT = {"J3": (0.0, -2.4), "D17": (-3.1, 0.0)}
"""Where a reference goes whose usual place is taken, from the part's origin on the board."""


@dataclass(frozen=True)
class Words:
    """Words around their centre, seen from their own side."""

    text: str
    x: float
    y: float
    size: float
    back: bool = False
    bold: bool = False


@dataclass(frozen=True)
class Box:
    """The room that words take on a side."""

    x0: float
    y0: float
    x1: float
    y1: float
    back: bool


def has_reference(part: Part) -> bool:
    """Whether a part's reference is printed; beside the others stand words of their own."""
    return part.kind not in _NO_REFERENCE and part.ref not in _NO_REFERENCE


def reference(part: Part, place: Place, print_: Footprint) -> Point:
    """Where a part's reference is printed, in its footprint; it is level however the part lies."""
    if part.ref in _REFERENCE_AT:
        x, y = layout.turn(*_REFERENCE_AT[part.ref], 360 - place.turned)
        return x, -y if place.back else y
    x, y = print_.reference
    if place.turned % 180:
        y += (1 if y > 0 else -1) * (len(part.ref) * SMALL * 0.4 - SMALL / 2)
    return x, y


def words(parts: list[Part], shape: Mapping[str, Any]) -> Iterator[Words]:
    """All words but the references."""
    where = layout.places(parts, shape)
    for part in parts:
        x, y = where[part.ref].x, where[part.ref].y
        if part.kind == "SW":
            dx, dy = (0.0, -4.6) if part.value == "PRESS" else (-5.3, 0.0)
            yield Words(part.value, x + dx, y + dy, LARGE, bold=True)
        elif part.kind == "TP":
            yield Words(_short(part.nets["1"]), x, y + 1.6, SMALL)
    pitch, x, y = shape["display"]["pin_pitch"], where["J4"].x, where["J4"].y
    for i, name in enumerate(("GND", "VCC", "SCL", "SDA")):
        yield Words(name, x + i * pitch, y - 2.2, SMALL)
    middle_x, middle_y = shape["display"]["center"]
    yield Words("DISPLAY", middle_x, middle_y, LARGE, bold=True)
    for i, name in enumerate(("B+", "B-", "GND", "5V")):
        yield Words(name, where["J3"].x - 2.6, where["J3"].y + 2.54 * i, SMALL, back=True)
    x, y = where["J2"].x + 2.2, where["J2"].y - 0.2
    yield Words("+", x, y, NORMAL, back=True, bold=True)
    yield Words("-", x, y - 1.8, NORMAL, back=True, bold=True)
    battery = shape["battery"]
    x, y = battery["corner"][0] + battery["width"] / 2, battery["corner"][1] + 10
    yield Words("Challng card  r1", x, y, 2.0, back=True, bold=True)
    yield Words(
        "one protected LiPo cell 3.7 V, plug + and - as marked", x, y + 3.5, SMALL, back=True
    )


def _short(net: str) -> str:
    return {"PRESS": "PRS", "5V_IN": "5VIN", "+3V3": "3V3", "+5V": "5V"}.get(
        net, net.replace("ROW", "R").replace("COL", "C")
    )


def boxes(parts: list[Part], shape: Mapping[str, Any]) -> list[Box]:
    """The room of all words, references too: no via may pierce them."""
    where, prints = layout.places(parts, shape), layout.footprints(shape)
    found = list(words(parts, shape))
    for part in parts:
        if has_reference(part):
            place = where[part.ref]
            x, y = layout.on_board(place, *reference(part, place, prints[part.footprint]))
            found.append(Words(part.ref, x, y, SMALL, place.back))
    return [
        Box(
            one.x - len(one.text) * one.size * 0.45, one.y - one.size * 0.6,
            one.x + len(one.text) * one.size * 0.45, one.y + one.size * 0.6, one.back,
        )
        for one in found
    ]  # fmt: skip
