"""A fixed place on the glass for each thing: drawing and reading both go by it."""

from collections.abc import Iterator
from dataclasses import dataclass

from device.glyphs.battery import BATTERY
from device.glyphs.font import Font
from device.glyphs.large import LARGE
from device.glyphs.medium import MEDIUM
from device.glyphs.small import SMALL
from drivers.frame import Frame, Glyph


@dataclass(frozen=True)
class Place:
    """A row of character cells: font, left top pixel of the first, pixels from one to the next."""

    font: Font
    x: int
    y: int
    advance: int
    cells: int

    def positions(self) -> Iterator[tuple[int, int]]:
        """Left top pixels of the cells, from left to right."""
        return ((self.x + self.advance * cell, self.y) for cell in range(self.cells))

    def draw(self, frame: Frame, text: str) -> None:
        """Draw `text` from the first cell on. A space leaves its cell dark.

        Raises ValueError, without the text, when it does not fit or has a character without glyph.
        """
        if len(text) > self.cells:
            raise ValueError(f"expected at most {self.cells} characters here, got {len(text)}")
        for character, (x, y) in zip(text, self.positions(), strict=False):
            if character != " ":
                frame.draw(self._glyph(character), x, y)

    def _glyph(self, character: str) -> Glyph:
        if character not in self.font.glyphs:
            raise ValueError("a character has no glyph of this size")
        return self.font.glyphs[character]


@dataclass(frozen=True)
class Layout:
    """The places on a glass of one size."""

    width: int
    height: int
    status: Place
    battery: Place
    low: Place
    label: Place
    field: Place
    response: Place
    long_response: Place
    words: Place

    def screens(self) -> tuple[tuple[Place, ...], ...]:
        """The places that are in use together, from top to bottom, one tuple per kind of screen."""
        above = self.words.y < self.response.y
        fault = (self.words, self.response) if above else (self.response, self.words)
        paired = (self.words, self.long_response) if above else (self.long_response, self.words)
        return (
            (self.battery, self.status, self.low, self.label, self.field),
            (self.battery, self.status, self.response),
            (self.battery, self.status, self.long_response),
            fault,
            paired,
        )


# Every y is a multiple of 8, so that a cell is whole pages of the display and costs the fewest
# bytes on the bus.
_STATUS = Place(SMALL, x=92, y=0, advance=6, cells=6)
# Left of the status and under it: free on every screen that they are drawn on.
_BATTERY = Place(BATTERY, x=84, y=0, advance=6, cells=1)
_LOW = Place(SMALL, x=92, y=8, advance=6, cells=6)
_WORDS_CELLS = 21

_TALL = Layout(
    128,
    64,
    status=_STATUS,
    battery=_BATTERY,
    low=_LOW,
    label=Place(MEDIUM, x=2, y=8, advance=10, cells=8),
    field=Place(MEDIUM, x=2, y=40, advance=12, cells=10),
    response=Place(LARGE, x=2, y=24, advance=14, cells=9),
    long_response=Place(MEDIUM, x=2, y=24, advance=11, cells=11),
    words=Place(SMALL, x=2, y=56, advance=6, cells=_WORDS_CELLS),
)
_FLAT = Layout(
    128,
    32,
    status=_STATUS,
    battery=_BATTERY,
    low=_LOW,
    label=Place(MEDIUM, x=2, y=0, advance=10, cells=8),
    field=Place(MEDIUM, x=2, y=16, advance=12, cells=10),
    response=Place(LARGE, x=2, y=8, advance=14, cells=9),
    long_response=Place(MEDIUM, x=2, y=16, advance=11, cells=11),
    words=Place(SMALL, x=2, y=0, advance=6, cells=_WORDS_CELLS),
)


#: How far to the left the whole picture may stand, one place after the other: see `Firmware`.
STANDS = (0, 1, 2)


def layout_for(width: int, height: int) -> Layout:
    """The layout of a glass of this size; ValueError for a size that no screen was drawn for."""
    for layout in (_TALL, _FLAT):
        if (layout.width, layout.height) == (width, height):
            return layout
    raise ValueError(f"no screens are drawn for a glass of {width}x{height}: use 128x64 or 128x32")
