"""What the verifier tells systemd: ready, alive, stopping; one datagram each to `NOTIFY_SOCKET`.

Ours and short: the kept library for it needs a compiler and systemd's headers.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Silent where nobody asked to be told (see sd_notify(3)).

    `interval` is the seconds between two `alive()`; None where no watchdog waits for them.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract address.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        for_us = environment.get("WATCHDOG_PID") in (None, str(os.getpid()))
        given = environment.get("WATCHDOG_USEC", "") if for_us and address else ""
        # Half the time allowed, as systemd advises: one late answer is forgiven.
        self.interval = int(given) / 2e6 if given.isdecimal() and int(given) else None

    def ready(self) -> None:
        """Say that requests are answered from now on."""
        self._send("READY=1")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the end was asked for."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            sender.sendto(text.encode("ascii"), self._address)
