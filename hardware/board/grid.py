"""Where a track or a via may be: a grid over both layers, marked by what copper is near."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from hardware.board import layout, rules
from hardware.board.layout import PlacedPad, Point

STEP = 0.25
FREE, NOBODY = 0, -1
Distance = Callable[[float, float], float]


@dataclass(frozen=True)
class Segment:
    """A piece of track; `layer` 0 is the front, 1 the back."""

    net: str
    layer: int
    start: Point
    end: Point
    width: float


@dataclass(frozen=True)
class Via:
    """A plated hole that joins both layers."""

    net: str
    at: Point


def to_segment(a: Point, b: Point) -> Distance:
    """How far a point is from the line between two."""
    (ax, ay), (dx, dy) = a, (b[0] - a[0], b[1] - a[1])
    square = dx * dx + dy * dy

    def distance(x: float, y: float) -> float:
        along = ((x - ax) * dx + (y - ay) * dy) / square if square else 0.0
        along = min(1.0, max(0.0, along))
        return math.hypot(x - ax - along * dx, y - ay - along * dy)

    return distance


def to_pad(pad: PlacedPad) -> Distance:
    """How far a point is from a pad's copper; inside it is negative, or 0 in a square one."""
    if pad.round:
        return lambda x, y: math.hypot(x - pad.x, y - pad.y) - pad.width / 2
    w, h = pad.width / 2, pad.height / 2
    return lambda x, y: math.hypot(max(0.0, abs(x - pad.x) - w), max(0.0, abs(y - pad.y) - h))


def inset(shape: Mapping[str, Any], x: float, y: float) -> float:
    """How far a point is inside of the board's edge."""
    board = shape["board"]
    width, height, radius = board["width"], board["height"], board["corner_radius"]
    dx, dy = min(x, width - x), min(y, height - y)
    if dx < radius and dy < radius:
        return float(radius - math.hypot(radius - dx, radius - dy))
    return float(min(dx, dy))


class Grid:
    """Marks for tracks of one width (or for vias): at each point which net alone may pass.

    `FREE`: any; `NOBODY`: none; else the number of the one net whose copper is near.
    """

    def __init__(self, shape: Mapping[str, Any], width: float) -> None:
        self.columns = round(shape["board"]["width"] / STEP) + 1
        self.rows = round(shape["board"]["height"] / STEP) + 1
        self.size = self.columns * self.rows
        self.radius = width / 2
        self.marks = array("h", [FREE]) * (2 * self.size)
        for cell in range(self.size):
            if inset(shape, *self.point(cell)) < rules.EDGE + self.radius:
                self.marks[cell] = self.marks[cell + self.size] = NOBODY
        for layer, x, y, diameter in layout.posts(shape):
            self._mark(
                (layer,),
                NOBODY,
                to_segment((x, y), (x, y)),
                (x, y),
                (x, y),
                diameter / 2 + self.radius,
            )

    def copy(self) -> Grid:
        """A grid with the same marks, to be marked further."""
        other = copy(self)
        other.marks = self.marks[:]
        return other

    def point(self, cell: int) -> Point:
        """Where a cell is."""
        row, column = divmod(cell % self.size, self.columns)
        return column * STEP, row * STEP

    def within(self, low: Point, high: Point, reach: float) -> Iterator[int]:
        """The cells of one layer in a box that is `reach` larger on every side."""
        x0 = max(0, math.ceil((low[0] - reach) / STEP))
        x1 = min(self.columns - 1, math.floor((high[0] + reach) / STEP))
        y0 = max(0, math.ceil((low[1] - reach) / STEP))
        y1 = min(self.rows - 1, math.floor((high[1] + reach) / STEP))
        for row in range(y0, y1 + 1):
            yield from range(row * self.columns + x0, row * self.columns + x1 + 1)

    def _mark(
        self, layers: tuple[int, ...], net: int, distance: Distance,
        low: Point, high: Point, keep: float,
    ) -> None:  # fmt: skip
        for cell in self.within(low, high, keep):
            if distance(*self.point(cell)) < keep - 1e-9:
                for layer in layers:
                    at = cell + layer * self.size
                    before = self.marks[at]
                    self.marks[at] = net if before in (FREE, net) else NOBODY

    def add_pad(self, pad: PlacedPad, net: int) -> None:
        """Mark what is near a pad."""
        layers = (*((0,) if pad.front else ()), *((1,) if pad.back else ()))
        half = (pad.width / 2, pad.height / 2)
        low, high = (pad.x - half[0], pad.y - half[1]), (pad.x + half[0], pad.y + half[1])
        self._mark(layers, net, to_pad(pad), low, high, self.radius + rules.CLEARANCE)

    def forbid_near(self, pad: PlacedPad) -> None:
        """For vias: none in a pad, and none with its hole near another's."""
        half = (pad.width / 2, pad.height / 2)
        low, high = (pad.x - half[0], pad.y - half[1]), (pad.x + half[0], pad.y + half[1])
        keep = self.radius + 0.1
        if pad.drill:
            keep = max(keep, rules.HOLE_TO_HOLE + (rules.VIA_DRILL + pad.drill - pad.width) / 2)
        self._mark((0, 1), NOBODY, to_pad(pad), low, high, keep)

    def forbid(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """For vias: none that touches this box."""
        for cell in self.within((x0, y0), (x1, y1), self.radius):
            self.marks[cell] = self.marks[cell + self.size] = NOBODY

    def add_segment(self, segment: Segment, net: int) -> None:
        """Mark what is near a piece of track."""
        keep = self.radius + rules.CLEARANCE + segment.width / 2
        low = (min(segment.start[0], segment.end[0]), min(segment.start[1], segment.end[1]))
        high = (max(segment.start[0], segment.end[0]), max(segment.start[1], segment.end[1]))
        self._mark((segment.layer,), net, to_segment(segment.start, segment.end), low, high, keep)

    def add_via(self, via: Via, net: int, *, for_vias: bool = False) -> None:
        """Mark what is near a via; for other vias also those of its own net."""
        keep = self.radius + rules.CLEARANCE + rules.VIA / 2
        self._mark((0, 1), net, to_segment(via.at, via.at), via.at, via.at, keep)
        if for_vias:
            apart = rules.VIA_DRILL + rules.HOLE_TO_HOLE
            self._mark((0, 1), NOBODY, to_segment(via.at, via.at), via.at, via.at, apart)
