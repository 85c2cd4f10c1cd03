"""What each kind of part needs on the board: its pads, its outline, the space it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hardware.board.drawing import (
    COURTYARD,
    FAB,
    SILK,
    Block,
    Circle,
    Footprint,
    Line,
    Pad,
    Point,
    around,
    box,
)
from hardware.board.drawing import body as outlined


def chip(
    name: str,
    reach: float,
    pad: Point,
    body: Point,
    height: float,
    colour: str,
    marked: bool = False,
) -> Footprint:
    """A part with two pads at `reach` left and right; pad 1, on the left, may be marked."""
    width, depth = pad
    left = -reach - width / 2
    edge = max(depth, body[1]) / 2 + 0.12
    silk: tuple[Line, ...] = tuple(
        Line(
            "SilkS",
            (left - 0.27 if marked else -reach + width / 2 + 0.15, y),
            (reach - width / 2 - 0.15, y),
            SILK,
        )
        for y in (-edge - 0.08, edge + 0.08)
    )
    if marked:
        silk += (Line("SilkS", (left - 0.27, -edge - 0.08), (left - 0.27, edge + 0.08), SILK),)
    metal = (body[0] - 0.5) / 2
    return Footprint(
        name,
        f"two pads, {body[0]} x {body[1]} mm",
        "smd",
        (Pad("1", -reach, 0, width, depth), Pad("2", reach, 0, width, depth)),
        silk
        + outlined(-body[0] / 2, -body[1] / 2, body[0] / 2, body[1] / 2)
        + around(left - 0.4, -edge - 0.2, -left + 0.25, edge + 0.2),
        (0, -edge - 0.95),
        (
            Block(0, 0, body[0] - 0.5, body[1], 0, height, colour),
            Block(-metal - 0.05, 0, 0.4, body[1] * 0.98, 0, height * 0.98, "tin"),
            Block(metal + 0.05, 0, 0.4, body[1] * 0.98, 0, height * 0.98, "tin"),
        ),
    )


def key() -> Footprint:
    """A tactile switch of 6 x 6 mm; its legs 6.5 mm apart are one contact inside."""
    return Footprint(
        "Key_6x6",
        "tactile switch 6 x 6 mm, four legs, 7 mm from board to stem",
        "through_hole",
        tuple(
            Pad(number, x, y, 2.0, 2.0, "circle", 1.1)
            for number, y in (("1", -2.25), ("2", 2.25))
            for x in (-3.25, 3.25)
        ),
        (
            *(Line("SilkS", (-2.1, y), (2.1, y), SILK) for y in (-3.15, 3.15)),
            *(Line("SilkS", (x, -1.0), (x, 1.0), SILK) for x in (-3.15, 3.15)),
            *outlined(-3, -3, 3, 3),
            Circle("Fab", (0, 0), 1.75, FAB),
            *around(-4.5, -3.5, 4.5, 3.5),
        ),
        (0, 0),
        (
            Block(0, 0, 6, 6, 0.1, 3.5, "dark"),
            Block(0, 0, 5.6, 5.6, 3.5, 3.7, "tin"),
            Block(0, 0, 3.5, 3.5, 3.7, 7.0, "black", round=True),
        ),
    )


def header(name: str, columns: int, rows: int, about: str, *, body: str, tall: float) -> Footprint:
    """Pins at 2.54 mm. Pin 1 is at the origin, 2 below it when there are two rows, then on right.

    `body` is the colour of what stands on it, or empty when wires or a module are soldered in.
    """
    pitch = 2.54
    pads = tuple(
        Pad(
            str(column * rows + row + 1), column * pitch, row * pitch, 1.7, 1.7,
            "rect" if column == row == 0 else "circle", 1.0,
        )
        for column in range(columns)
        for row in range(rows)
    )  # fmt: skip
    x0, y0, x1, y1 = -1.27, -1.27, (columns - 1) * pitch + 1.27, (rows - 1) * pitch + 1.27
    blocks: tuple[Block, ...] = ()
    if body:
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        blocks = (Block(*middle, x1 - x0, y1 - y0, 0, tall, body),)
        blocks += tuple(Block(pad.x, pad.y, 0.64, 0.64, tall, tall + 0.02, "hole") for pad in pads)
    return Footprint(
        name,
        about,
        "through_hole",
        pads,
        (
            *box("SilkS", x0 - 0.1, y0 - 0.1, x1 + 0.1, y1 + 0.1, SILK),
            *outlined(x0, y0, x1, y1),
            *around(x0 - 0.4, y0 - 0.4, x1 + 0.4, y1 + 0.4),
        ),
        ((x0 + x1) / 2, y1 + 1.2),
        blocks,
    )


def battery_socket() -> Footprint:
    """JST PH, two pins, side entry (S2B-PH-K-S): the plug comes in from below, 4.8 mm high."""
    return Footprint(
        "JST_PH_2_side",
        "JST S2B-PH-K-S, 2.0 mm, side entry",
        "through_hole",
        (
            Pad("1", 0, 0, 1.2, 1.75, "rect", 0.75),
            Pad("2", 2, 0, 1.2, 1.75, "roundrect", 0.75),
        ),
        (
            *box("SilkS", -2.1, -1.5, 4.1, 6.4, SILK),
            *outlined(-1.95, -1.35, 3.95, 6.25),
            *around(-2.45, -1.85, 4.45, 6.75),
        ),
        (1, 3),
        (
            Block(1, 2.45, 5.9, 7.6, 0, 1.0, "white"),
            Block(1, 0.2, 5.9, 3.1, 0, 4.8, "white"),
            Block(-1.55, 4.0, 0.8, 4.5, 0, 4.8, "white"),
            Block(3.55, 4.0, 0.8, 4.5, 0, 4.8, "white"),
            Block(0, 3.6, 0.5, 4.0, 2.2, 2.7, "tin"),
            Block(2, 3.6, 0.5, 4.0, 2.2, 2.7, "tin"),
        ),
    )


def sot23() -> Footprint:
    """A transistor in SOT-23: 1 and 2 left, 3 right."""
    return Footprint(
        "SOT-23",
        "SOT-23, three legs",
        "smd",
        (
            Pad("1", -0.9375, -0.95, 1.475, 0.6),
            Pad("2", -0.9375, 0.95, 1.475, 0.6),
            Pad("3", 0.9375, 0, 1.475, 0.6),
        ),
        (
            Line("SilkS", (-0.65, -1.62), (0.65, -1.62), SILK),
            Line("SilkS", (-0.65, 1.62), (0.65, 1.62), SILK),
            Line("SilkS", (0.73, -1.62), (0.73, -0.6), SILK),
            Line("SilkS", (0.73, 1.62), (0.73, 0.6), SILK),
            Circle("SilkS", (-1.95, -1.55), 0.08, SILK),
            *outlined(-0.65, -1.45, 0.65, 1.45),
            *around(-2.2, -1.85, 1.95, 1.85),
        ),
        (0, -2.6),
        (
            Block(0, 0, 1.3, 2.9, 0.1, 1.1, "black"),
            Block(-0.95, -0.95, 0.7, 0.4, 0, 0.2, "tin"),
            Block(-0.95, 0.95, 0.7, 0.4, 0, 0.2, "tin"),
            Block(0.95, 0, 0.7, 0.4, 0, 0.2, "tin"),
        ),
    )


def tdfn8() -> Footprint:
    """A chip of 2 x 2 mm with eight pads at 0.5 mm and one beneath: 1-4 down, 5-8 up."""
    sides = [(str(i + 1), -0.9875, i * 0.5 - 0.75) for i in range(4)]
    sides += [(str(i + 5), 0.9875, 0.75 - i * 0.5) for i in range(4)]
    return Footprint(
        "TDFN-8_2x2",
        "TDFN-8, 2 x 2 mm, 0.5 mm",
        "smd",
        (
            *(Pad(number, x, y, 0.775, 0.25) for number, x, y in sides),
            Pad("9", 0, 0, 0.8, 1.2, "rect"),
        ),
        (
            Line("SilkS", (-1.0, 1.2), (1.0, 1.2), SILK),
            Line("SilkS", (-0.3, -1.2), (1.0, -1.2), SILK),
            Circle("SilkS", (-1.35, -1.25), 0.08, SILK),
            *outlined(-1, -1, 1, 1),
            *around(-1.65, -1.5, 1.65, 1.45),
        ),
        (0, -2.1),
        (
            Block(0, 0, 2, 2, 0, 0.75, "black"),
            Block(-0.65, -0.65, 0.25, 0.25, 0.75, 0.76, "white", round=True),
        ),
    )


def test_pad() -> Footprint:
    """A bare round pad for a probe."""
    return Footprint(
        "TestPad", "bare pad, 1.5 mm", "smd",
        (Pad("1", 0, 0, 1.5, 1.5, "circle", paste=False),),
        (Circle("CrtYd", (0, 0), 0.95, COURTYARD),),
        (0, 1.6),
        in_bom=False,
    )  # fmt: skip


def screw_hole(diameter: float) -> Footprint:
    """A hole for M2.5, without copper, and room for the screw's head."""
    return Footprint(
        "ScrewHole", f"hole of {diameter} mm for M2.5", "none",
        (Pad("", 0, 0, diameter, diameter, "circle", diameter),),
        (Circle("CrtYd", (0, 0), 2.75, COURTYARD),),
        (0, 0),
        in_bom=False,
    )  # fmt: skip


