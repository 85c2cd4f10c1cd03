"""The board can be made: what a factory asks for, measured on the committed file."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import pytest

from hardware.board import circuit, layout, rules, silk
from hardware.board.grid import inset
from hardware.board.sexpr import nodes, only, read
from tests.hardware import netlists
from tests.hardware.netlists import KICAD, Copper, Point

SHAPE = layout.outline()
CELL = 4.0


@pytest.fixture(scope="module")
def text() -> str:
    return (KICAD / "card.kicad_pcb").read_text()


@pytest.fixture(scope="module")
def coppers(text: str) -> list[Copper]:
    return netlists.coppers(text)


def extent(one: Copper) -> tuple[float, float, float, float]:
    w, h = max(one.radius, one.half[0]), max(one.radius, one.half[1])
    (ax, ay), (bx, by) = one.start, one.end
    return min(ax, bx) - w, min(ay, by) - h, max(ax, bx) + w, max(ay, by) + h


def neighbours(coppers: list[Copper], reach: float) -> set[tuple[int, int]]:
    """Pairs whose surroundings overlap."""
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, one in enumerate(coppers):
        x0, y0, x1, y1 = extent(one)
        for x in range(int((x0 - reach) // CELL), int((x1 + reach) // CELL) + 1):
            for y in range(int((y0 - reach) // CELL), int((y1 + reach) // CELL) + 1):
                cells[x, y].append(i)
    return {pair for inside in cells.values() for pair in itertools.combinations(inside, 2)}


def _point_segment(p: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    square = dx * dx + dy * dy
    along = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / square if square else 0.0
    along = min(1.0, max(0.0, along))
    return math.hypot(p[0] - a[0] - along * dx, p[1] - a[1] - along * dy)


def _cross(a: Point, b: Point, c: Point, d: Point) -> bool:
    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0


def _lines(one: Copper) -> list[tuple[Point, Point]]:
    if one.half == (0.0, 0.0):
        return [(one.start, one.end)]
    (x, y), (w, h) = one.start, one.half
    corners = [(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)]
    return list(itertools.pairwise([*corners, corners[0]]))


def _inside(p: Point, one: Copper) -> bool:
    (x, y), (w, h) = one.start, one.half
    return (w, h) != (0.0, 0.0) and abs(p[0] - x) <= w and abs(p[1] - y) <= h


def gap(one: Copper, other: Copper) -> float:
    """The distance between two pieces of copper; 0 or less when they touch."""
    if _inside(other.start, one) or _inside(one.start, other):
        return 0.0
    least = math.inf
    for a, b in _lines(one):
        for c, d in _lines(other):
            if _cross(a, b, c, d):
                return 0.0
            least = min(
                least, _point_segment(a, c, d), _point_segment(b, c, d),
                _point_segment(c, a, b), _point_segment(d, a, b),
            )  # fmt: skip
    return least - one.radius - other.radius


def test_tracks_holes_and_rings_are_wide_enough(coppers: list[Copper]) -> None:
    for one in coppers:
        if one.name == "track":
            assert 2 * one.radius >= rules.FACTORY_TRACK
        if one.drill and one.net:
            assert one.drill >= rules.FACTORY_DRILL
            ring = min(max(one.radius, one.half[0]), max(one.radius, one.half[1])) - one.drill / 2
            assert ring >= rules.FACTORY_ANNULAR, one


def test_copper_of_different_nets_keeps_apart(coppers: list[Copper]) -> None:
    close = []
    for i, j in neighbours(coppers, rules.CLEARANCE):
        one, other = coppers[i], coppers[j]
        if one.net == other.net and one.net:
            continue
        if one.layers & other.layers and gap(one, other) < rules.CLEARANCE - 1e-6:
            close.append((one, other))
    assert rules.CLEARANCE >= rules.FACTORY_CLEARANCE
    assert close == []


def test_holes_keep_apart(coppers: list[Copper]) -> None:
    holes = [one for one in coppers if one.drill]
    for one, other in itertools.combinations(holes, 2):
        apart = math.dist(one.start, other.start) - (one.drill + other.drill) / 2
        assert apart >= rules.FACTORY_HOLE_TO_HOLE - 1e-6, (one, other)


def test_copper_keeps_away_from_the_edge(coppers: list[Copper]) -> None:
    for one in coppers:
        if one.net:
            x0, y0, x1, y1 = extent(one)
            for corner in itertools.product((x0, x1), (y0, y1)):
                assert inset(SHAPE, *corner) >= rules.FACTORY_EDGE, one


def wholes(coppers: list[Copper]) -> list[frozenset[str]]:
    """The names of what touches, directly or not, and is of one net; a net's rest is one more."""
    parent = list(range(len(coppers)))

    def top(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    for i, j in neighbours(coppers, 0.0):
        one, other = coppers[i], coppers[j]
        if one.net == other.net and one.layers & other.layers and gap(one, other) <= 0:
            parent[top(i)] = top(j)
    groups: dict[int, set[str]] = defaultdict(set)
    for i, one in enumerate(coppers):
        groups[top(i)].add(one.name)
    return [frozenset(group) for group in groups.values()]


def test_each_net_but_the_poured_one_is_whole(coppers: list[Copper], text: str) -> None:
    found = wholes(coppers)
    for net, pins in netlists.of_board(text).items():
        names = {f"{ref}.{pin}" for ref, pin in pins}
        assert net == "GND" or sum(bool(names & group) for group in found) == 1, net


@pytest.mark.parametrize(
    "pads", ["J2.1 Q1.3", "Q1.2 F1.1", "F1.2 J3.1", "J3.4 D17.2", "D17.1 C1.1 C2.1 J1.2 J1.4"]
)
def test_the_supply_flows_through_wide_tracks_alone(coppers: list[Copper], pads: str) -> None:
    wide = [
        one for one in coppers if one.name != "track" or 2 * one.radius >= rules.WIDE_TRACK - 1e-6
    ]
    (found,) = {group for group in wholes(wide) if group >= {pads.split()[0]}}
    assert found >= set(pads.split())


def test_the_supply_changes_sides_through_two_vias(coppers: list[Copper]) -> None:
    wide = [one for one in coppers if one.name == "track" and one.radius > rules.TRACK]
    for net in {one.net for one in wide}:
        vias = [one for one in coppers if one.name == "via" and one.net == net]
        for via in vias:
            sides = {
                side for one in wide if one.net == net and gap(one, via) <= 0 for side in one.layers
            }
            near = [one for one in vias if 0 < math.dist(one.start, via.start) < 1.1]
            assert len(sides) < 2 or near, via


def test_no_via_pierces_the_words(coppers: list[Copper]) -> None:
    boxes = silk.boxes(circuit.load_parts(), SHAPE)
    for via in (one for one in coppers if one.name == "via"):
        (x, y), r = via.start, via.drill / 2
        assert not any(
            b.x0 < x + r and x - r < b.x1 and b.y0 < y + r and y - r < b.y1 for b in boxes
        )


def test_the_edge_is_the_outline_s(text: str) -> None:
    board = SHAPE["board"]
    lines = nodes(read(text), "gr_line")
    points = {netlists.point(only(line, end)) for line in lines for end in ("start", "end")}
    w, h, r = board["width"], board["height"], board["corner_radius"]
    assert points == {
        (r, 0), (w - r, 0), (w, r), (w, h - r), (w - r, h), (r, h), (0, h - r), (0, r)
    }  # fmt: skip


def test_holes_keys_display_and_header_are_where_the_outline_has_them(
    text: str, coppers: list[Copper]
) -> None:
    where = netlists.footprints(text)
    at = {one.name: one.start for one in coppers if one.name not in ("track", "via")}
    holes = {one.start: one.drill for one in coppers if one.name.startswith("H")}
    wanted = {tuple(hole) for hole in SHAPE["board"]["holes"] + SHAPE["pi"]["holes"]}
    assert holes == dict.fromkeys(wanted, SHAPE["board"]["hole_diameter"])
    keys = SHAPE["keys"]
    (x, y), pitch = keys["first"], keys["pitch"]
    centres = {(x + pitch * c, y + pitch * r) for c in range(4) for r in range(4)}
    assert {where[f"SW{i}"][:2] for i in range(1, 17)} == centres
    assert where["SW17"][:2] == tuple(SHAPE["press"]["center"])
    middle, height = SHAPE["display"]["pins"]
    pins = [at[f"J4.{i}"] for i in range(1, 5)]
    assert [p[0] for p in pins] == pytest.approx(
        [middle + SHAPE["display"]["pin_pitch"] * (i - 1.5) for i in range(4)]
    )
    assert {p[1] for p in pins} == {height}
    (px, py), step = SHAPE["pi"]["pin_1"], SHAPE["pi"]["header_pitch"]
    for pin in range(1, 41):
        # Odd pins are the lower row, 1 is left; the Pi's parts face the board's back.
        expected = (px + step * ((pin - 1) // 2), py - step * ((pin - 1) % 2))
        assert at[f"J1.{pin}"] == pytest.approx(expected, abs=1e-3)
    assert where["J1"][3] == "B"


def test_the_screw_posts_press_on_no_track_and_no_part(coppers: list[Copper]) -> None:
    for layer, x, y, diameter in layout.posts(SHAPE):
        post = Copper("", frozenset({("F.Cu", "B.Cu")[layer]}), (x, y), (x, y), diameter / 2)
        for one in coppers:
            if one.layers & post.layers and not one.name.startswith("H"):
                assert gap(one, post) > 0, (one, post)


def _bodies(text: str) -> list[tuple[str, str, Point, float]]:
    """Each body's part, side, middle on the board, and height."""
    prints, where = layout.footprints(SHAPE), netlists.footprints(text)
    found = []
    for part in circuit.load_parts():
        x, y, angle, side = where[part.ref]
        place = layout.Place(x, y, angle, side == "B")
        for body in prints[part.footprint].bodies:
            found.append((part.ref, side, layout.on_board(place, body.x, body.y), body.high))
    return found


def test_no_part_is_higher_than_the_case_has_room_for(text: str) -> None:
    board, battery = SHAPE["board"], SHAPE["battery"]
    (bx, by), bw, bh = battery["corner"], battery["width"], battery["height"]
    for ref, side, (x, y), high in _bodies(text):
        if ref.startswith("SW") or ref == "J4":  # keys and display: the outline's own heights
            continue
        if side == "F":
            assert high <= board["front_height"], ref
        elif bx <= x <= bx + bw and by <= y <= by + bh:
            assert high <= board["back_height_battery"], ref
        elif ref != "J1":  # the Pi's own socket
            assert high <= board["back_height"], ref
    # The charge board lies there.
    (cx, cy), cw, ch = (
        SHAPE["charger"]["corner"],
        SHAPE["charger"]["width"],
        SHAPE["charger"]["height"],
    )
    for ref, side, (x, y), _ in _bodies(text):
        assert side == "F" or not (cx <= x <= cx + cw and cy <= y <= cy + ch), ref
