"""Triangle meshes: reading STL files, whether they are closed, rays through them, collisions."""

import math
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

Point = tuple[float, float, float]
Triangle = tuple[Point, Point, Point]


class Mesh:
    """Triangles, counter-clockwise as seen from outside."""

    def __init__(self, triangles: Iterable[Triangle]) -> None:
        self.triangles = [t for t in triangles if len(set(t)) == 3]
        self._cells: dict[tuple[int, int, int], list[int]] = {}

    def low(self) -> Point:
        """The least of each coordinate."""
        a, b, c = (min(p[i] for t in self.triangles for p in t) for i in range(3))
        return a, b, c

    def high(self) -> Point:
        """The most of each coordinate."""
        a, b, c = (max(p[i] for t in self.triangles for p in t) for i in range(3))
        return a, b, c

    def volume(self) -> float:
        """Cubic millimetres; below zero if the triangles are inside out."""
        return sum(_dot(a, _cross(b, c)) for a, b, c in self.triangles) / 6

    def open_edges(self) -> int:
        """How many edges have not exactly one triangle on each side."""
        edges = Counter((t[i], t[(i + 1) % 3]) for t in self.triangles for i in range(3))
        return sum(1 for (a, b), count in edges.items() if count != 1 or edges.get((b, a)) != 1)

    def pieces(self) -> int:
        """How many bodies there are that do not hang together."""
        parent: dict[Point, Point] = {}

        def root(point: Point) -> Point:
            while parent.setdefault(point, point) != point:
                parent[point] = point = parent[parent[point]]
            return point

        for a, b, c in self.triangles:
            parent[root(b)] = root(a)
            parent[root(c)] = root(a)
        return len({root(point) for point in parent})

    def moved(self, by: Point, turned: bool = False) -> "Mesh":
        """Moved; before that turned over around the x axis if `turned` says so."""
        sign = -1.0 if turned else 1.0

        def move(p: Point) -> Point:
            return p[0] + by[0], sign * p[1] + by[1], sign * p[2] + by[2]

        return Mesh((move(a), move(b), move(c)) for a, b, c in self.triangles)

    def thicknesses(self) -> Iterator[tuple[float, Point, Point]]:
        """From the middle of each triangle straight in: how far to the other side, from where."""
        for a, b, c in self.triangles:
            normal = _cross(_sub(b, a), _sub(c, a))
            size = math.sqrt(_dot(normal, normal))
            if size < 1e-3:  # a sliver, whose direction is not to be trusted
                continue
            inward = _scale(normal, -1 / size)
            middle = _scale(_add(_add(a, b), c), 1 / 3)
            far = self._first_hit(middle, inward)
            yield far, middle, inward

    def _first_hit(self, start: Point, way: Point) -> float:
        best = math.inf
        for a, b, c in self._near(start, way):
            edge1, edge2 = _sub(b, a), _sub(c, a)
            p = _cross(way, edge2)
            det = _dot(edge1, p)
            if abs(det) < 1e-9:
                continue
            t = _sub(start, a)
            u = _dot(t, p) / det
            if u < -1e-9 or u > 1 + 1e-9:
                continue
            q = _cross(t, edge1)
            v = _dot(way, q) / det
            if v < -1e-9 or u + v > 1 + 1e-9:
                continue
            far = _dot(edge2, q) / det
            if 1e-4 < far < best:
                best = far
        return best

    def _near(self, start: Point, way: Point, reach: float = 8.0) -> Iterator[Triangle]:
        """The triangles whose boxes meet the box of a ray of this reach: further is thick."""
        end = _add(start, _scale(way, reach))
        seen: set[int] = set()
        for cell in _cells(_box((start, end))):
            seen.update(self._grid().get(cell, ()))
        return (self.triangles[i] for i in seen)

    def _grid(self) -> dict[tuple[int, int, int], list[int]]:
        if not self._cells:
            grid = defaultdict(list)
            for i, triangle in enumerate(self.triangles):
                for cell in _cells(_box(triangle)):
                    grid[cell].append(i)
            self._cells = dict(grid)
        return self._cells

    def meets(self, other: "Mesh") -> Point | None:
        """A point where the surfaces go through each other, if there is one."""
        for triangle in other.triangles:
            box = _box(triangle)
            near = {i for cell in _cells(box) for i in self._grid().get(cell, ())}
            for i in near:
                mine = self.triangles[i]
                if _apart(_box(mine), box):
                    continue
                for one, two in ((mine, triangle), (triangle, mine)):
                    for k in range(3):
                        hit = _pierces(one[k], one[(k + 1) % 3], two)
                        if hit is not None:
                            return hit
        return None

    def holds(self, point: Point) -> bool:
        """Whether a point is inside, by a ray in a direction that no surface here has."""
        way = (0.5773, 0.5071, 0.6399)
        crossings = 0
        for a, b, c in self.triangles:
            hit = _pierces(point, _add(point, _scale(way, 1000)), (a, b, c))
            crossings += hit is not None
        return crossings % 2 == 1


