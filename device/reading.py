"""Reading text off the glass: pixels are compared with the glyphs at their fixed places.

What is not exactly a glyph is `?`, never a guess.
"""

from device.glyphs.font import Font
from device.layout import STANDS, Place, layout_for
from drivers.frame import Frame

#: What a pattern is read as that is no glyph.
UNKNOWN = "?"


def read(frame: Frame) -> list[str]:
    """The lines on the glass from top to bottom, without the empty ones.

    Of the kinds of screen and the places where a picture may stand, the one that explains the most
    pixels is taken; pixels outside of all its places give a line of their own, `?`. A dark glass
    has no lines.
    """
    layout = layout_for(frame.width, frame.height)
    best: tuple[int, list[str]] | None = None
    for left in STANDS:
        picture = _moved_right(frame, left)
        for places in layout.screens():
            reading = _screen(picture, places)
            if best is None or reading[0] < best[0]:
                best = reading
            if not best[0]:
                return best[1]
    return best[1] if best else []


def _moved_right(frame: Frame, by: int) -> Frame:
    """The picture as it was before it was moved to the left."""
    return frame.rotated().moved_left(by).rotated()


def _screen(frame: Frame, places: tuple[Place, ...]) -> tuple[int, list[str]]:
    """How many pixels these places leave unexplained, and the lines read there."""
    rest = frame.copy()
    unexplained = 0
    lines: list[str] = []
    for place in places:
        text = ""
        for x, y in place.positions():
            character, lit = _cell(frame, place.font, x, y)
            rest.fill(x, y, place.font.width, place.font.height, False)
            if character == UNKNOWN:
                unexplained += lit
            text += character
        if text.strip():
            lines.append(text.rstrip())
    stray = sum(byte.bit_count() for byte in rest.data)
    if stray:
        lines.append(UNKNOWN)
    return unexplained + stray, lines


def _cell(frame: Frame, font: Font, x: int, y: int) -> tuple[str, int]:
    """The character in one cell, and how many of the cell's pixels are lit."""
    columns = tuple(
        sum(frame.pixel(x + dx, y + dy) << dy for dy in range(font.height))
        for dx in range(font.width)
    )
    lit = sum(column.bit_count() for column in columns)
    if not lit:
        return " ", 0
    for character, glyph in font.glyphs.items():
        if glyph.columns == columns:
            return character, lit
    return UNKNOWN, lit
