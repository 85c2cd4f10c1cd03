"""The case, measured on the meshes that are printed: closed, thick enough, and everything fits."""

import random
import struct
import tomllib
from functools import cache
from pathlib import Path

import pytest

from device.settings import load
from hardware.case.__main__ import PAGE, compared, page
from hardware.case.make import PARTS, PICTURES, STL, SUMS, VIEWS, in_order, sums
from hardware.case.mesh import Mesh, Point, box, cylinder, read
from hardware.case.parameters import CASE, SCAD, SETTINGS, described, legends, scad
from hardware.case.parameters import read as parameters
from tests.hardware.contents import TOUCH, P, block, contents, floor, key_places

ROUND = 0.02  # a circle has flat sides here, and a thickness is measured across them

CEILING = P["board"]["thickness"] + P["display"]["height"] + P["clearance"]["above_display"]
FACE = CEILING + P["shell"]["plate"]
FLANGE = CEILING - P["clearance"]["key_gap"] - P["cap"]["flange_thickness"]
CAPS = ("caps", "cap-ok", "cap-clear", "cap-press")


@cache
def part(name: str) -> Mesh:
    """A mesh where it is in the closed case, y up and z from the back of the board."""
    mesh = read(STL / f"{name}.stl")
    if name == "front":
        return mesh.moved((0, 0, FACE), turned=True)
    if name == "back":
        return mesh.moved((0, 0, floor() - P["shell"]["plate"]))
    return mesh.moved((0, 0, FLANGE)) if name in CAPS else mesh


@cache
def thicknesses(name: str) -> list[tuple[float, Point, Point]]:
    return list(part(name).thicknesses())


def test_the_parameters_of_the_drawing_are_those_of_the_two_files() -> None:
    assert SCAD.read_text() == scad()


def test_the_pictures_are_of_these_meshes() -> None:
    assert SUMS.read_text() == sums()
    assert [view.file for view in VIEWS if not (PICTURES / view.file).exists()] == []


@pytest.mark.parametrize("name", PARTS)
def test_the_bytes_of_a_mesh_do_not_hang_on_the_order_of_its_triangles(name: str) -> None:
    data = (STL / f"{name}.stl").read_bytes()
    records = [data[i : i + 50] for i in range(84, len(data), 50)]
    random.Random(name).shuffle(records)
    mixed = data[:84] + b"".join(records)
    assert mixed != data
    assert in_order(mixed) == data


def test_a_mesh_or_picture_that_is_another_is_seen(tmp_path: Path) -> None:
    spacers, other = STL / "spacers.stl", tmp_path / "spacers.stl"
    data = spacers.read_bytes()
    other.write_bytes(data[:84] + data[-50:] + data[84:-50])
    assert compared(other, spacers) == "the same body in other triangles"
    longer = [tuple((x, y, z * 1.01) for x, y, z in t) for t in read(spacers).triangles]
    packed = (struct.pack("<12fH", 0, 0, 0, *(n for p in t for n in p), 0) for t in longer)
    other.write_bytes(data[:84] + b"".join(packed))
    assert compared(other, spacers) == ""
    assert compared(PICTURES / VIEWS[0].file, PICTURES / VIEWS[1].file) == ""


def test_the_page_has_the_parameters_and_the_size_of_the_closed_case() -> None:
    assert PAGE.read_text() == page(PAGE.read_text())
    assert len(described()) == sum(len(P[name]) for name in tomllib.loads(CASE.read_text()))
    low, high = part("back").low(), part("front").high()
    loop = P["clearance"]["end"] + P["shell"]["wall"]
    size = (high[0] - low[0], loop - low[1], high[2] - low[2])
    assert " x ".join(f"{round(side, 1):g}" for side in size) + " mm" in PAGE.read_text()


@pytest.mark.parametrize("name", PARTS)
def test_every_mesh_is_closed_and_right_side_out(name: str) -> None:
    keys = P["keys"]["rows"] * P["keys"]["columns"]
    expected = {"caps": keys - 2, "spacers": len(P["pi"]["holes"])}
    assert part(name).open_edges() == 0
    assert part(name).volume() > 0
    assert part(name).pieces() == expected.get(name, 1)


@pytest.mark.parametrize("name", ["front", "back", "spacers"])
def test_nothing_is_thinner_than_a_rib(name: str) -> None:
    thin = [found for found in thicknesses(name) if found[0] < P["shell"]["rib"] - ROUND]
    assert thin == []


