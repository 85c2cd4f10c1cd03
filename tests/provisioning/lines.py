"""A cable between two pseudo-terminals, which can be cut, and can be listened to."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

from drivers.cable import make_raw
from drivers.errors import CableCut
from drivers.sim.cable import PtyCable
from protocol import serial
from protocol.ocra import DEFAULT_SUITE
from protocol.pairing.card_end import Agreed, CardEnd, Compare, Send
from protocol.pairing.errors import PairingError
from protocol.pairing.host_end import Consented, HostEnd, Met, Stored

TO_CARD, TO_HOST = "to the card", "to the computer"
Passing = Callable[[str, bytes], bytes]


class Snip(Exception):
    """Cut the cable after these last bytes."""

    def __init__(self, last: bytes) -> None:
        super().__init__()
        self.last = last


def ready(stop: threading.Event, *ends: object) -> list[object]:
    """Which ends have something; none when it is time to stop and everything is read."""
    while True:
        stopping = stop.is_set()
        found: list[object] = select.select(ends, [], [], 0.02)[0]
        if found or stopping:
            return found


class Line:
    """Passes bytes on, both ways, in a thread; `link` is the computer's port.

    `through(direction, data)` gives what arrives; it raises Snip to cut the cable.
    """

    def __init__(self, card: Path, link: Path, through: Passing) -> None:
        self.link = link
        self._through = through
        self._host = PtyCable(link)
        self._host.open()
        self._card = os.open(card, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        make_raw(self._card)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pass, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Pull the cable out, at both ends."""
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _pass(self) -> None:
        with contextlib.suppress(CableCut, OSError, Snip):
            while ready := self._ready():
                if self._host in ready:
                    self._hand_on(TO_CARD, self._host.read())
                if self._card in ready:
                    data = os.read(self._card, 4096)
                    if not data:
                        break
                    self._hand_on(TO_HOST, data)
        self._host.unplug()
        os.close(self._card)

    def _ready(self) -> list[object]:
        return ready(self._stop, self._host, self._card)

    def _hand_on(self, direction: str, data: bytes) -> None:
        send = self._host.write if direction == TO_HOST else self._to_card
        try:
            send(self._through(direction, data))
        except Snip as snip:
            send(snip.last)
            raise

    def _to_card(self, data: bytes) -> None:
        os.write(self._card, data)


class Cut:
    """Lets through `count` bytes one way, then cuts both."""

    def __init__(self, direction: str, count: int) -> None:
        self._direction = direction
        self._left = count

    def __call__(self, direction: str, data: bytes) -> bytes:
        if direction != self._direction:
            return data
        if len(data) >= self._left:
            raise Snip(data[: self._left])
        self._left -= len(data)
        return data


class Middle:
    """A machine in the middle: a card towards the computer, a computer towards the card.

    It says yes and holds OK by itself; `numbers` is what each side was shown, `keys` what it has.
    """

    def __init__(self, card: Path, link: Path) -> None:
        self.link = link
        self.numbers: dict[str, str] = {}
        self.shown, self.paired = threading.Event(), threading.Event()
        self.keys: dict[str, bytes] = {}
        self._as_card, self._as_host = CardEnd("", {}), HostEnd()
        self._host = PtyCable(link)
        self._host.open()
        self._card = os.open(card, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        make_raw(self._card)
        os.write(self._card, self._as_host.hello())
        self._watched: tuple[object, ...] = (self._host, self._card)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._pass, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Out of the middle."""
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()

    def _pass(self) -> None:
        with contextlib.suppress(CableCut, OSError, PairingError):
            while ready := self._ready():
                if self._host in ready:
                    try:
                        data = self._host.read()
                    except CableCut:  # the computer has what it wanted; the card is not done yet
                        self._leave(self._host)
                        continue
                    for step in self._as_card.receive(data):
                        self._to_host(step)
                if self._card in ready:
                    data = b""
                    with contextlib.suppress(OSError):
                        data = os.read(self._card, 4096)
                    if not data:  # the card is done first; the computer may not be
                        self._leave(self._card)
                        continue
                    for step in self._as_host.receive(data):
                        self._to_card(step)
        self._host.unplug()
        os.close(self._card)

    def _leave(self, end: object) -> None:
        """One end is done; with both, so is the middle."""
        self._watched = tuple(one for one in self._watched if one is not end)
        if not self._watched:
            raise CableCut("both ends are done")

    def _ready(self) -> list[object]:
        return ready(self._stop, *self._watched)

    def _to_host(self, step: object) -> None:
        match step:
            case Send(frame):
                self._host.write(frame)
            case Compare(number):
                self.numbers["computer"] = number
                self.shown.set()
                self._host.write(self._as_card.consent())
            case Agreed(_, key):
                self.keys["computer"] = key
                self._host.write(self._as_card.stored())

    def _to_card(self, step: object) -> None:
        match step:
            case Met():
                offer = self._as_host.offer(
                    "A", serial.make(7), "Challng", DEFAULT_SUITE, replace=False
                )
                os.write(self._card, offer)
            case Send(frame):
                os.write(self._card, frame)
            case Compare(number):
                self.numbers["card"] = number
            case Consented():
                self.keys["card"] = self._as_host.key()
                os.write(self._card, self._as_host.confirm())
            case Stored():
                self.paired.set()
