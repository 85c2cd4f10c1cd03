"""What the card tells systemd: ready, alive, stopping; one datagram each to `NOTIFY_SOCKET`.

Ours and short: the kept library for it needs a compiler and systemd's headers.
"""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Fed by the loop, once a pass; silent where nobody asked to be told (see sd_notify(3))."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        for_us = environment.get("WATCHDOG_PID") in (None, str(os.getpid()))
        given = environment.get("WATCHDOG_USEC", "") if for_us else ""
        # Half the time allowed, as systemd advises: one late pass is forgiven.
        self._interval = int(given) / 2e6 if given.isdecimal() and int(given) else None
        self._next: float | None = None
        self._ready = False

    def turn(self, now: float) -> float | None:
        """The loop came by, at `now` (seconds): say what is due. Returns when it should again."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")
        if self._interval is None or not self._address:
            return None
        if self._next is None or now >= self._next:
            self._send("WATCHDOG=1")
            self._next = now + self._interval
        return self._next

    def stopping(self) -> None:
        """Say that the end was asked for."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            # Never wait for it: a card without its manager is a card all the same.
            sender.setblocking(False)
            sender.sendto(text.encode("ascii"), self._address)
