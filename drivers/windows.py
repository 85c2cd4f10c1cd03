"""Which parts of a picture to send, so that the fewest bytes go over the bus. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True)
class Window:
    """A rectangle of whole pages: columns `left`..`right` and pages `top`..`bottom`, inclusive."""

    left: int
    right: int
    top: int
    bottom: int

    @property
    def area(self) -> int:
        """Bytes of picture in the window."""
        return (self.right - self.left + 1) * (self.bottom - self.top + 1)

    def around(self, other: Window) -> Window:
        """Return the smallest window that holds both."""
        return Window(
            min(self.left, other.left),
            max(self.right, other.right),
            min(self.top, other.top),
            max(self.bottom, other.bottom),
        )

    def cut(self, data: bytes | bytearray, width: int) -> bytes:
        """Return the window's bytes out of a picture `width` wide, page by page."""
        pages = range(self.top, self.bottom + 1)
        return b"".join(
            data[page * width + self.left : page * width + self.right + 1] for page in pages
        )


def changed(
    old: bytes | bytearray, new: bytes | bytearray, width: int, overhead: int, *, tall: bool
) -> list[Window]:
    """Return windows that cover every byte in which two pictures differ.

    Each window costs `overhead` bytes beside its area; windows are joined while that costs no
    more. `tall` says whether the display has windows of more than one page.
    """
    if old == new:
        return []
    runs = []
    for page, start in enumerate(range(0, len(new), width)):
        one, other = old[start : start + width], new[start : start + width]
        if one != other:
            mixed = int.from_bytes(one, "big") ^ int.from_bytes(other, "big")
            for run in _runs(overhead).finditer(mixed.to_bytes(width, "big")):
                runs.append(Window(run.start(), run.end() - 1, page, page))
    if not tall:
        return runs
    windows = _joined(runs, overhead)
    whole = windows[0]
    for window in windows[1:]:
        whole = whole.around(window)
    return [whole] if _cost(whole, overhead) <= _total(windows, overhead) else windows


@lru_cache
def _runs(gap: int) -> re.Pattern[bytes]:
    """Match bytes that differ, with up to `gap` equal ones between them: not worth a new window."""
    return re.compile(rb"[^\0]+(?:\0{1,%d}[^\0]+)*" % gap)


def _cost(window: Window, overhead: int) -> int:
    return window.area + overhead


def _total(windows: list[Window], overhead: int) -> int:
    return sum(_cost(window, overhead) for window in windows)


def _joined(runs: list[Window], overhead: int) -> list[Window]:
    """Join each run, top to bottom, with the first window that it makes no dearer.

    Trying every pair instead saves less than one byte in a thousand.
    """
    windows: list[Window] = []
    for run in runs:
        for at, window in enumerate(windows):
            joined = window.around(run)
            if joined.area <= window.area + run.area + overhead:
                windows[at] = joined
                break
        else:
            windows.append(run)
    return windows