def display(shape: Mapping[str, Any]) -> Footprint:
    """The display's four pins, and where its module lies above the board."""
    module, pitch = shape["display"], shape["display"]["pin_pitch"]
    pins = header("Display_1x4", 4, 1, "the display's four pins", body="dark", tall=2.5)
    x0, y0 = module["pins"][0] - 1.5 * pitch, module["pins"][1]
    x, y = module["center"][0] - x0, module["center"][1] - y0
    wx, wy = module["window_center"][0] - x0, module["window_center"][1] - y0
    ww, wh = module["window"]
    w, h, top = module["width"], module["module_height"], module["height"]
    half = (w / 2, h / 2)
    corners = (x - half[0], y - half[1], x + half[0], y + half[1])
    return replace(
        pins,
        drawing=(
            *box("SilkS", *corners, SILK),
            *outlined(*corners),
            *around(corners[0] - 0.25, corners[1] - 0.25, corners[2] + 0.25, corners[3] + 0.25),
        ),
        bodies=(
            *pins.bodies,
            Block(x, y, w, h, 2.5, top - 1.5, "blue"),
            Block(x, wy + 1.5, w - 0.4, wh + 6.0, top - 1.5, top, "dark"),
            Block(wx, wy, ww, wh, top, top + 0.02, "hole"),
            *(Block(pad.x, pad.y, 0.64, 0.64, top - 1.5, top, "tin") for pad in pins.pads),
        ),
    )


def library(shape: Mapping[str, Any]) -> dict[str, Footprint]:
    """Every footprint of the board, by its name."""
    found = [
        key(),
        chip("SOD-123", 1.65, (0.9, 1.2), (2.7, 1.6), 1.1, "black", marked=True),
        chip("R_0603", 0.8, (0.9, 0.95), (1.6, 0.8), 0.45, "black"),
        chip("C_0603", 0.8, (0.9, 0.95), (1.6, 0.8), 0.8, "tan"),
        chip("C_0805", 0.95, (1.0, 1.45), (2.0, 1.25), 1.25, "tan"),
        chip("Fuse_1812", 2.15, (1.3, 3.4), (4.5, 3.2), 0.8, "green"),
        chip("SMA", 2.0, (2.5, 1.8), (4.3, 2.6), 2.3, "black", marked=True),
        display(shape),
        header("Wires_1x4", 4, 1, "four wires of the charge board", body="", tall=0),
        header("Pi_2x20", 20, 2, "2 x 20 socket, 8.5 mm, on the back", body="dark", tall=8.5),
        battery_socket(),
        sot23(),
        tdfn8(),
        test_pad(),
        screw_hole(shape["board"]["hole_diameter"]),
    ]
    return {footprint.name: footprint for footprint in found}
