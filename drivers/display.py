"""The display: luma.oled sets it up and carries the bytes, windows of our own keep them few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from luma.core.error import DevicePermissionError
from luma.core.error import Error as LumaError
from luma.core.interface.serial import i2c
from luma.oled.device import sh1106, ssd1306

from drivers.errors import DisplayError, SettingError
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
)
from drivers.windows import Window, changed

_DEVICES: dict[str, Any] = {"ssd1306": ssd1306, "sh1106": sh1106}
_ADDRESS_AND_CONTROL = 2
_PIECE = 24
"""Picture bytes in one message: 2.4 ms on a bus at 100 kHz, and then others get their turn."""
_WINDOW_BYTES = _ADDRESS_AND_CONTROL + 6 + _ADDRESS_AND_CONTROL
_PAGE_BYTES = _ADDRESS_AND_CONTROL + 3 + _ADDRESS_AND_CONTROL


class _Wire(i2c):
    """luma's I2C transport, counting the bytes on the wire and remembering the set-up commands."""

    def __init__(self, bus: int, address: int) -> None:
        super().__init__(port=bus, address=address)  # type: ignore[no-untyped-call]
        self.sent = 0
        self.setup: list[tuple[int, ...]] = []
        self.setting_up = True
        self.mute = False

    def command(self, *command: int) -> None:
        """Send one command with its arguments."""
        if self.setting_up:
            self.setup.append(command)
        if self.mute:
            return
        super().command(*command)  # type: ignore[no-untyped-call]
        self.sent += _ADDRESS_AND_CONTROL + len(command)

    def data(self, data: bytes) -> None:
        """Send picture bytes to where the last command pointed."""
        if self.mute:
            return
        super().data(data)  # type: ignore[no-untyped-call]
        self.sent += _ADDRESS_AND_CONTROL + len(data)

    def close(self) -> None:
        """Let go of the bus."""
        self.cleanup()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class _State:
    """What a glass shows: its RAM, its contrast, whether it is awake."""

    picture: bytes
    contrast: int
    on: bool


class Display:
    """A monochrome OLED on I2C that shows frames of its own size.

    Opening sets it up, darkens every pixel (its RAM is noise at power-on) and switches it on. A
    glass that already shows `shown` (`drivers.first`) is taken over as it is: nothing is sent.
    After an error on the bus nothing on the glass is taken for known: the next call sets the
    display up again and sends the whole picture. What the bus says comes as a `DisplayError`.
    `between` is called after each message of a picture: a full one takes 0.1 s on a slow bus, in
    which whoever shares the thread may look at the keys.
    """

    def __init__(self, settings: DisplaySettings, shown: bytes | None = None) -> None:
        self.width = settings.width
        self.height = settings.height
        self.between: Callable[[], object] = lambda: None
        self._settings = settings
        blank = bytes(self.width * self.height // 8)
        self._wanted = _State(blank if shown is None else shown, settings.contrast, True)
        self._glass: _State | None = None
        try:
            self._wire = _Wire(settings.bus, settings.address)
        except (LumaError, OSError) as error:
            raise _no_bus(settings, error) from error
        self._wire.mute = shown is not None
        try:
            device = _DEVICES[settings.driver](self._wire, width=self.width, height=self.height)
            device.persist = True  # what stays on the glass at exit is for the firmware to say
            self._wire.setting_up = False
            self._wire.command(CONTRAST, settings.contrast)
        except (LumaError, OSError) as error:
            self._wire.close()
            raise _no_answer(settings) from error
        self._wire.mute = False
        self._glass = self._wanted

    def show(self, frame: Frame) -> int:
        """Put a frame on the glass; return how many bytes went over the bus, 0 if it was there."""
        if (frame.width, frame.height) != (self.width, self.height):
            raise SettingError(
                f"a frame of {frame.width}x{frame.height} does not fit a display of "
                f"{self.width}x{self.height}"
            )
        picture = bytes((frame.rotated() if self._settings.rotate else frame).data)
        return self._become(replace(self._wanted, picture=picture))

    def power(self, on: bool) -> int:
        """Wake the glass or put it to sleep; the picture stays. Return the bytes sent."""
        return self._become(replace(self._wanted, on=on))

    def contrast(self, level: int) -> int:
        """Set the brightness, 0 to 255; 0 still shines. Return the bytes sent."""
        if not 0 <= level <= 255:
            raise SettingError(f"a contrast is 0 to 255, not {level}")
        return self._become(replace(self._wanted, contrast=level))

    def close(self) -> None:
        """Let go of the bus; the glass keeps showing what it shows."""
        self._wire.close()

    def _become(self, wanted: _State) -> int:
        """Bring the glass from what it shows to what is wanted; return the bytes sent."""
        glass, self._glass, self._wanted = self._glass, None, wanted
        before = self._wire.sent
        try:
            if glass is None:
                glass = self._set_up_again(wanted)
            self._draw(self._changed(glass.picture, wanted.picture), wanted.picture)
            if glass.contrast != wanted.contrast:
                self._wire.command(CONTRAST, wanted.contrast)
            if glass.on != wanted.on:
                self._wire.command(DISPLAY_ON if wanted.on else DISPLAY_OFF)
        except (LumaError, OSError) as error:
            raise _no_answer(self._settings) from error
        self._glass = wanted
        return self._wire.sent - before

    def _set_up_again(self, wanted: _State) -> _State:
        """Repeat luma's set-up with the glass dark, and fill all of the RAM."""
        for command in self._wire.setup:
            if command != (DISPLAY_ON,):
                self._wire.command(*command)
        self._wire.command(CONTRAST, wanted.contrast)
        self._draw(self._everything(), wanted.picture)
        return replace(wanted, on=False)

    @property
    def _has_windows(self) -> bool:
        return self._settings.driver == "ssd1306"

    def _everything(self) -> list[Window]:
        pages, right = self.height // 8, self.width - 1
        if self._has_windows:
            return [Window(0, right, 0, pages - 1)]
        return [Window(0, right, page, page) for page in range(pages)]

    def _changed(self, old: bytes, new: bytes) -> list[Window]:
        overhead = _WINDOW_BYTES if self._has_windows else _PAGE_BYTES
        return changed(old, new, self.width, overhead, tall=self._has_windows)

    def _draw(self, windows: list[Window], picture: bytes) -> None:
        for window in windows:
            if self._has_windows:
                self._wire.command(
                    COLUMNS, window.left, window.right, PAGES, window.top, window.bottom
                )
            else:
                column = window.left + SH1106_LEFT
                self._wire.command(
                    PAGE | window.top, COLUMN_LOW | column & 0x0F, COLUMN_HIGH | column >> 4
                )
            data = window.cut(picture, self.width)
            for start in range(0, len(data), _PIECE):
                self.between()
                self._wire.data(data[start : start + _PIECE])


def _no_bus(settings: DisplaySettings, error: Exception) -> DisplayError:
    path = f"/dev/i2c-{settings.bus}"
    if isinstance(error, DevicePermissionError | PermissionError):
        return DisplayError(
            f"{path} may not be opened: add this user to the group i2c and log in again"
        )
    return DisplayError(
        f"there is no I2C bus {path}: switch I2C on (raspi-config, Interface Options, I2C) "
        "or correct the display's bus number"
    )


def _no_answer(settings: DisplaySettings) -> DisplayError:
    return DisplayError(
        f"no display answers at address {settings.address:#04x} on I2C bus {settings.bus}: "
        "check SDA and SCL, that ground and supply are connected, and the address (0x3c or 0x3d); "
        "a board that answers but shows garbage is an SH1106 sold as an SSD1306, or the reverse"
    )
