"""What the SSD1306 and the SH1106 have in common, and the glass in front of them.

A controller takes bytes off the bus and keeps its display RAM; the glass is what an eye sees of
that RAM. Nothing here knows what a driver meant to show.
"""

from __future__ import annotations

import random
import threading
from abc import ABC, abstractmethod

from drivers.frame import Frame

_DATA_BIT = 0x40
_ONE_BYTE_BIT = 0x80
_PAGES = 8
_ROWS = 64


class OledController(ABC):
    """A display controller behind its I2C port, with the panel of `width` x `height` it drives.

    At power-on the RAM holds noise, different for each `seed`, and the display is off.
    `unknown` collects commands that the datasheet does not have.
    """

    ram_columns: int

    def __init__(self, width: int, height: int, seed: int = 0) -> None:
        self.width = width
        self.height = height
        self.unknown: list[int] = []
        self.changes = 0
        self.lock = threading.RLock()
        self._random = random.Random(seed)  # noqa: S311 - noise, not secrets
        self.power_cycle()

    def power_cycle(self) -> None:
        """Forget everything, as after a loss of supply."""
        with self.lock:
            self.ram = [bytearray(self._random.randbytes(self.ram_columns)) for _ in range(_PAGES)]
            self.changes += 1
            self.on = False
            self.contrast = 0x80
            self.inverse = False
            self.all_lit = False
            self.remapped = False
            self.scan_down = False  # COM0 first: on the usual panel the picture stands on its head
            self.start_line = 0
            self.offset = 0
            self.multiplex = _ROWS
            self.page = 0
            self.column = 0
            self._command: list[int] = []

    def write(self, payload: bytes) -> None:
        """Take one I2C write: control bytes, and the commands or data that they announce."""
        with self.lock:
            self.changes += 1
            at = 0
            while at < len(payload):
                control = payload[at]
                at += 1
                chunk = payload[at : at + 1] if control & _ONE_BYTE_BIT else payload[at:]
                at += len(chunk)
                for byte in chunk:
                    if control & _DATA_BIT:
                        self._store(byte)
                    else:
                        self._take(byte)

    def read(self, count: int) -> bytes:
        """Return the status byte: bit 6 says that the display is off."""
        return bytes([0x00 if self.on else 0x40]) * count

    def _take(self, byte: int) -> None:
        self._command.append(byte)
        if len(self._command) > self._arguments(self._command[0]):
            code, *arguments = self._command
            self._command = []
            if not (self._common(code, arguments) or self._own(code, arguments)):
                self.unknown.append(code)

    def _common(self, code: int, arguments: list[int]) -> bool:
        if 0x40 <= code <= 0x7F:
            self.start_line = code & 0x3F
        elif code == 0x81:
            self.contrast = arguments[0]
        elif code in (0xA0, 0xA1):
            self.remapped = code == 0xA1
        elif code in (0xA4, 0xA5):
            self.all_lit = code == 0xA5
        elif code in (0xA6, 0xA7):
            self.inverse = code == 0xA7
        elif code == 0xA8:
            self.multiplex = (arguments[0] & 0x3F) + 1
        elif code in (0xAE, 0xAF):
            self.on = code == 0xAF
        elif 0xB0 <= code <= 0xB7:
            self.page = code & 0x07
        elif 0xC0 <= code <= 0xCF:
            self.scan_down = bool(code & 0x08)
        elif code == 0xD3:
            self.offset = arguments[0] & 0x3F
        else:
            # Timing, voltages and no-operation: they change how bright it is, not what is shown.
            return code in (0xD5, 0xD9, 0xDA, 0xDB, 0xE3)
        return True

    @abstractmethod
    def _arguments(self, code: int) -> int:
        """Return how many bytes follow the command `code`."""

    @abstractmethod
    def _own(self, code: int, arguments: list[int]) -> bool:
        """Do a command that only this controller has; False if it has no such command."""

    @abstractmethod
    def _store(self, byte: int) -> None:
        """Put a data byte into the RAM and move on."""

    @property
    @abstractmethod
    def lit(self) -> bool:
        """Whether the panel has what it needs to shine."""

    @abstractmethod
    def visible(self, page: int) -> bytes:
        """Return one page of RAM as it lies on the glass, left to right."""

    @property
    def wired_offset(self) -> int:
        """The display offset that makes up for how the panel's rows are wired."""
        return 0


class Glass:
    """What the eye sees: `width` x `height` pixels, however they came about."""

    def __init__(self, controller: OledController) -> None:
        self._controller = controller
        self.width = controller.width
        self.height = controller.height

    @property
    def on(self) -> bool:
        """Whether the display shines at all."""
        return self._controller.lit

    @property
    def contrast(self) -> int:
        """The contrast that the controller was told, 0 to 255."""
        return self._controller.contrast

    @property
    def changes(self) -> int:
        """A number that grows whenever the picture may have: nothing is new while it stays."""
        return self._controller.changes

    def lit(self, x: int, y: int) -> bool:
        """Say whether one pixel shines; for many, take one `frame()`."""
        return self.frame().pixel(x, y)

    def frame(self) -> Frame:
        """Return the picture on the glass, top left first; all dark while it is off."""
        controller = self._controller
        frame = Frame(self.width, self.height)
        with controller.lock:
            if not controller.lit:
                return frame
            if controller.all_lit:
                frame.fill(0, 0, self.width, self.height)
                return frame
            pages = [controller.visible(page) for page in range(_PAGES)]
            rows = [self._row(y) for y in range(self.height)]
            inverse = controller.inverse
        if rows == list(range(self.height)) and not inverse:
            frame.data[:] = b"".join(pages[: self.height // 8])
            return frame
        for y, row in enumerate(rows):
            if row is None:
                continue
            for x, byte in enumerate(pages[row >> 3]):
                if bool(byte >> (row & 7) & 1) != inverse:
                    frame.set(x, y)
        return frame

    def _row(self, y: int) -> int | None:
        """Return the RAM row that is shown at `y`; None for a row that is not driven."""
        controller = self._controller
        if y >= controller.multiplex:
            return None
        line = y if controller.scan_down else controller.multiplex - 1 - y
        return (line + controller.start_line + controller.offset - controller.wired_offset) % _ROWS