@pytest.mark.parametrize(("name", "seat"), [("front", 1), ("back", -1)])
def test_the_skin_is_as_thick_as_the_wall(name: str, seat: int) -> None:
    """From every outer side: x and y at the walls, z at the front or the floor."""
    low, high = part("back").low(), part("back").high()
    side = P["clearance"]["side"] + P["shell"]["wall"]
    left, right = -side, P["board"]["width"] + side
    outer = FACE if seat > 0 else floor() - P["shell"]["plate"]
    measured = 0
    for thickness, (x, _, z), way in thicknesses(name):
        at_wall = abs(way[0]) > 0.99 and min(abs(x - left), abs(x - right)) < 0.01
        at_plate = abs(way[2]) > 0.99 and abs(z - outer) < 0.01
        if at_wall or at_plate:
            least = P["shell"]["wall"] if at_wall else P["shell"]["plate"]
            assert thickness >= least - ROUND, (x, z, way)
            measured += 1
    assert measured > 20
    assert (low[0], high[0]) == pytest.approx((left, right), abs=0.01)


def test_a_wall_that_is_too_thin_is_seen() -> None:
    outer, inner = box((0, 0, 0), (20, 20, 10)), box((1.2, 2, 2), (18, 18, 12))
    shell = Mesh([*outer.triangles, *((a, c, b) for a, b, c in inner.triangles)])
    assert min(found[0] for found in shell.thicknesses()) == pytest.approx(1.2)


@pytest.mark.parametrize("shell", ["front", "back"])
def test_board_pi_switches_display_and_battery_touch_nothing(shell: str) -> None:
    parts = contents(spare=P["clearance"]["side"] - 2 * TOUCH)
    hit = {name: where for name, mesh in parts.items() if (where := part(shell).meets(mesh))}
    assert hit == {}
    # Nor is one whole inside a wall, where no surfaces would cross.
    assert [name for name, mesh in parts.items() if part(shell).holds(mesh.triangles[0][0])] == []


def test_what_goes_in_does_not_collide_with_itself() -> None:
    parts = contents()
    names = [name for name in parts if not name.startswith(("stem", "usb", "SD", "header"))]
    bad = [(a, b) for i, a in enumerate(names) for b in names[:i] if parts[a].meets(parts[b])]
    assert bad == []


def test_a_collision_is_seen() -> None:
    board = P["board"]
    too_wide = block(-2, 0, 0, board["width"] + 4, board["height"], board["thickness"])
    assert part("back").meets(too_wide) is not None
    assert part("back").holds((-P["clearance"]["side"] - 1, -30, -5))


@pytest.mark.parametrize("name", CAPS)
def test_a_cap_moves_and_stays_in(name: str) -> None:
    cap, travel = part(name), P["keys"]["travel"]
    parts = contents()
    for down in (0.0, travel):
        moved = cap.moved((0, 0, TOUCH - down))
        assert part("front").meets(moved) is None
        assert not [key for key in parts if key.startswith("switch") and moved.meets(parts[key])]
        assert moved.meets(parts["board"]) is None
    # At rest it lies on its stems; a fifth of a millimetre further up its flange is at the front.
    stems = [mesh for key, mesh in parts.items() if key.startswith("stem")]
    assert not any(cap.moved((0, 0, TOUCH)).meets(stem) for stem in stems)
    assert any(cap.moved((0, 0, -0.1)).meets(stem) for stem in stems)
    assert part("front").meets(cap.moved((0, 0, P["clearance"]["key_gap"] + 0.1))) is not None


def test_a_cap_has_its_clearance_on_every_side() -> None:
    half = P["cap"]["size"] / 2 + P["clearance"]["key"] - 0.02
    radius = P["cap"]["radius"]
    for x, y in key_places():  # in the straight part of the sides, where the roundings do not reach
        for wide, high in ((half, half - radius), (half - radius, half)):
            hole = block(x - wide, y - high, CEILING - 1, 2 * wide, 2 * high, 4)
            assert part("front").meets(hole) is None


