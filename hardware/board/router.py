"""Finds the tracks of one net after another by A* over both layers of a grid."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hardware.board import rules
from hardware.board.circuit import WIDE
from hardware.board.grid import FREE, NOBODY, STEP, Grid, Segment, Via, to_pad
from hardware.board.layout import PlacedPad, Point
from hardware.board.silk import Box

_VIA_COST, _WIDE_VIA_COST = 10.0, 60.0
"""In steps of the grid. A via is a narrow place for what a wide track carries: it gets two."""
_THIN = ("TP", "U1", "C3")
"""Parts that get a thin track on a wide net too: no current to speak of flows to them."""
_DIAGONAL = math.sqrt(2)


@dataclass
class Routes:
    """The tracks and vias of a board."""

    segments: list[Segment] = field(default_factory=list)
    vias: list[Via] = field(default_factory=list)


class Stuck(Exception):
    """A net finds no way."""


class Attempt:
    """One try: the nets in one order, each keeping clear of those before it."""

    def __init__(self, pads: Sequence[PlacedPad], grids: Mapping[float, Grid]) -> None:
        self.routes = Routes()
        self.pads = pads
        self.names = numbers(pads)
        self.grids = {width: grid.copy() for width, grid in grids.items()}
        self._via_grid = self.grids[rules.VIA]

    def route(self, net: str, pads: Sequence[PlacedPad]) -> set[int]:
        """Join the pads of a net, the nearest first; returns the cells of its tracks.

        On a wide net those that want no current come last, so that none flows through their tracks.
        """
        inside, outside = [], sorted(pads, key=_thin)
        inside.append(outside.pop(0))
        tree: set[int] = set()
        while outside:
            target = min(
                outside,
                key=lambda pad: (
                    net in WIDE and _thin(pad),
                    min(math.hypot(pad.x - one.x, pad.y - one.y) for one in inside),
                ),
            )
            outside.remove(target)
            width = rules.WIDE_TRACK if net in WIDE else rules.TRACK
            if width > rules.TRACK and (_thin(target) or all(_thin(pad) for pad in inside)):
                width = rules.TRACK
            self._join(net, inside, target, tree, width)
            inside.append(target)
        return tree

    def _join(
        self, net: str, inside: Sequence[PlacedPad], target: PlacedPad, tree: set[int], width: float
    ) -> None:
        grid = self.grids[width]
        starts = set(tree)
        for pad in inside:
            if width == rules.TRACK or not _thin(pad):
                starts.update(cells(grid, pad))
        ends = set(cells(grid, target))
        path = self._search(grid, self.names[net], starts, ends, (target.x, target.y))
        if path is None:
            raise Stuck(net)
        tree.update(path)
        self._lay(net, grid, path, width)

    def reach(self, net: str, pad: PlacedPad, ends: set[int]) -> list[int]:
        """Lead a pad to the nearest of many cells; returns the cells of the track."""
        grid = self.grids[rules.TRACK]
        path = self._search(grid, self.names[net], set(cells(grid, pad)), ends, None)
        if path is None:
            raise Stuck(net)
        self._lay(net, grid, path, rules.TRACK)
        return path

    def _search(
        self, grid: Grid, net: int, starts: set[int], ends: set[int], goal: Point | None
    ) -> list[int] | None:
        size, columns, marks, vias = grid.size, grid.columns, grid.marks, self._via_grid.marks
        passes = (FREE, net)
        through = _WIDE_VIA_COST if grid is self.grids[rules.WIDE_TRACK] else _VIA_COST
        gx, gy = (goal[0] / STEP, goal[1] / STEP) if goal else (0.0, 0.0)
        reach = math.inf
        if goal:
            reach = max(
                (math.hypot(x / STEP - gx, y / STEP - gy) for x, y in map(grid.point, ends)),
                default=0,
            )
        moves = [(1, 1.0), (-1, 1.0), (columns, 1.0), (-columns, 1.0)]
        moves += [(a + b, _DIAGONAL) for a in (1, -1) for b in (columns, -columns)]

        def ahead(cell: int) -> float:
            row, column = divmod(cell % size, columns)
            dx, dy = abs(column - gx), abs(row - gy)
            return float(max(0.0, max(dx, dy) + (_DIAGONAL - 1) * min(dx, dy) - reach))

        cost = {cell: 0.0 for cell in starts if marks[cell] in passes}
        came: dict[int, int] = {}
        queue = [(ahead(cell), cell) for cell in sorted(cost)]
        heapq.heapify(queue)
        done: set[int] = set()
        while queue:
            _, cell = heapq.heappop(queue)
            if cell in done:
                continue
            done.add(cell)
            if cell in ends:
                path = [cell]
                while cell in came:
                    cell = came[cell]
                    path.append(cell)
                return path
            here = cost[cell]
            for move, length in moves:
                to = cell + move
                if marks[to] not in passes or to in done:
                    continue
                if here + length < cost.get(to, math.inf):
                    cost[to], came[to] = here + length, cell
                    heapq.heappush(queue, (here + length + ahead(to), to))
            flat, other = cell % size, (cell + size) % (2 * size)
            if (
                other not in done
                and vias[flat] in passes
                and vias[flat + size] in passes
                and marks[other] in passes
                and here + through < cost.get(other, math.inf)
            ):
                cost[other], came[other] = here + through, cell
                heapq.heappush(queue, (here + through + ahead(other), other))
        return None

    def _lay(self, net: str, grid: Grid, path: Sequence[int], width: float) -> None:
        corner = path[0]
        for before, cell, after in zip(path, path[1:], [*path[2:], None], strict=False):
            if before // grid.size != cell // grid.size:
                self.add_via(Via(net, grid.point(cell)))
                if width == rules.WIDE_TRACK:
                    self._second_via(net, grid, cell % grid.size)
                corner = cell
            elif after is None or after - cell != cell - before:
                layer = cell // grid.size
                self._add(Segment(net, layer, grid.point(corner), grid.point(cell), width))
                corner = cell

    def _second_via(self, net: str, grid: Grid, cell: int) -> None:
        """Put another via beside that in `cell`, joined to it on both layers, if there is room."""
        size, vias, passes = grid.size, self._via_grid.marks, (FREE, self.names[net])
        apart = math.ceil((rules.VIA_DRILL + rules.HOLE_TO_HOLE) / STEP)
        for step in (grid.columns, -grid.columns, 1, -1):
            line = [cell + step * i for i in range(apart + 1)]
            wide = all(grid.marks[one + side] in passes for one in line for side in (0, size))
            if wide and vias[line[-1]] in passes and vias[line[-1] + size] in passes:
                self.add_via(Via(net, grid.point(line[-1])))
                for layer in (0, 1):
                    ends = grid.point(cell), grid.point(line[-1])
                    self._add(Segment(net, layer, *ends, rules.WIDE_TRACK))
                return

    def _add(self, segment: Segment) -> None:
        self.routes.segments.append(segment)
        for grid in self.grids.values():
            grid.add_segment(segment, self.names[segment.net])

    def add_via(self, via: Via) -> None:
        """Put a via."""
        self.routes.vias.append(via)
        for grid in self.grids.values():
            grid.add_via(via, self.names[via.net], for_vias=grid is self._via_grid)


def _thin(pad: PlacedPad) -> bool:
    return pad.part.startswith(_THIN)


def cells(grid: Grid, pad: PlacedPad) -> Iterator[int]:
    """The cells in a pad's copper, a little inside."""
    distance = to_pad(pad)
    w, h = pad.width / 2, pad.height / 2
    for cell in grid.within((pad.x, pad.y), (pad.x, pad.y), max(w, h)):
        x, y = grid.point(cell)
        if pad.round:
            inside = distance(x, y) <= -0.1
        else:
            inside = abs(x - pad.x) <= max(w - 0.1, 0.03) and abs(y - pad.y) <= max(h - 0.1, 0.03)
        if inside:
            if pad.front:
                yield cell
            if pad.back:
                yield cell + grid.size


def numbers(pads: Sequence[PlacedPad]) -> dict[str, int]:
    """The number by which a net is marked on the grids."""
    return {name: i for i, name in enumerate(sorted({pad.net for pad in pads} - {""}), 1)}


def base_grids(
    pads: Sequence[PlacedPad],
    shape: Mapping[str, Any],
    widths: Iterable[float],
    keep: Iterable[Box],
) -> dict[float, Grid]:
    """The board with its pads and no track, for tracks of each width and for vias.

    No via pierces the words in `keep`.
    """
    names = numbers(pads)
    grids = {}
    for width in widths:
        grid = grids[width] = Grid(shape, width)
        for pad in pads:
            if pad.number:
                grid.add_pad(pad, names.get(pad.net, NOBODY))
                if width == rules.VIA:
                    grid.forbid_near(pad)
    for box in keep:
        grids[rules.VIA].forbid(box.x0, box.y0, box.x1, box.y1)
    return grids


def spread(pads: Sequence[PlacedPad]) -> float:
    """How far apart pads lie."""
    xs, ys = [pad.x for pad in pads], [pad.y for pad in pads]
    return max(xs) - min(xs) + max(ys) - min(ys)
