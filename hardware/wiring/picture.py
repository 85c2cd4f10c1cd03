"""The wiring picture of a build: the header in the middle, parts around it, a list of the wires."""

from hardware.wiring.builds import BOOTH, BREADBOARD, CARD, Build
from hardware.wiring.drawing import INK, PAINTS, Drawing, Point
from hardware.wiring.pads import draw_grid, draw_membrane
from hardware.wiring.parts import (
    Places,
    Sides,
    draw_button,
    draw_display,
    draw_header,
    draw_terminals,
    header_places,
)
from hardware.wiring.wires import End, Wire, wires

_MIDDLE, _TOP = 560.0, 150.0
_J3 = 1000.0
_HOLD = "Hold the Pi upright: the SD card at its top, the header at its right edge."
_PAD_Y = 900.0
_CHANNELS = {
    "R": {f"R{i + 1}": 330.0 + 20 * i for i in range(4)},
    "C": {f"C{i + 1}": 790.0 - 20 * i for i in range(4)},
}
_WIDTHS = {"breadboard": 1080, "card": 1440, "booth": 1080}
_LISTS: dict[str, Point] = {"breadboard": (850, 150), "card": (24, 430), "booth": (850, 150)}
_DISPLAY_NOTES = {
    "breadboard": ("OLED 0.96 inch", "order of pins differs: read yours"),
    "card": ("OLED 0.96 inch", "soldered to the board"),
    "booth": ("OLED 2.42 inch", "order of pins differs: read yours"),
}


def picture(build: Build) -> str:
    """The SVG of a build."""
    all_wires = wires(build)
    board = build.settings().board
    places = _places(build, all_wires)
    height = {BREADBOARD: 1285, CARD: 1350, BOOTH: 1425}[build]
    drawing = Drawing(_WIDTHS[build.name], height, f"Wiring of the build: {build.title}")
    drawing.text((30, 40), f"{build.title}: wiring", 24, anchor="start", bold=True)
    words = f"{_HOLD} {build.words}."
    drawing.text((30, 70), words, 14, anchor="start")
    used = {int(e.terminal): w.color for w in all_wires for e in w.ends if e.part == "header"}
    for wire in all_wires:
        _draw_wire(drawing, wire, places)
    draw_header(drawing, _MIDDLE, _TOP, used)
    _draw_parts(drawing, build, places)
    colors = {wire.net: wire.color for wire in all_wires}
    if build == BREADBOARD:
        draw_membrane(drawing, places, board.pad.keys)
    else:
        step, radius = ((66, 88), 20) if build == CARD else ((100, 104), 30)
        draw_grid(drawing, places, board.pad.keys, colors, step, radius, diodes=build == CARD)
    for part in dict.fromkeys(end.part for end in places.at if end.part != "header"):
        draw_terminals(drawing, places, part, _sides(places))
    _draw_list(drawing, all_wires, _LISTS[build.name])
    return drawing.svg()


def _places(build: Build, all_wires: tuple[Wire, ...]) -> Places:
    places = Places(dict(header_places(_MIDDLE, _TOP)))
    at = places.at
    board = build.settings().board
    left = 880.0 if build == CARD else 130.0
    top = 430.0 if build == CARD else 330.0
    for i, name in enumerate(("GND", "VCC", "SCL", "SDA")):
        at[End("display", name)] = (left + 48 * i, top)
    if build == CARD:
        at[End("press", "1")], at[End("press", "2")] = (230.0, 310.0), (290.0, 310.0)
        for i, name in enumerate(("GND", "SCL", "SDA")):
            at[End("gauge", name)] = (1150.0 + 48 * i, 430.0)
        at[End("gauge", "CELL")] = (1330.0, 520.0)
        at[End("J3", "5V")], at[End("J3", "GND")] = (_J3, _TOP), (_J3, _TOP + 52)
        rows = (("4 5V_IN", "OUT+"), ("3 GND", "OUT-"), ("2 GND", "B-"), ("1 VBAT", "B+"))
        for i, (ours, theirs) in enumerate(rows):
            y = _TOP + 34 * i
            at[End("J3", ours)], at[End("charge board", theirs)] = (_J3 + 150, y), (1270.0, y)
        for i, sign in enumerate(("+", "-")):
            at[End("J2", sign)] = (1330.0 - 60 * i, 640.0)
            at[End("cell", sign)] = (1330.0 - 60 * i, 760.0)
    else:
        at[End("press", "1")], at[End("press", "2")] = (452.0, 712.0), (512.0, 712.0)
    for i in range(len(board.pad.rows)):
        x = 420.0 + 40 * i if build == BREADBOARD else 340.0 + 40 * i
        at[End("pad", f"R{i + 1}")] = (x, _PAD_Y)
    for i in range(len(board.pad.columns)):
        first, step = {BREADBOARD: (580, 40), CARD: (524, 66), BOOTH: (550, 100)}[build]
        at[End("pad", f"C{i + 1}")] = (float(first + step * i), _PAD_Y)
    for wire in all_wires:
        if wire.ends[0].part == "header":
            places.pins.update(dict.fromkeys(wire.ends[1:], wire.ends[0].terminal))
    return places