def test_the_caps_have_the_keys_of_the_settings() -> None:
    printed = legends(parameters())
    words = P["legends"]
    back = {word: key for key, word in words.items()}
    assert tuple("".join(back.get(cap, cap) for cap in row) for row in printed) == (
        load(SETTINGS).board.pad.keys
    )
    ground = FACE + P["cap"]["proud"] - P["cap"]["legend_depth"]
    engraved = {
        round((a[0] - P["keys"]["first"][0]) / P["keys"]["pitch"])
        + 4 * round((-a[1] - P["keys"]["first"][1]) / P["keys"]["pitch"])
        for name in CAPS[:3]
        for a, b, c in part(name).triangles
        if all(abs(p[2] - ground) < 0.01 for p in (a, b, c))
    }
    assert engraved == set(range(P["keys"]["rows"] * P["keys"]["columns"]))


def test_the_halves_close_and_do_not_overlap() -> None:
    assert part("front").meets(part("back").moved((0, 0, -TOUCH))) is None
    assert part("front").meets(part("back").moved((0, 0, 0.05))) is not None  # they do touch
    assert part("front").low()[2] == pytest.approx(
        P["board"]["thickness"], abs=0.01
    )  # its posts hold the board
    seam = P["shell"]["seam"]
    assert part("back").high()[2] == pytest.approx(seam, abs=0.01)


def test_the_window_shows_all_of_the_glass_that_shines() -> None:
    (x, y), (width, height) = P["display"]["window_center"], P["display"]["window"]
    seen = block(x - width / 2, y - height / 2, CEILING - 2, width, height, 6)
    assert part("front").meets(seen) is None
    assert width > 21.74  # what shines of a 0.96 inch display
    assert height > 10.86


def test_plugs_lanyard_and_card_go_through_their_openings() -> None:
    pi, charger, spare = P["pi"], P["charger"], P["clearance"]["socket"] - 0.05
    below = P["board"]["height"]
    micro = block(
        pi["usb_data_x"] - pi["usb_width"] / 2 - spare, below + 1.1, -pi["gap"] - spare,
        pi["usb_width"] + 2 * spare, 10, pi["usb_height"] + 2 * spare,
    )  # fmt: skip
    socket = floor() + P["bay"]["under_charger"] + charger["board"]
    usb_c = block(
        charger["corner"][0] + (charger["width"] - charger["usb_width"]) / 2 - spare, -12,
        socket - spare, charger["usb_width"] + 2 * spare, 11, charger["usb_height"] + 2 * spare,
    )  # fmt: skip
    lanyard = P["lanyard"]
    top = -P["clearance"]["end"] - P["shell"]["wall"]
    strap = block(
        P["board"]["width"] / 2 - lanyard["slot"] / 2 + 1, top - lanyard["slot_height"] - 0.4,
        floor() - 20, lanyard["slot"] - 2, lanyard["slot_height"] - 0.2, 40,
    )  # fmt: skip
    for thing in (micro, usb_c, strap):
        assert part("back").meets(thing) is None
    closed = strap.moved((0, 6, 0))  # further out there is the bar that holds it
    assert part("back").meets(strap.moved((0, lanyard["slot_height"], 0))) is not None
    assert part("back").meets(closed) is None


def test_screws_go_in_and_bite() -> None:
    screw = P["screw"]
    tip = P["board"]["thickness"] + screw["bite"]
    holes = [(at, screw["long"]) for at in P["pi"]["holes"]]
    holes += [(at, screw["short"]) for at in P["board"]["holes"]]
    for (x, y), length in holes:
        shaft = cylinder(x, -y, 2.5, tip - length, tip)
        head = cylinder(x, -y, 4.5, floor() - 10, tip - length - TOUCH)
        assert part("back").meets(shaft) is None
        assert part("back").meets(head) is None
        assert part("front").meets(shaft) is not None  # it cuts its thread there
        assert part("front").meets(cylinder(x, -y, 1.9, 0, tip)) is None
        # Under its head there is something to pull on.
        assert part("back").meets(head.moved((0, 0, 0.1))) is not None


def test_the_parts_on_the_board_stay_under_the_caps_and_over_the_battery() -> None:
    board, thick = P["board"], P["board"]["thickness"]
    assert thick + board["front_height"] < FLANGE - P["keys"]["travel"]
    assert floor() + P["battery"]["thickness"] < -board["back_height_battery"]
    lifted = floor() + P["bay"]["under_charger"] + P["charger"]["thickness"]
    assert lifted <= -board["back_height"]
