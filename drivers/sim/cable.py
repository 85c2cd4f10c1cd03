"""A pairing cable of this machine alone: a pseudo-terminal whose other end has a name."""

from __future__ import annotations

import os
import select
import termios
import time
from contextlib import suppress
from pathlib import Path

from drivers.cable import Line, make_raw
from drivers.errors import CableCut, CableError

_PATIENCE, _PERIOD = 2.0, 0.01


class PtyCable:
    """Stands in for a gadget's port; `link` is what stands in for the computer's ttyACM0.

    As with a real one, the computer's end is there whether the card listens or not, until it is
    unplugged. While nobody has spoken the card's side holds the computer's end open by itself,
    because a pseudo-terminal without one reads as hung up; then it lets go, so that a computer that
    closes its end is seen.
    """

    def __init__(self, link: Path) -> None:
        self._link = link
        self._handle, far = os.openpty()
        os.set_blocking(self._handle, False)
        self._line: Line | None = None
        self._far: int | None = far
        self._device = os.ttyname(far)
        make_raw(far)
        try:
            if link.is_symlink():
                link.unlink()  # left behind by a card that was killed
            link.symlink_to(self._device)
        except OSError as error:
            self._close_both()
            raise CableError(
                f"the link {link} cannot be made ({error.strerror}): name another place"
            ) from error

    @property
    def name(self) -> str:
        """The link's path."""
        return str(self._link)

    @property
    def unsent(self) -> bool:
        """Whether something written still waits to be taken."""
        return self._line is not None and self._line.unsent

    def there(self) -> bool:
        """Whether the link is there."""
        return self._link.is_symlink()

    def open(self) -> None:
        """Begin to listen, deaf to everything that came before; raises CableError."""
        if self._handle < 0:
            raise CableError(f"the cable {self._link} was unplugged: make another")
        self._hold()
        self._line = Line(self._handle)
        self._line.drop()

    def read(self) -> bytes:
        """What has come; nothing if nothing has. Raises CableCut when the other end is gone."""
        data = self._opened().read()
        if data:
            self._let_go()
        return data

    def write(self, data: bytes) -> None:
        """Send, or keep for later what is not taken now; raises CableCut."""
        line = self._opened()
        if _hung_up(self._handle):
            # Linux takes what is written to nobody here; the port of a gadget does not.
            raise CableCut("the other end of the cable is gone: plug it in and begin again")
        line.write(data)

    def fileno(self) -> int:
        """What to sleep on while it is open."""
        return self._opened().handle

    def close(self) -> None:
        """Stop listening and forget what was not sent. Closing twice is nothing."""
        self._line = None

    def unplug(self) -> None:
        """Take the cable away, when the other end has read what it was sent, or does not."""
        self.close()
        if self._handle < 0:
            return
        self._wait_until_read()
        with suppress(OSError):
            if self._link.readlink() == Path(self._device):
                self._link.unlink()
        self._close_both()

    def _opened(self) -> Line:
        if self._line is None:
            raise CableError(f"the cable {self._link} is not open: open it first")
        return self._line

    def _hold(self) -> None:
        if self._far is None:
            self._far = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        with suppress(termios.error):
            make_raw(self._far)
            termios.tcflush(self._far, termios.TCIFLUSH)  # what an earlier computer left unread

    def _let_go(self) -> None:
        if self._far is not None:
            os.close(self._far)
            self._far = None

    def _wait_until_read(self) -> None:
        """A pseudo-terminal that goes takes what was not read along: wait for a reader, if any."""
        if self._far is not None or _hung_up(self._handle):
            return
        self._far = os.open(self._device, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        end = time.monotonic() + _PATIENCE
        while _waiting(self._far) and time.monotonic() < end:
            time.sleep(_PERIOD)

    def _close_both(self) -> None:
        self._let_go()
        os.close(self._handle)
        self._handle = -1


def _hung_up(handle: int) -> bool:
    poll = select.poll()
    poll.register(handle, 0)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def _waiting(handle: int) -> bool:
    """Whether something was sent to this end and not read; asking makes the kernel hand it over."""
    return bool(select.select([handle], [], [], 0)[0])
