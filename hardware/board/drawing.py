"""What a footprint is made of: pads, lines, bodies. All lengths in millimetres.

A footprint is drawn as seen from the side that it is mounted on, y down, around its own origin.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Shape = Literal["rect", "roundrect", "circle"]
Point = tuple[float, float]
SILK, FAB, COURTYARD = 0.15, 0.1, 0.05


@dataclass(frozen=True)
class Pad:
    """A pad: its number, centre, size and shape; a hole, where its part goes through the board.

    A hole whose pad has no number carries no copper.
    """

    number: str
    x: float
    y: float
    width: float
    height: float
    shape: Shape = "roundrect"
    drill: float = 0.0
    paste: bool = True


@dataclass(frozen=True)
class Line:
    """A straight line of the drawing; `layer` without its side: SilkS, Fab or CrtYd."""

    layer: str
    start: Point
    end: Point
    width: float


@dataclass(frozen=True)
class Circle:
    """A circle of the drawing."""

    layer: str
    center: Point
    radius: float
    width: float


@dataclass(frozen=True)
class Block:
    """A body for the picture: a box, or a cylinder when `round`, from height `low` to `high`."""

    x: float
    y: float
    width: float
    depth: float
    low: float
    high: float
    colour: str
    round: bool = False


@dataclass(frozen=True)
class Footprint:
    """Everything about one kind of place on the board."""

    name: str
    about: str
    kind: Literal["smd", "through_hole", "none"]
    pads: tuple[Pad, ...]
    drawing: tuple[Line | Circle, ...]
    reference: Point
    bodies: tuple[Block, ...] = ()
    in_bom: bool = True


def box(layer: str, x0: float, y0: float, x1: float, y1: float, width: float) -> tuple[Line, ...]:
    """A rectangle between two corners."""
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]
    return tuple(Line(layer, a, b, width) for a, b in pairwise(corners))


def around(x0: float, y0: float, x1: float, y1: float) -> tuple[Line, ...]:
    """The room that a part takes."""
    return box("CrtYd", x0, y0, x1, y1, COURTYARD)


def body(x0: float, y0: float, x1: float, y1: float) -> tuple[Line, ...]:
    """The outline of a part itself."""
    return box("Fab", x0, y0, x1, y1, FAB)