def _draw_wire(drawing: Drawing, wire: Wire, places: Places) -> None:
    start, *others = (places.at[end] for end in wire.ends)
    path = _path(wire, start, others[0])
    drawing.wire(path, wire.color, wire.net, thin=wire.track)
    for other in others[1:]:  # from the corner of the first on to the next
        corner = path[-2]
        drawing.wire([corner, (other[0], corner[1]), other], wire.color, wire.net, thin=True)
        drawing.disc(corner, 5, PAINTS[wire.color])


def _path(wire: Wire, start: Point, to: Point) -> list[Point]:
    first, second = wire.ends[:2]
    if first.part != "header" or second.part == "J3":
        return [start, to]  # they lie opposite each other
    if second.part == "pad":
        kind, number = second.terminal[0], int(second.terminal[1:])
        channel = _CHANNELS[kind][second.terminal]
        level = _PAD_Y - 30 - 14 * (number - 1)
        return [start, (channel, start[1]), (channel, level), (to[0], level), to]
    if second.part == "press" and to[1] > start[1] + 60 and to[0] > start[0]:
        out, level = (24, 688) if second.terminal == "1" else (12, 674)
        return [start, (start[0] - out, start[1]), (start[0] - out, level), (to[0], level), to]
    if start[0] < _MIDDLE < to[0]:  # around the top of the header
        over = _TOP - 44
        return [start, (start[0] - 16, start[1]), (start[0] - 16, over), (to[0], over), to]
    return [start, (to[0], start[1]), to]


def _sides(places: Places) -> Sides:
    """Whose names stand beside them: those that wires come to from the side or from below."""
    right = {end: 1 for end in places.at if end.part in ("charge board", "cell")}
    left = {
        end: -1
        for end, (x, _) in places.at.items()
        if end in (End("gauge", "CELL"), End("J2", "+"), End("J2", "-"))
        or (end.part == "J3" and x > _J3)
    }
    return {**right, **left, End("J3", "5V"): 1, End("J3", "GND"): 1}


def _draw_parts(drawing: Drawing, build: Build, places: Places) -> None:
    x, y = places.at[End("display", "GND")]
    title, note = _DISPLAY_NOTES[build.name]
    draw_display(drawing, (x - 40, y - 14), (224, 210), title, note)
    x, y = places.at[End("press", "1")]
    draw_button(drawing, (x - 28, y - 14), (116, 104), "press")
    if build == CARD:
        drawing.box((1110, 416), (250, 118), "#e6f2e6")
        drawing.text((1316, 440), "fuel gauge", 13, bold=True)
        drawing.text((1316, 457), "MAX17048", 11)
        drawing.box((_J3 - 14, 128), (178, 146), "#eef1f5")
        drawing.text((_J3 + 30, 244), "J3", 13, bold=True)
        drawing.box((1256, 128), (164, 146), "#e4e2f6")
        drawing.text((1368, 195), "charge", 12, bold=True)
        drawing.text((1368, 211), "board, 5 V", 12, bold=True)
        drawing.box((1206, 618), (150, 44), "#eef1f5")
        drawing.text((1226, 640), "J2", 13, bold=True)
        drawing.box((1220, 738), (160, 86), "#d9dee6")
        drawing.text((1300, 796), "lithium cell", 13, bold=True)


def _draw_list(drawing: Drawing, all_wires: tuple[Wire, ...], corner: Point) -> None:
    x, y = corner
    for track, title in ((False, "Wires"), (True, "Tracks of the board")):
        chosen = [wire for wire in all_wires if wire.track == track]
        if not chosen:
            continue
        drawing.text((x, y), title, 14, anchor="start", bold=True)
        for wire in chosen:
            y += 21
            drawing.line([(x, y), (x + 26, y)], INK, 6.6)
            drawing.line([(x + 1, y), (x + 25, y)], PAINTS[wire.color], 5)
            ends = " – ".join(_short(end) for end in wire.ends)
            drawing.text((x + 34, y), ends, 11.5, anchor="start")
        y += 34


def _short(end: End) -> str:
    return f"pin {end.terminal}" if end.part == "header" else str(end)
