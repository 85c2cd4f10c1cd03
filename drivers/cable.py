"""The pairing cable: a serial port that is opened for one pairing and read only while it is open.

Nothing waits in here: `read` gives what is there, `write` keeps what the port does not take yet.
Whoever waits sleeps on `fileno`, for reading, and for writing while `unsent`.
"""

from __future__ import annotations

import errno
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from drivers.errors import CableCut, CableError

_ONCE = 4096
# Reads that empty what a port has kept; one that is still not empty is being written to.
_MOST_DROPS = 64
_ADVICE = {
    errno.ENOENT: "is the USB gadget set up (docs/card.md), and is cable.port its name?",
    errno.ENODEV: "is the USB gadget set up (docs/card.md), and is cable.port its name?",
    errno.EACCES: "the card's user must be in the group that owns it (systemd/README.md)",
    errno.EPERM: "the card's unit must allow the device (systemd/README.md)",
    errno.EBUSY: "another program has it open: is there a login prompt (getty) on it?",
    errno.ENOTTY: "it is no serial port: correct cable.port in card.toml",
}


class Cable(Protocol):
    """One end of a serial line. Closed, nothing of it is read."""

    @property
    def name(self) -> str:
        """Where it is plugged in, for people."""

    @property
    def unsent(self) -> bool:
        """Whether something written still waits for the port to take it."""

    def there(self) -> bool:
        """Whether the port exists; it is not opened."""

    def open(self) -> None:
        """Begin to listen, deaf to everything that came before; raises CableError."""

    def read(self) -> bytes:
        """What has come; nothing if nothing has. Raises CableCut when the other end is gone."""

    def write(self, data: bytes) -> None:
        """Send, or keep for later what the port does not take now; raises CableCut."""

    def fileno(self) -> int:
        """What to sleep on while it is open."""

    def close(self) -> None:
        """Stop listening and forget what was not sent. Closing twice is nothing."""


class Line:
    """The bytes of an open serial port, both ways, without ever waiting."""

    def __init__(self, handle: int) -> None:
        self.handle = handle
        self._unsent = b""

    @property
    def unsent(self) -> bool:
        """Whether something written still waits."""
        return bool(self._unsent)

    def read(self) -> bytes:
        """What has come, after having sent what waited; raises CableCut."""
        self.write(b"")
        try:
            with _hung_up():
                data = os.read(self.handle, _ONCE)
        except BlockingIOError:
            return b""
        if not data:
            raise CableCut("the other end of the cable is gone: plug it in and begin again")
        return data

    def write(self, data: bytes) -> None:
        """Send, or keep what the port does not take now; raises CableCut."""
        self._unsent += data
        while self._unsent:
            try:
                with _hung_up():
                    taken = os.write(self.handle, self._unsent)
            except BlockingIOError:
                return
            self._unsent = self._unsent[taken:]

    def drop(self) -> None:
        """Forget what came before now; a computer that never stops does not keep the card here."""
        with suppress(OSError, termios.error):
            termios.tcflush(self.handle, termios.TCIFLUSH)
            for _ in range(_MOST_DROPS):
                if not os.read(self.handle, _ONCE):
                    return


class GadgetCable:
    """The port of a USB serial gadget, mostly /dev/ttyGS0: what the computer sees as ttyACM0."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._line: Line | None = None

    @property
    def name(self) -> str:
        """The port's path."""
        return str(self._path)

    @property
    def unsent(self) -> bool:
        """Whether something written still waits for the port to take it."""
        return self._line is not None and self._line.unsent

    def there(self) -> bool:
        """Whether the port exists; it is not opened."""
        return self._path.exists()

    def open(self) -> None:
        """Begin to listen, deaf to everything that came before; raises CableError."""
        self.close()
        handle = -1
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
            make_raw(handle)
        except (OSError, termios.error) as error:
            if handle >= 0:
                os.close(handle)
            number, reason = error.args[0], error.args[1]
            advice = _ADVICE.get(number, "look at the cable and at the kernel's messages")
            raise CableError(
                f"the port {self._path} cannot be opened ({reason}): {advice}"
            ) from error
        self._line = Line(handle)
        self._line.drop()

    def read(self) -> bytes:
        """What has come; nothing if nothing has. Raises CableCut when the other end is gone."""
        return self._opened().read()

    def write(self, data: bytes) -> None:
        """Send, or keep for later what the port does not take now; raises CableCut."""
        self._opened().write(data)

    def fileno(self) -> int:
        """What to sleep on while it is open."""
        return self._opened().handle

    def close(self) -> None:
        """Stop listening and forget what was not sent. Closing twice is nothing."""
        if self._line is not None:
            os.close(self._line.handle)
            self._line = None

    def _opened(self) -> Line:
        if self._line is None:
            raise CableError(f"the port {self._path} is not open: open it first")
        return self._line


def make_raw(handle: int) -> None:
    """Every byte as it is, both ways; raises OSError or termios.error where there is no port."""
    mode = termios.tcgetattr(handle)
    mode[0] = mode[1] = mode[3] = 0  # input, output and local flags: nothing is translated
    mode[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
    termios.tcsetattr(handle, termios.TCSANOW, mode)


@contextmanager
def _hung_up() -> Iterator[None]:
    """A port that fails while it is open is a cable that was cut."""
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as error:
        raise CableCut(
            f"the other end of the cable is gone ({error.strerror}): plug it in and begin again"
        ) from error
