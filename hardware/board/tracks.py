"""All the tracks of the board: every net in an order that works, then the ground.

The ground is poured, not routed. What the pour does not reach is led to it by a track; vias join
the pours of both sides, and only such as lie in the one that everything hangs on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from hardware.board import rules
from hardware.board.circuit import GND, WIDE, BoardError
from hardware.board.grid import FREE, STEP, Grid, Via, inset
from hardware.board.layout import PlacedPad
from hardware.board.router import Attempt, Routes, Stuck, base_grids, cells, spread
from hardware.board.silk import Box

_TOGETHER = "U1"
"""The part whose ground pads are joined to each other first: nothing gets between them later."""
_ROUNDS = 60
_STITCH = 6.0
_POUR = 2 * (rules.POUR_CLEARANCE - rules.CLEARANCE) + 0.25
"""Where a track of this width may be, there the pour is, at its least width of 0.25."""


def route(pads: Sequence[PlacedPad], shape: dict[str, Any], keep: Sequence[Box] = ()) -> Routes:
    """The tracks for these pads; raises `BoardError` naming the net that finds no way.

    No via pierces the words in `keep`.
    """
    nets: dict[str, list[PlacedPad]] = defaultdict(list)
    for pad in pads:
        if pad.net and (pad.net != GND or pad.part == _TOGETHER):
            nets[pad.net].append(pad)
    grids = base_grids(pads, shape, (rules.TRACK, rules.WIDE_TRACK, rules.VIA, _POUR), keep)
    order = sorted(nets, key=lambda net: (net != GND, net not in WIDE, spread(nets[net]), net))
    stuck = ""
    for _ in range(_ROUNDS):
        attempt = Attempt(pads, grids)
        try:
            laid = {net: attempt.route(net, nets[net]) for net in order}
            _ground(attempt, shape, laid[GND])
        except Stuck as error:
            stuck = str(error)
            order.remove(stuck)
            order.insert(0, stuck)
            continue
        return attempt.routes
    raise BoardError(f"net {stuck} finds no way: move its parts apart in layout.py")


def _ground(attempt: Attempt, shape: dict[str, Any], together: set[int]) -> None:
    pour, net = attempt.grids[_POUR], attempt.names[GND]
    areas = _areas(pour, net)
    vias = _candidates(attempt.grids[rules.VIA], net, shape)
    joined = _Joined(areas, pour.size)
    for cell in vias:
        joined.join(cell, cell + pour.size)
    ground = [pad for pad in attempt.pads if pad.net == GND]
    for pad in ground:
        if pad.drill:
            middle = next(iter(cells(pour, pad)))
            joined.join(middle % pour.size, middle % pour.size + pour.size)
    main = joined.largest()
    for pad in ground:
        touched = set(cells(pour, pad))
        if not touched & main:
            main.update(attempt.reach(GND, pad, main), touched)
        if touched & together:
            main |= together
    room = attempt.grids[rules.VIA].marks
    for cell in vias:
        size = pour.size
        if cell in main and cell + size in main and {room[cell], room[cell + size]} <= {FREE, net}:
            attempt.add_via(Via(GND, pour.point(cell)))


def _areas(grid: Grid, net: int) -> dict[int, int]:
    """The number of the area of poured copper that each cell belongs to."""
    found: dict[int, int] = {}
    for start in range(2 * grid.size):
        if start in found or grid.marks[start] not in (FREE, net):
            continue
        found[start], ahead = start, [start]
        while ahead:
            cell = ahead.pop()
            for to in (cell + 1, cell - 1, cell + grid.columns, cell - grid.columns):
                if to not in found and grid.marks[to] in (FREE, net):
                    found[to] = start
                    ahead.append(to)
    return found


class _Joined:
    """Areas that vias and plated holes make one."""

    def __init__(self, areas: dict[int, int], size: int) -> None:
        self._areas, self._size = areas, size
        self._parent = {area: area for area in set(areas.values())}

    def _top(self, area: int) -> int:
        while self._parent[area] != area:
            area = self._parent[area]
        return area

    def join(self, one: int, other: int) -> None:
        """Two cells are joined through the board."""
        if one in self._areas and other in self._areas:
            self._parent[self._top(self._areas[one])] = self._top(self._areas[other])

    def largest(self) -> set[int]:
        """The cells of the largest of what hangs together."""
        tops = {area: self._top(area) for area in self._parent}
        sizes = Counter(tops[area] for area in self._areas.values())
        ((largest, _),) = sizes.most_common(1)
        return {cell for cell, area in self._areas.items() if tops[area] == largest}


def _candidates(grid: Grid, net: int, shape: dict[str, Any]) -> list[int]:
    """Where a via of the ground has room, in even steps over the board."""
    step = round(_STITCH / STEP)
    found = []
    for row in range(step // 2, grid.rows, step):
        for column in range(step // 2, grid.columns, step):
            cell = row * grid.columns + column
            x, y = grid.point(cell)
            if {grid.marks[cell], grid.marks[cell + grid.size]} <= {FREE, net} and inset(
                shape, x, y
            ) > rules.POUR_EDGE + rules.VIA:
                found.append(cell)
    return found
