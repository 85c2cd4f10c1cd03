"""The keypads of the three builds, drawn under their terminals."""

from hardware.wiring.drawing import INK, PAINTS, Drawing, Point
from hardware.wiring.parts import Places
from hardware.wiring.wires import End

_NAMES = {"#": "OK", "*": "CLEAR"}
_FACES = {"#": "#bfe6c8", "*": "#f4c6bd"}


def draw_membrane(drawing: Drawing, places: Places, keys: tuple[str, ...]) -> None:
    """A foil pad: a tail with its eight lines, and the keys."""
    ends = [end for end in places.at if end.part == "pad"]
    xs = [places.at[end][0] for end in ends]
    y = places.at[ends[0]][1]
    drawing.box((xs[0] - 22, y - 12), (xs[-1] - xs[0] + 44, 74), "#f7f2e6", radius=3)
    left, top = (xs[0] + xs[-1]) / 2 - 150, y + 62
    drawing.box((left, top), (300, 290), "#39414f", radius=12)
    for row, line in enumerate(keys):
        for column, key in enumerate(line):
            corner = (left + 18 + column * 68, top + 16 + row * 66)
            drawing.box(corner, (60, 58), _FACES.get(key, "#e9edf3"), radius=6)
            drawing.text((corner[0] + 30, corner[1] + 24), key, 20, bold=True)
            if key in _NAMES:
                drawing.text((corner[0] + 30, corner[1] + 45), _NAMES[key], 11)


def draw_grid(
    drawing: Drawing,
    places: Places,
    keys: tuple[str, ...],
    colors: dict[str, str],
    step: Point,
    radius: float,
    diodes: bool,
) -> None:
    """Single switches: a row's wire runs from switch to switch, and so does a column's."""
    y = places.at[End("pad", "R1")][1]
    lines = len(keys)
    columns = [places.at[End("pad", f"C{i + 1}")][0] for i in range(len(keys[0]))]
    left = places.at[End("pad", "R1")][0] - 24
    drawing.box(
        (left, y - 12), (columns[-1] + 40 - left, 92 + lines * step[1]), "#f5f7fa", radius=10
    )
    rows = [y + 62 + step[1] * (i + 1) - 16 for i in range(lines)]
    for i, row in enumerate(rows):
        x, _ = places.at[End("pad", f"R{i + 1}")]
        path = [(x, y + 42), (x, row), (columns[-1] - radius - 10, row)]
        drawing.wire(path, colors[f"R{i + 1}"], f"R{i + 1} inside", thin=True)
    for i, column in enumerate(columns):
        path = [(column, y + 42), (column, rows[-1] - step[1] * 0.55)]
        drawing.wire(path, colors[f"C{i + 1}"], f"C{i + 1} inside", thin=True)
    for row, line in zip(rows, keys, strict=True):
        for column, key in zip(columns, line, strict=True):
            _switch(drawing, (column - radius - 10, row - step[1] * 0.55), row, key, radius, diodes)


def _switch(
    drawing: Drawing, middle: Point, row: float, key: str, radius: float, diode: bool
) -> None:
    x, y = middle
    column = x + radius + 10
    drawing.line([(x, y), (column, y)], INK, 2)
    drawing.line([(x, y), (x, row)], INK, 2)
    drawing.disc((column, y), 3.5, INK)
    drawing.disc((x, row), 3.5, INK)
    if diode:  # its band at the row: the row is driven low, the column is pulled up
        top = y + radius + 4
        drawing.shape([(x - 6, top), (x + 6, top), (x, top + 10)], PAINTS["white"])
        drawing.line([(x - 7, top + 10), (x + 7, top + 10)], INK, 2.5)
    drawing.disc((x, y), radius, _FACES.get(key, "#e9edf3"))
    drawing.text((x, y if key not in _NAMES else y - 5), key, radius * 0.8, bold=True)
    if key in _NAMES:
        drawing.text((x, y + radius * 0.5), _NAMES[key], radius * 0.36)
