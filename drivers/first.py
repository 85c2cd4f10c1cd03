"""The first screen: a display set up and lit before any library is loaded.

The bytes are those of luma's set-up; the picture takes the place of the empty one, and the glass
shines only once all of its memory is known. `Display` takes the glass over as it is.
"""

from __future__ import annotations

from contextlib import suppress

from drivers.frame import Frame
from drivers.settings import DisplaySettings
from drivers.setup import (
    COLUMN_HIGH,
    COLUMN_LOW,
    COLUMNS,
    CONTRAST,
    DISPLAY_OFF,
    DISPLAY_ON,
    PAGE,
    PAGES,
    SH1106_LEFT,
    setup,
)
from drivers.wire import RawWire

_COMMAND, _DATA = 0x00, 0x40


class FirstScreen:
    """A picture that stands on the glass, from the moment that this is made.

    Raises OSError where the bus or the display does not answer.
    """

    def __init__(self, settings: DisplaySettings, frame: Frame) -> None:
        self.picture = bytes((frame.rotated() if settings.rotate else frame).data)
        self._settings = settings
        self._wire = RawWire(settings.bus, settings.address)
        try:
            self._command(*setup(settings))
            self._command(CONTRAST, settings.contrast)
            self._fill()
            self._command(DISPLAY_ON)
        except OSError:
            self._wire.close()
            raise
        self._standing = True

    def hand_over(self) -> None:
        """Let go of the bus; the glass keeps showing."""
        if self._standing:
            self._standing = False
            self._wire.close()

    def dark(self) -> None:
        """Switch the glass off and let go of it, unless somebody has taken it over."""
        if self._standing:
            with suppress(OSError):
                self._command(DISPLAY_OFF)
            self.hand_over()

    def _fill(self) -> None:
        width, pages = self._settings.width, self._settings.height // 8
        if self._settings.driver == "ssd1306":
            self._command(COLUMNS, 0, width - 1, PAGES, 0, pages - 1)
            self._wire.write(bytes([_DATA]) + self.picture)
            return
        for page in range(pages):
            self._command(PAGE | page, COLUMN_LOW | SH1106_LEFT, COLUMN_HIGH)
            self._wire.write(bytes([_DATA]) + self.picture[page * width : (page + 1) * width])

    def _command(self, *command: int) -> None:
        self._wire.write(bytes([_COMMAND, *command]))
