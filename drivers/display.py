"""The display: luma.oled sets it up and carries the bytes, windows of our own keep them few."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from luma.core.error import DevicePermissionError
from luma.core.error import Error as LumaError
from luma.core.interface.serial import i2c
from luma.oled.device import sh1106, ssd1306

from drivers.errors import DisplayError, SettingError
from drivers.frame import Frame
from drivers.settings import DisplaySettings
from drivers.windows import Window, changed

_DEVICES: dict[str, Any] = {"ssd1306": ssd1306, "sh1106": sh1106}
_DISPLAY_OFF, _DISPLAY_ON, _CONTRAST = 0xAE, 0xAF, 0x81
_COLUMNS, _PAGES = 0x21, 0x22
_PAGE, _COLUMN_LOW, _COLUMN_HIGH = 0xB0, 0x00, 0x10
_ADDRESS_AND_CONTROL = 2
_WINDOW_BYTES = _ADDRESS_AND_CONTROL + 6 + _ADDRESS_AND_CONTROL
_PAGE_BYTES = _ADDRESS_AND_CONTROL + 3 + _ADDRESS_AND_CONTROL
_SH1106_LEFT = 2  # the glass shows the middle 128 of its 132 columns


class _Wire(i2c):
    """luma's I2C transport, counting the bytes on the wire and remembering the set-up commands."""

    def __init__(self, bus: int, address: int) -> None:
        super().__init__(port=bus, address=address)  # type: ignore[no-untyped-call]
        self.sent = 0
        self.setup: list[tuple[int, ...]] = []
        self.setting_up = True

    def command(self, *command: int) -> None:
        """Send one command with its arguments."""
        if self.setting_up:
            self.setup.append(command)
        super().command(*command)  # type: ignore[no-untyped-call]
        self.sent += _ADDRESS_AND_CONTROL + len(command)

    def data(self, data: bytes) -> None:
        """Send picture bytes to where the last command pointed."""
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

    Opening sets it up, darkens every pixel (its RAM is noise at power-on) and switches it on.
    After an error on the bus nothing on the glass is taken for known: the next call sets the
    display up again and sends the whole picture. What the bus says comes as a `DisplayError`.
    """

    def __init__(self, settings: DisplaySettings) -> None:
        self.width = settings.width
        self.height = settings.height
        self._settings = settings
        blank = bytes(self.width * self.height // 8)
        self._wanted = _State(blank, settings.contrast, True)
        self._glass: _State | None = None
        try:
            self._wire = _Wire(settings.bus, settings.address)
        except (LumaError, OSError) as error:
            raise _no_bus(settings, error) from error
        try:
            device = _DEVICES[settings.driver](self._wire, width=self.width, height=self.height)
            device.persist = True  # what stays on the glass at exit is for the firmware to say
            self._wire.setting_up = False
            self._wire.command(_CONTRAST, settings.contrast)
        except (LumaError, OSError) as error:
            self._wire.close()
            raise _no_answer(settings) from error
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
                self._wire.command(_CONTRAST, wanted.contrast)
            if glass.on != wanted.on:
                self._wire.command(_DISPLAY_ON if wanted.on else _DISPLAY_OFF)
        except (LumaError, OSError) as error:
            raise _no_answer(self._settings) from error
        self._glass = wanted
        return self._wire.sent - before

    def _set_up_again(self, wanted: _State) -> _State:
        """Repeat luma's set-up with the glass dark, and fill all of the RAM."""
        for command in self._wire.setup:
            if command != (_DISPLAY_ON,):
                self._wire.command(*command)
        self._wire.command(_CONTRAST, wanted.contrast)
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
                    _COLUMNS, window.left, window.right, _PAGES, window.top, window.bottom
                )
            else:
                column = window.left + _SH1106_LEFT
                self._wire.command(
                    _PAGE | window.top, _COLUMN_LOW | column & 0x0F, _COLUMN_HIGH | column >> 4
                )
            self._wire.data(window.cut(picture, self.width))


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
