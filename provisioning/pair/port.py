"""The serial port that the card's cable is on: found, opened for us alone, read without waiting."""

from __future__ import annotations

import errno
import select
import termios
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Protocol

import serial
from serial.tools import list_ports

from provisioning.errors import CableCut, PortRefused

AUTO = "auto"
GADGETS = frozenset({(0x0525, 0xA4A7), (0x0525, 0xA4A6), (0x1D6B, 0x0104)})
"""USB identities of Linux's serial gadget: g_serial as CDC ACM, g_serial plain, a composite one."""
_WRITE_SECONDS = 2.0
_QUIET_SECONDS, _SETTLE_SECONDS = 0.2, 1.0
_SETUP = "plug the card in, and see docs/provisioning.md for its USB gadget"


class Listed(Protocol):
    """What `list_ports` says of a port."""

    device: str
    vid: int | None
    pid: int | None


def find(ports: Iterable[Listed] | None = None) -> str:
    """The one port whose USB device is a Linux serial gadget; raises PortRefused."""
    listed = list_ports.comports() if ports is None else ports
    found = sorted(port.device for port in listed if (port.vid, port.pid) in GADGETS)
    if not found:
        raise PortRefused(f"no card is on a USB port of this computer: {_SETUP}, or name a --port")
    if len(found) > 1:
        raise PortRefused(
            f"there are several cards, on {', '.join(found)}: name one with --port, "
            "or leave one plugged in"
        )
    return found[0]


class Port:
    """An open port; nobody else can open it meanwhile."""

    def __init__(self, name: str) -> None:
        """Open `name`, or the card's own with `auto`; raises PortRefused."""
        self.name = find() if name == AUTO else name
        try:
            self._serial = serial.Serial(
                self.name, timeout=0, write_timeout=_WRITE_SECONDS, exclusive=True
            )
        except (OSError, ValueError) as error:
            raise PortRefused(_why(self.name, error)) from None

    def __enter__(self) -> Port:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._serial.close()

    def fileno(self) -> int:
        """What to sleep on."""
        return int(self._serial.fileno())

    def listens(self) -> bool:
        """Whether the card has its end open; true of a port that cannot tell.

        What is written before would be kept for a card that never opens, and closing the port would
        wait for that for half a minute.
        """
        try:
            return bool(self._serial.cd)
        except OSError:
            return True

    def read(self) -> bytes:
        """What has come; nothing if nothing has. Raises CableCut."""
        try:
            return bytes(self._serial.read(4096))
        except OSError:
            raise _cut() from None

    def write(self, data: bytes) -> bool:
        """Send; False when the card's side takes nothing. Raises CableCut."""
        try:
            self._serial.write(data)
        except serial.SerialTimeoutException:
            self._forget_unsent()
            return False
        except OSError:
            raise _cut() from None
        return True

    def settle(self) -> None:
        """Forget what was sent to whoever had the port before us. Raises CableCut.

        The card keeps what nobody has read, and hands it to the next program that opens the port. A
        card speaks when spoken to, so what comes now is not for us. A port that never falls silent
        is not waited for.
        """
        end = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < end and select.select([self.fileno()], [], [], _QUIET_SECONDS)[0]:
            self.read()

    def _forget_unsent(self) -> None:
        try:
            self._serial.reset_output_buffer()
        except (OSError, termios.error):
            raise _cut() from None


def _cut() -> CableCut:
    return CableCut("the cable was pulled, or the card went off: plug it in and start again")


def _why(name: str, error: OSError | ValueError) -> str:
    match getattr(error, "errno", None):
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return f"there is no port {name}: {_SETUP}"
        case errno.EACCES | errno.EPERM:
            return (
                f"you may not open {name}: add yourself to the group that owns it "
                "(`sudo usermod -aG dialout $USER`), then log out and in"
            )
        case errno.EBUSY | errno.EAGAIN:
            return f"another program has {name} open: end it, or wait if it is a modem manager"
        case _:
            return f"{name} cannot be opened as a serial port: name the card's port with --port"
