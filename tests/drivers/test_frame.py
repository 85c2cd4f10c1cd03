"""Frames: pixels in display order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.frame import Frame, Glyph

ARROW = Glyph.from_rows("..#", ".##", "###", ".##", "..#")


def test_a_byte_holds_eight_pixels_downward_with_bit_0_on_top() -> None:
    frame = Frame(4, 16)
    frame.set(1, 0)
    frame.set(1, 3)
    frame.set(2, 15)
    assert frame.data == bytes([0, 0b1001, 0, 0, 0, 0, 0x80, 0])


def test_a_glyph_reads_as_it_was_drawn() -> None:
    frame = Frame(5, 8)
    frame.draw(ARROW, 1, 2)
    assert frame.rows() == [
        ".....", ".....", "...#.", "..##.", ".###.", "..##.", "...#.", ".....",
    ]  # fmt: skip


@given(st.integers(-12, 20), st.integers(-12, 30))
@settings(deadline=None)
def test_drawing_anywhere_lights_the_pixels_inside_and_no_other(x: int, y: int) -> None:
    frame = Frame(10, 24)
    frame.draw(ARROW, x, y)
    wanted = {
        (x + column, y + row)
        for column, bits in enumerate(ARROW.columns)
        for row in range(ARROW.height)
        if bits >> row & 1
    }
    lit = {(px, py) for px in range(10) for py in range(24) if frame.pixel(px, py)}
    assert lit == {(px, py) for px, py in wanted if 0 <= px < 10 and 0 <= py < 24}


def test_drawing_darkens_nothing() -> None:
    frame = Frame(8, 8)
    frame.fill(0, 0, 8, 8)
    frame.draw(ARROW, 0, 0)
    assert all(byte == 0xFF for byte in frame.data)


@given(*[st.integers(-3, 20)] * 4, st.booleans())
@settings(deadline=None)
def test_fill_touches_just_its_rectangle(x: int, y: int, w: int, h: int, on: bool) -> None:
    frame = Frame(12, 16)
    if not on:
        frame.fill(0, 0, 12, 16)
    frame.fill(x, y, w, h, on)
    for px in range(12):
        for py in range(16):
            inside = x <= px < x + w and y <= py < y + h
            assert frame.pixel(px, py) is (on if inside else not on)


def test_a_copy_is_equal_and_apart() -> None:
    frame = Frame(8, 8)
    twin = frame.copy()
    assert twin == frame
    twin.set(0, 0)
    assert twin != frame
    assert Frame(8, 16) != Frame(16, 8)


def test_rows_and_from_rows_are_each_others_inverse() -> None:
    frame = Frame(9, 16)
    frame.draw(ARROW, 3, 6)
    assert Frame.from_rows(frame.rows()) == frame


def test_turning_twice_changes_nothing_and_once_puts_the_top_left_bottom_right() -> None:
    frame = Frame(9, 16)
    frame.set(0, 0)
    frame.set(2, 5)
    assert frame.rotated().pixel(8, 15)
    assert frame.rotated().pixel(6, 10)
    assert frame.rotated().rotated() == frame


def test_a_frame_says_nothing_about_its_pixels() -> None:
    frame = Frame(8, 8)
    frame.set(0, 0)
    assert repr(frame) == "Frame(8, 8)"


@pytest.mark.parametrize("size", [(0, 8), (8, 0), (8, 12), (-8, 8)])
def test_a_frame_has_whole_pages(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="pages of 8"):
        Frame(*size)


def test_a_glyph_fits_its_size() -> None:
    with pytest.raises(ValueError, match="as many columns"):
        Glyph(2, 8, (1,))
    with pytest.raises(ValueError, match="does not fit"):
        Glyph(1, 4, (16,))
    with pytest.raises(ValueError, match="equally long"):
        Glyph.from_rows("##", "#")
