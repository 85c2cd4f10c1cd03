"""Which windows go over the bus."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.windows import Window, changed

WIDTH, PAGES, OVERHEAD = 32, 4, 10
pictures = st.lists(st.tuples(st.integers(0, WIDTH * PAGES - 1), st.integers(1, 255)), max_size=20)


def painted(spots: list[tuple[int, int]]) -> bytes:
    data = bytearray(WIDTH * PAGES)
    for at, byte in spots:
        data[at] = byte
    return bytes(data)


def put(windows: list[Window], old: bytes, new: bytes) -> bytes:
    glass = bytearray(old)
    for window in windows:
        cut = window.cut(new, WIDTH)
        span = window.right - window.left + 1
        for row, page in enumerate(range(window.top, window.bottom + 1)):
            start = page * WIDTH + window.left
            glass[start : start + span] = cut[row * span : (row + 1) * span]
    return bytes(glass)


def cost(windows: list[Window]) -> int:
    return sum(window.area + OVERHEAD for window in windows)


@given(pictures, pictures, st.booleans())
@settings(deadline=None)
def test_the_windows_turn_the_old_picture_into_the_new(
    before: list[tuple[int, int]], after: list[tuple[int, int]], tall: bool
) -> None:
    old, new = painted(before), painted(after)
    windows = changed(old, new, WIDTH, OVERHEAD, tall=tall)
    assert put(windows, old, new) == new
    if not tall:
        assert all(window.top == window.bottom for window in windows)


@given(pictures, pictures)
@settings(deadline=None)
def test_they_never_cost_more_than_one_window_around_everything(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    old, new = painted(before), painted(after)
    windows = changed(old, new, WIDTH, OVERHEAD, tall=True)
    spots = [at for at in range(len(old)) if old[at] != new[at]]
    if not spots:
        assert windows == []
        return
    columns, rows = [at % WIDTH for at in spots], [at // WIDTH for at in spots]
    around = Window(min(columns), max(columns), min(rows), max(rows))
    assert cost(windows) <= cost([around])


def test_two_far_corners_go_as_two_windows_and_neighbours_as_one() -> None:
    blank = bytes(WIDTH * PAGES)
    corners = painted([(0, 1), (WIDTH * PAGES - 1, 1)])
    assert len(changed(blank, corners, WIDTH, OVERHEAD, tall=True)) == 2
    near = painted([(3, 1), (9, 1), (WIDTH + 5, 1)])
    assert changed(blank, near, WIDTH, OVERHEAD, tall=True) == [Window(3, 9, 0, 1)]
