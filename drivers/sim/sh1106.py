"""The SH1106: 132 columns of RAM, page addressing only (datasheet 2.3, Sino Wealth)."""

from __future__ import annotations

from drivers.sim.oled import OledController

_ARGUMENTS = {0x81: 1, 0xA8: 1, 0xAD: 1, 0xD3: 1, 0xD5: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1}
_LEFT = 2  # the panel's 128 columns are the middle ones of 132


class Sh1106(OledController):
    """An SH1106 on a panel mounted the usual way.

    It has no windows (0x21, 0x22), no addressing mode (0x20) and no charge pump command (0x8D):
    it takes each of their bytes for a command of its own, and that is how a board sold as an
    SSD1306 comes to show garbage.
    """

    ram_columns = 132

    @property
    def lit(self) -> bool:
        """Whether the display is on; its converter starts by itself."""
        return self.on

    @property
    def wired_offset(self) -> int:
        """Panels of 32 rows hang on COM15 and up, as their usual init sequence assumes."""
        return 0x0F if self.height == 32 else 0

    def visible(self, page: int) -> bytes:
        """Return the 128 columns that the panel is wired to."""
        row = self.ram[page] if self.remapped else self.ram[page][::-1]
        return bytes(row[_LEFT : _LEFT + self.width])

    def _arguments(self, code: int) -> int:
        return _ARGUMENTS.get(code, 0)

    def _own(self, code: int, arguments: list[int]) -> bool:
        if code <= 0x0F:
            self.column = (self.column & 0xF0) | code
        elif code <= 0x1F:
            self.column = (self.column & 0x0F) | (code & 0x0F) << 4
        else:
            return 0x30 <= code <= 0x33 or code in (0xAD, 0xE0, 0xEE)
        return True

    def _store(self, byte: int) -> None:
        if self.column < self.ram_columns:
            self.ram[self.page][self.column] = byte
            self.column += 1  # stands still behind the last column
