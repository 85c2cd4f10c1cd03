"""Where each part sits: keys, display, header and holes where `hardware/outline.toml` has them.

Lengths in millimetres from the board's top left corner, as seen from the front, y down.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hardware.board.circuit import HARDWARE, BoardError, Part
from hardware.board.drawing import Footprint, Pad
from hardware.board.footprints import library

OUTLINE = HARDWARE / "outline.toml"
Point = tuple[float, float]


@dataclass(frozen=True)
class Place:
    """Where a part's origin is, how far it is turned (degrees against the clock), which side."""

    x: float
    y: float
    turned: int = 0
    back: bool = False


@dataclass(frozen=True)
class PlacedPad:
    """A pad where it lies on the board: centre, size as it lies, layers, net."""

    part: str
    number: str
    net: str
    x: float
    y: float
    width: float
    height: float
    round: bool
    drill: float
    front: bool
    back: bool


# Chosen by hand: what the outline says nothing about. All on the back.
_BY_HAND = {
    "J2": Place(50.5, 37.0, 90, True),
    "Q1": Place(55.25, 31.25, 180, True),
    "R1": Place(47.0, 41.25, 0, True),
    "F1": Place(55.75, 39.25, 0, True),
    "J3": Place(62.0, 31.0, 270, True),
    "D17": Place(61.25, 45.0, 90, True),
    "C1": Place(61.25, 52.5, 270, True),
    "C2": Place(61.25, 57.0, 270, True),
    "U1": Place(45.5, 49.25, 0, True),
    "C3": Place(45.5, 44.75, 0, True),
    "R2": Place(45.5, 53.75, 0, True),
    "R3": Place(45.5, 57.0, 0, True),
    "R4": Place(32.5, 40.0, 0, True),
}
_TEST_PADS = (6.0, 39.0, 3.3)
"""The first test pad, and how far they are apart."""


def outline() -> dict[str, Any]:
    """The file that board and case are both made from."""
    return tomllib.loads(OUTLINE.read_text())


def holes(shape: Mapping[str, Any]) -> list[Point]:
    """The centres of the screw holes: the board's own, then the Pi's."""
    return [(x, y) for x, y in [*shape["board"]["holes"], *shape["pi"]["holes"]]]


def posts(shape: Mapping[str, Any]) -> Iterator[tuple[int, float, float, float]]:
    """What presses on the board around its holes: layer (0 is the front), centre, diameter."""
    board = shape["board"]
    for x, y in holes(shape):
        yield 0, x, y, board["post_front"]
        own = [x, y] in board["holes"]
        yield 1, x, y, board["post_back"] if own else board["post_front"]


def places(parts: list[Part], shape: Mapping[str, Any]) -> dict[str, Place]:
    """The place of every part, by its reference."""
    keys, display, press = shape["keys"], shape["display"], shape["press"]
    (x0, y0), pitch, columns = keys["first"], keys["pitch"], keys["columns"]
    found = dict(_BY_HAND)
    for i in range(columns * keys["rows"]):
        x, y = x0 + pitch * (i % columns), y0 + pitch * (i // columns)
        found[f"SW{i + 1}"] = Place(x, y)
        found[f"D{i + 1}"] = Place(x, y, 0, True)
    found[f"SW{columns * keys['rows'] + 1}"] = Place(press["center"][0], press["center"][1])
    pin_x, pin_y = shape["pi"]["pin_1"]
    pins_x, pins_y = display["pins"]
    found["J4"] = Place(pins_x - 1.5 * display["pin_pitch"], pins_y)
    found["J1"] = Place(pin_x, pin_y, 0, True)
    for i, (x, y) in enumerate(holes(shape), 1):
        found[f"H{i}"] = Place(x, y)
    first, y, step = _TEST_PADS
    for i in range(sum(part.kind == "TP" for part in parts)):
        found[f"TP{i + 1}"] = Place(round(first + i * step, 3), y)
    if found.keys() != {part.ref for part in parts}:
        odd = sorted(found.keys() ^ {part.ref for part in parts})
        raise BoardError(f"parts and places differ in {', '.join(odd)}: see layout.py")
    return found


def footprints(shape: Mapping[str, Any]) -> dict[str, Footprint]:
    """Every footprint of the board, by its name."""
    return library(shape)


def turn(x: float, y: float, degrees: int) -> Point:
    """Turn a point around the origin against the clock, y down."""
    for _ in range(degrees // 90 % 4):
        x, y = y, -x
    return x, y


def on_board(place: Place, x: float, y: float) -> Point:
    """Where a point of a footprint comes to lie; from the back it is seen mirrored."""
    x, y = turn(x, -y if place.back else y, place.turned)
    return place.x + x, place.y + y


def _placed(part: Part, place: Place, pad: Pad) -> PlacedPad:
    x, y = on_board(place, pad.x, pad.y)
    across = place.turned % 180 == 90
    through = pad.drill > 0
    return PlacedPad(
        part.ref, pad.number, part.nets.get(pad.number, ""), round(x, 6), round(y, 6),
        pad.height if across else pad.width, pad.width if across else pad.height,
        pad.shape == "circle", pad.drill,
        through or not place.back, through or place.back,
    )  # fmt: skip


def pads(parts: list[Part], shape: Mapping[str, Any]) -> list[PlacedPad]:
    """Every pad of the board."""
    where, prints = places(parts, shape), footprints(shape)
    return [
        _placed(part, where[part.ref], pad) for part in parts for pad in prints[part.footprint].pads
    ]
