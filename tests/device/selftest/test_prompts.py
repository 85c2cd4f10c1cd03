"""What stands on the glass of either size: whole letters, nothing over anything else."""

import pytest

from device.faults import Fault
from device.selftest.findings import Kind
from device.selftest.screens import CELLS, FONT, Prompt, fitting, picture
from drivers.frame import Frame

SIZES = ((128, 64), (128, 32))
WHERE = "COLUMN 4 GPIO 21"


def pixels(frame: Frame) -> int:
    return sum(byte.bit_count() for byte in frame.data)


def ink(text: str) -> int:
    glyphs = [FONT.glyphs[letter] for letter in text if letter != " "]
    return sum(column.bit_count() for glyph in glyphs for column in glyph.columns)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [*Kind, *Fault], ids=lambda kind: kind.code)
def test_a_finding_is_whole_on_the_glass(kind: Kind | Fault, size: tuple[int, int]) -> None:
    for words in ((kind.words,), (kind.words, WHERE)):
        sign = pixels(picture(Prompt("", words, kind.code), *size)) - sum(map(ink, words))
        assert sign in (9 * ink(kind.code), 4 * ink(kind.code))


@pytest.mark.parametrize("size", SIZES)
def test_a_key_to_press_is_drawn_three_times_as_large(size: tuple[int, int]) -> None:
    for key in "0123456789ABCD#*":
        frame = picture(Prompt("", ("PRESS",), key), *size)
        assert pixels(frame) == ink("PRESS") + 9 * ink(key)


@pytest.mark.parametrize("size", SIZES)
def test_the_frame_runs_along_all_four_edges(size: tuple[int, int]) -> None:
    width, height = size
    words = ("IS THIS FRAME WHOLE", "# YES   * NO")
    frame = picture(Prompt("", words, framed=True), width, height)
    assert pixels(frame) == 2 * (width + height) - 4 + sum(map(ink, words))
    rows = frame.rows()
    assert rows[0] == rows[-1] == "#" * width
    assert {row[0] + row[-1] for row in rows} == {"##"}


def test_what_is_too_long_for_the_glass_is_left_out_whole() -> None:
    assert fitting("columns 1, 2 and 4") == ("COLUMNS 1 2 AND 4",)
    assert fitting("x" * CELLS) == ("X" * CELLS,)
    assert fitting("x" * (CELLS + 1)) == ()
    assert fitting("") == ()
