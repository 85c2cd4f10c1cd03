"""The parts of a wiring picture: each draws itself and says where its terminals are."""

from dataclasses import dataclass, field

from hardware.wiring import header
from hardware.wiring.drawing import FAINT, INK, PAINTS, Drawing, Point
from hardware.wiring.wires import End

PIN_STEP = 26
PILL = (96, 21)
Sides = dict[End, int]
"""Terminals whose names stand right (1) or left (-1) of them."""
_PANEL, _GLASS, _SHINE = "#eef1f5", "#10131a", "#9fe3ff"


@dataclass
class Places:
    """Where each terminal is, with the pin that is written beside it."""

    at: dict[End, Point] = field(default_factory=dict)
    pins: dict[End, str] = field(default_factory=dict)


def header_places(middle: float, top: float) -> dict[End, Point]:
    """Where wires leave the header: at the outer ends of its labels."""
    out = 32 + PILL[0]
    return {
        End("header", str(pin)): (
            middle - out if header.is_left(pin) else middle + out,
            top + (pin - 1) // 2 * PIN_STEP,
        )
        for pin in header.PINS
    }


def draw_header(drawing: Drawing, middle: float, top: float, used: dict[int, str]) -> None:
    """The header with USB below; `used` has the colour at each pin that has a wire."""
    drawing.box((middle - 30, top - 18), (60, 19 * PIN_STEP + 36), "#2b2f38", radius=4)
    for pin in header.PINS:
        side = -1 if header.is_left(pin) else 1
        y = top + (pin - 1) // 2 * PIN_STEP
        x = middle + side * 14
        corner = (middle + 32 if side > 0 else middle - 32 - PILL[0], y - PILL[1] / 2)
        drawing.group("pin", str(pin))
        fill, ink = ("#ffffff", INK) if pin in used else (_PANEL, FAINT)
        drawing.box(corner, PILL, fill, ink)
        color = used.get(pin)
        drawing.disc((x, y), 10.5, PAINTS[color] if color else "#c9a94b")
        dark = color in (None, "white", "yellow", "grey", "orange")
        drawing.text((x, y), str(pin), 10, fill=INK if dark else "#ffffff", bold=True)
        drawing.text(
            (corner[0] + PILL[0] / 2, y),
            header.label(pin),
            12.5,
            fill=ink,
            bold=pin in used,
        )
        drawing.end()


def draw_terminals(drawing: Drawing, places: Places, part: str, beside: Sides) -> None:
    """The terminals of a part with their names: right or left of them, or beneath with the pin."""
    for end, (x, y) in places.at.items():
        if end.part != part:
            continue
        drawing.group("terminal", f"{part} {end.terminal}")
        drawing.disc((x, y), 6, "#f4f4f4")
        side = beside.get(end)
        if side is None:
            drawing.text((x, y + 18), end.terminal, 12, bold=True)
            if end in places.pins:
                drawing.text((x, y + 33), f"pin {places.pins[end]}", 10.5)
        else:
            anchor = "start" if side > 0 else "end"
            drawing.text((x + 12 * side, y), end.terminal, 12, anchor=anchor, bold=True)
        drawing.end()


def draw_display(drawing: Drawing, corner: Point, size: Point, title: str, note: str) -> None:
    """A display's board, its pins at the upper edge."""
    drawing.box(corner, size, "#dfe8f7")
    x, y = corner
    glass = (size[0] - 40, size[1] - 106)
    drawing.box((x + 20, y + 62), glass, _GLASS, radius=3)
    drawing.text((x + size[0] / 2, y + 62 + glass[1] / 2), "PIN>", 30, fill=_SHINE, bold=True)
    drawing.text((x + size[0] / 2, y + size[1] - 26), title, 13, bold=True)
    drawing.text((x + size[0] / 2, y + size[1] - 10), note, 11)


def draw_button(drawing: Drawing, corner: Point, size: Point, title: str) -> None:
    """The press button under its two terminals."""
    drawing.box(corner, size, _PANEL)
    drawing.disc((corner[0] + size[0] / 2, corner[1] + size[1] - 32), 17, "#f0b044")
    drawing.text((corner[0] + size[0] / 2, corner[1] + size[1] - 32), title, 9.5, bold=True)
