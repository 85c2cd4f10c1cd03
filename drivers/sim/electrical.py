"""What a voltmeter reads on each net, given what drives it and which contacts are closed.

Nets are named: a GPIO by its BCM number, a supply rail by `GND` or `SUPPLY`. Contacts join nets
without resistance and without direction, so ghosts on a keypad without diodes come out by
themselves.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from enum import Enum

Net = int | str
GND: Net = "GND"
SUPPLY: Net = "3V3"


class Drive(Enum):
    """What a pin or a rail does to its net, from nothing to a stiff level."""

    FLOATING = "floating"
    PULL_UP = "up"
    PULL_DOWN = "down"
    LOW = "low"
    HIGH = "high"


def _strongest(drives: Collection[Drive]) -> bool | None:
    """Return the level that several drives make together; None: what it was before."""
    for low, high in ((Drive.LOW, Drive.HIGH), (Drive.PULL_DOWN, Drive.PULL_UP)):
        if low in drives and high in drives:
            return False if low is Drive.LOW else None
        if low in drives or high in drives:
            return high in drives
    return None


_ALONE = {drive: _strongest([drive]) for drive in Drive}


class Circuit:
    """Nets, what drives them, the contacts between them.

    Stiff levels win over pulls; a net that nothing drives keeps its charge, and so does one that
    is pulled both ways. Two stiff levels on one net are a short: on a real board something gets
    hot, here it is noted in `shorts` and the low level wins.

    Any thread may drive, join or read. Listeners are called outside of the lock, in the thread
    that caused the change.
    """

    def __init__(self) -> None:
        self.shorts: list[frozenset[Net]] = []
        self._lock = threading.Lock()
        self._drive: dict[Net, Drive] = {GND: Drive.LOW, SUPPLY: Drive.HIGH}
        self._level: dict[Net, bool] = {GND: False, SUPPLY: True}
        self._joined: dict[Net, set[Net]] = {}
        self._listeners: dict[Net, Callable[[bool], None]] = {}

    def drive(self, net: Net, drive: Drive) -> None:
        """Let a pin do `drive` to its net from now on."""
        with self._lock:
            self._drive[net] = drive
            changed = self._settle(net)
        self._tell(changed)

    def join(self, one: Net, other: Net) -> None:
        """Close the contact between two nets; closing it again changes nothing."""
        with self._lock:
            self._joined.setdefault(one, set()).add(other)
            self._joined.setdefault(other, set()).add(one)
            changed = self._settle(one)
        self._tell(changed)

    def part(self, one: Net, other: Net) -> None:
        """Open the contact between two nets."""
        with self._lock:
            self._joined.get(one, set()).discard(other)
            self._joined.get(other, set()).discard(one)
            changed = self._settle(one) + self._settle(other)
        self._tell(changed)

    def joined(self, one: Net, other: Net) -> bool:
        """Say whether the contact between two nets is closed."""
        with self._lock:
            return other in self._joined.get(one, ())

    def level(self, net: Net) -> bool:
        """Return the level of a net: True is high."""
        with self._lock:
            return self._level.get(net, False)

    def listen(self, net: Net, listener: Callable[[bool], None]) -> None:
        """Call `listener` with the new level whenever the level of `net` changes."""
        with self._lock:
            self._listeners[net] = listener

    def _settle(self, net: Net) -> list[tuple[Net, bool]]:
        """Work out the level of everything joined to `net`; return what changed."""
        nets: Iterable[Net]
        if self._joined.get(net):
            nets = self._together(net)
            drives = {self._drive.get(one, Drive.FLOATING) for one in nets}
            if Drive.LOW in drives and Drive.HIGH in drives:
                self.shorts.append(frozenset(nets))
            level = _strongest(drives)
        else:  # the usual case, and quick
            nets = (net,)
            level = _ALONE[self._drive.get(net, Drive.FLOATING)]
        changed = []
        for one in nets:
            before = self._level.get(one, False)
            after = before if level is None else level
            self._level[one] = after
            if after != before:
                changed.append((one, after))
        return changed

    def _together(self, net: Net) -> set[Net]:
        found = {net}
        ahead = [net]
        while ahead:
            for neighbour in self._joined.get(ahead.pop(), ()):
                if neighbour not in found:
                    found.add(neighbour)
                    ahead.append(neighbour)
        return found

    def _tell(self, changed: Iterable[tuple[Net, bool]]) -> None:
        for net, level in changed:
            listener = self._listeners.get(net)
            if listener is not None:
                listener(level)