def read(path: Path) -> Mesh:
    """A binary STL file."""
    data = path.read_bytes()
    (count,) = struct.unpack_from("<I", data, 80)
    if len(data) != 84 + 50 * count:
        raise ValueError(f"{path}: expected a binary STL file of {count} triangles")
    rows = struct.iter_unpack("<12fH", data[84:])
    return Mesh((r[3:6], r[6:9], r[9:12]) for r in rows)


def prism(corners: list[tuple[float, float]], bottom: float, top: float) -> Mesh:
    """A convex outline, counter-clockwise, from one height to another."""
    low = [(x, y, bottom) for x, y in corners]
    high = [(x, y, top) for x, y in corners]
    n = len(corners)
    triangles: list[Triangle] = []
    for i in range(1, n - 1):
        triangles += [(low[0], low[i + 1], low[i]), (high[0], high[i], high[i + 1])]
    for i in range(n):
        j = (i + 1) % n
        triangles += [(low[i], low[j], high[j]), (low[i], high[j], high[i])]
    return Mesh(triangles)


def box(low: Point, high: Point) -> Mesh:
    """A box between two corners."""
    return prism(
        [(low[0], low[1]), (high[0], low[1]), (high[0], high[1]), (low[0], high[1])],
        low[2],
        high[2],
    )


def cylinder(x: float, y: float, diameter: float, bottom: float, top: float) -> Mesh:
    """An upright cylinder of 24 sides."""
    r = diameter / 2
    turn = [2 * math.pi * (i + 0.25) / 24 for i in range(24)]
    return prism([(x + r * math.cos(a), y + r * math.sin(a)) for a in turn], bottom, top)


def _pierces(start: Point, end: Point, triangle: Triangle) -> Point | None:
    """Where a stretch goes through a triangle, edges left out."""
    a, b, c = triangle
    way = _sub(end, start)
    edge1, edge2 = _sub(b, a), _sub(c, a)
    p = _cross(way, edge2)
    det = _dot(edge1, p)
    if abs(det) < 1e-12:
        return None
    t = _sub(start, a)
    u = _dot(t, p) / det
    q = _cross(t, edge1)
    v = _dot(way, q) / det
    far = _dot(edge2, q) / det
    if u < 0 or v < 0 or u + v > 1 or far < 0 or far > 1:
        return None
    return _add(start, _scale(way, far))


def _box(points: Iterable[Point]) -> tuple[Point, Point]:
    xs, ys, zs = zip(*points, strict=True)
    return (min(xs), min(ys), min(zs)), (max(xs), max(ys), max(zs))


def _apart(one: tuple[Point, Point], two: tuple[Point, Point]) -> bool:
    return any(one[1][i] < two[0][i] or two[1][i] < one[0][i] for i in range(3))


def _cells(box: tuple[Point, Point], size: float = 4.0) -> Iterator[tuple[int, int, int]]:
    low = [math.floor((v - 1e-6) / size) for v in box[0]]
    high = [math.floor((v + 1e-6) / size) for v in box[1]]
    for x in range(low[0], high[0] + 1):
        for y in range(low[1], high[1] + 1):
            for z in range(low[2], high[2] + 1):
                yield x, y, z


def _add(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _sub(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _scale(a: Point, by: float) -> Point:
    return a[0] * by, a[1] * by, a[2] * by


def _dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Point, b: Point) -> Point:
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )
