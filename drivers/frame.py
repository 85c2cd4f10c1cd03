"""A monochrome picture, packed the way the display keeps it. Standard library only.

The SSD1306 and the SH1106 store a picture as pages: rows of bytes, each byte eight pixels
downward with bit 0 on top (SSD1306 datasheet, section 8.7). A `Frame` keeps its pixels in that
form from the start, so that nothing has to be repacked on the way to the glass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_FLIPPED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class Glyph:
    """A small picture to draw into a frame.

    `columns` holds one integer per column, left to right; bit 0 is the top pixel.
    """

    width: int
    height: int
    columns: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.columns) != self.width:
            raise ValueError(f"a glyph {self.width} wide needs as many columns: {self.columns}")
        if any(not 0 <= column < 1 << self.height for column in self.columns):
            raise ValueError(f"a column does not fit into {self.height} pixels: {self.columns}")

    @classmethod
    def from_rows(cls, *rows: str) -> Glyph:
        """Read a glyph from its picture: one string per row, `#` lit, anything else dark."""
        width = len(rows[0]) if rows else 0
        if any(len(row) != width for row in rows):
            raise ValueError("the rows of a glyph must be equally long")
        columns = tuple(
            sum((row[x] == "#") << y for y, row in enumerate(rows)) for x in range(width)
        )
        return cls(width, len(rows), columns)


class Frame:
    """`width` x `height` pixels, all dark at first. The height is a multiple of 8.

    `data` has width * height / 8 bytes, page by page. Drawing outside of the frame is clipped.
    """

    __hash__ = None  # type: ignore[assignment]
    __slots__ = ("data", "height", "width")

    def __init__(self, width: int, height: int) -> None:
        if width <= 0 or height <= 0 or height % 8:
            raise ValueError(f"a frame needs a height in whole pages of 8: {width}x{height}")
        self.width = width
        self.height = height
        self.data = bytearray(width * height // 8)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Frame):
            return NotImplemented
        return (self.width, self.height, self.data) == (other.width, other.height, other.data)

    def __repr__(self) -> str:
        # No pixels: a screen may show a response.
        return f"Frame({self.width}, {self.height})"

    def copy(self) -> Frame:
        """Return an independent frame with the same pixels."""
        twin = Frame(self.width, self.height)
        twin.data[:] = self.data
        return twin

    def pixel(self, x: int, y: int) -> bool:
        """Say whether the pixel is lit; outside of the frame nothing is."""
        if not (0 <= x < self.width and 0 <= y < self.height):
            return False
        return bool(self.data[(y >> 3) * self.width + x] >> (y & 7) & 1)

    def set(self, x: int, y: int, on: bool = True) -> None:
        """Light or darken one pixel."""
        self.fill(x, y, 1, 1, on)

    def draw(self, glyph: Glyph, x: int, y: int) -> None:
        """Light the glyph's pixels, its top left corner at (x, y); it darkens none."""
        self._columns(enumerate(glyph.columns, x), y)

    def fill(self, x: int, y: int, width: int, height: int, on: bool = True) -> None:
        """Light or darken a rectangle."""
        if width <= 0 or height <= 0:
            return
        columns = ((column, (1 << height) - 1) for column in range(x, x + width))
        self._columns(columns, y, on)

    def clear(self) -> None:
        """Darken everything."""
        self.data[:] = bytes(len(self.data))

    def moved_left(self, by: int) -> Frame:
        """Return the frame moved to the left by some pixels; what leaves it is gone."""
        moved = Frame(self.width, self.height)
        for start in range(0, len(self.data), self.width):
            moved.data[start : start + self.width - by] = self.data[start + by : start + self.width]
        return moved

    def rotated(self) -> Frame:
        """Return the frame turned by 180 degrees."""
        turned = Frame(self.width, self.height)
        turned.data[:] = self.data[::-1].translate(_FLIPPED)
        return turned

    def rows(self) -> list[str]:
        """Return the picture as text, one string per row: `#` lit, `.` dark."""
        return [
            "".join(
                "#" if byte >> bit & 1 else "." for byte in self.data[start : start + self.width]
            )
            for start in range(0, len(self.data), self.width)
            for bit in range(8)
        ]

    @classmethod
    def from_rows(cls, rows: Iterable[str]) -> Frame:
        """Read a frame back from `rows()`."""
        lines = list(rows)
        frame = cls(len(lines[0]) if lines else 0, len(lines))
        frame.draw(Glyph.from_rows(*lines), 0, 0)
        return frame

    def _columns(self, columns: Iterable[tuple[int, int]], y: int, on: bool = True) -> None:
        """Put whole columns of pixels at height `y`: one shift each, whatever `y` is."""
        data, width = self.data, self.width
        pages = self.height // 8
        first, shift = y >> 3, y & 7
        for x, bits in columns:
            if not 0 <= x < width:
                continue
            bits <<= shift
            page = first
            if page < 0:
                bits >>= 8 * -page
                page = 0
            while bits and page < pages:
                at = page * width + x
                if on:
                    data[at] |= bits & 0xFF
                else:
                    data[at] &= ~bits & 0xFF
                bits >>= 8
                page += 1
