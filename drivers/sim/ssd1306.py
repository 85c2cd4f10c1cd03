"""The SSD1306: 128 columns of RAM, windows with an address that wraps (datasheet rev 1.1)."""

from __future__ import annotations

from drivers.sim.oled import OledController

_ARGUMENTS = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x23: 1, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1,
    0xA3: 2, 0xA8: 1, 0xD3: 1, 0xD5: 1, 0xD6: 1, 0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip
_HORIZONTAL, _VERTICAL, _PAGE = 0, 1, 2


class Ssd1306(OledController):
    """An SSD1306 on a panel mounted the usual way: upright with A1 (remap) and C8 (scan down).

    Scrolling commands are taken for unknown: no driver of ours scrolls.
    """

    ram_columns = 128

    def power_cycle(self) -> None:
        """Forget everything: page addressing, whole windows, charge pump off."""
        with self.lock:
            super().power_cycle()
            self.contrast = 0x7F
            self.pump = False
            self.mode = _PAGE
            self.columns = (0, 127)
            self.pages = (0, 7)

    @property
    def lit(self) -> bool:
        """Whether the display is on and its charge pump runs."""
        return self.on and self.pump

    def visible(self, page: int) -> bytes:
        """Return one page as it lies on the glass, whose left edge is SEG127."""
        return bytes(self.ram[page][::-1])

    def _arguments(self, code: int) -> int:
        return _ARGUMENTS.get(code, 0)

    def _own(self, code: int, arguments: list[int]) -> bool:
        if code <= 0x1F:
            if self.mode == _PAGE:  # in the window modes these two do nothing
                high, low = (code & 0x07, self.column) if code & 0x10 else (self.column >> 4, code)
                self.column = (high & 0x07) << 4 | low & 0x0F
        elif code == 0x20:
            self.mode = arguments[0] & 0x03
        elif code == 0x21:
            self.columns = (arguments[0] & 0x7F, arguments[1] & 0x7F)
            self.column = self.columns[0]
        elif code == 0x22:
            self.pages = (arguments[0] & 0x07, arguments[1] & 0x07)
            self.page = self.pages[0]
        elif code == 0x8D:
            self.pump = bool(arguments[0] & 0x04)
        else:
            return False
        return True

    def _store(self, byte: int) -> None:
        # The remap acts on writing: what is in the RAM already stays where it is.
        segment = 127 - self.column if self.remapped else self.column
        self.ram[self.page][segment] = byte
        if self.mode == _VERTICAL:
            if self._next_page():
                self._next_column()
        elif self._next_column() and self.mode == _HORIZONTAL:
            self._next_page()

    def _next_column(self) -> bool:
        first, last = self.columns
        wrapped = self.column == last
        self.column = first if wrapped else (self.column + 1) & 0x7F
        return wrapped

    def _next_page(self) -> bool:
        first, last = self.pages
        wrapped = self.page == last
        self.page = first if wrapped else (self.page + 1) & 0x07
        return wrapped
