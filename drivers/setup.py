"""The commands that bring a display up, the same that luma.oled sends. Standard library only.

Sources: SSD1306 datasheet rev 1.1, section 10; SH1106 datasheet 2.3, commands. A test compares
them with luma's, byte for byte.
"""

from __future__ import annotations

from drivers.settings import DisplaySettings

DISPLAY_OFF, DISPLAY_ON, CONTRAST = 0xAE, 0xAF, 0x81
COLUMNS, PAGES = 0x21, 0x22
PAGE, COLUMN_LOW, COLUMN_HIGH = 0xB0, 0x00, 0x10
SH1106_LEFT = 2
"""The glass shows the middle 128 of the 132 columns that an SH1106 has."""

# By height: rows driven, and for one how its panel's rows are wired, for the other from where.
_SSD1306 = {64: (0x3F, 0x12), 32: (0x1F, 0x02)}
_SH1106 = {64: (0x3F, 0x00), 32: (0x20, 0x0F)}


def setup(settings: DisplaySettings) -> tuple[int, ...]:
    """Everything before the first picture, the display being off."""
    if settings.driver == "ssd1306":
        rows, wiring = _SSD1306[settings.height]
        return (
            *(DISPLAY_OFF, 0xD5, 0x80, 0xA8, rows, 0xD3, 0x00, 0x40),
            *(0x8D, 0x14, 0x20, 0x00, 0xA1, 0xC8, 0xDA, wiring),  # pump on, windows, upright
            *(0xD9, 0xF1, 0xDB, 0x40, 0xA4, 0xA6),
        )
    rows, first = _SH1106[settings.height]
    return (
        *(DISPLAY_OFF, 0x20, 0x10, 0xB0, 0xC8, 0x00, 0x10, 0x40, 0xA1, 0xA6),
        *(0xA8, rows, 0xA4, 0xD3, first, 0xD5, 0xF0, 0xD9, 0x22, 0xDA, 0x12, 0xDB, 0x20),
        *(0x8D, 0x14),
    )
