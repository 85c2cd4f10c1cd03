"""What a self-test puts on the glass: a few words on top, a large sign below."""

from dataclasses import dataclass

from device.glyphs.font import Font, draw
from device.glyphs.small import SMALL
from drivers.frame import Frame, Glyph

_SIGNS = draw("""
0     1     2     3     4     5     6     7     8
.###. ..#.. .###. .###. ...#. ##### .###. ##### .###.
#...# .##.. #...# #...# ..##. #.... #.... ....# #...#
#..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...#
#.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###.
##..# ..#.. ..#.. ....# ##### ....# #...# ..#.. #...#
#...# ..#.. .#... #...# ...#. #...# #...# ..#.. #...#
.###. .###. ##### .###. ...#. .###. .###. ..#.. .###.

9     #     *
.###. .#.#. .....
#...# .#.#. ..#..
#...# ##### #.#.#
.#### .#.#. .###.
....# ##### #.#.#
....# .#.#. ..#..
.###. .#.#. .....
""")
FONT = Font(SMALL.width, SMALL.height, {**SMALL.glyphs, **_SIGNS.glyphs})
_ADVANCE, _LINE = 6, 8
_TIMES = 3, 2  # the sign is drawn as large as the words leave room for
_MARGIN = 4
#: Characters that a line of words has room for, inside of a frame.
CELLS = (128 - 2 * _MARGIN) // _ADVANCE


@dataclass(frozen=True)
class Prompt:
    """One thing said on both faces: a plain line, and for the glass a few words and a sign."""

    plain: str
    words: tuple[str, ...] = ()
    sign: str = ""
    framed: bool = False


def picture(prompt: Prompt, width: int, height: int) -> Frame:
    """Draw a prompt for a glass of this size; `framed` puts a line around the whole glass."""
    frame = Frame(width, height)
    for number, line in enumerate(prompt.words):
        _write(frame, line, _MARGIN, _MARGIN * prompt.framed + number * _LINE, 1)
    large, small = _TIMES
    times = large if height - _LINE * len(prompt.words) > large * FONT.height else small
    _write(frame, prompt.sign, _MARGIN, height - times * FONT.height - _MARGIN // 2, times)
    if prompt.framed:
        for x, y, wide, high in (
            (0, 0, width, 1),
            (0, height - 1, width, 1),
            (0, 0, 1, height),
            (width - 1, 0, 1, height),
        ):
            frame.fill(x, y, wide, high)
    return frame


def fitting(text: str) -> tuple[str, ...]:
    """Return `text` as a line of words in the glass's own letters, or nothing if it is too long."""
    line = "".join(letter for letter in text.upper() if letter == " " or letter in FONT.glyphs)
    return (line,) if 0 < len(line) <= CELLS else ()


def _write(frame: Frame, text: str, x: int, y: int, times: int) -> None:
    for place, character in enumerate(text):
        if character != " ":
            frame.draw(_larger(FONT.glyphs[character], times), x + place * _ADVANCE * times, y)


def _larger(glyph: Glyph, times: int) -> Glyph:
    """Return the glyph with each pixel drawn as a square."""
    columns = [
        sum(((1 << times) - 1) << y * times for y in range(glyph.height) if column >> y & 1)
        for column in glyph.columns
        for _ in range(times)
    ]
    return Glyph(glyph.width * times, glyph.height * times, tuple(columns))
