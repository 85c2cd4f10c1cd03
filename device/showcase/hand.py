"""One finger for a card: what a client wants of it, in its order, each key as long as it must be.

Movements arrive over a socket as fast as a program likes; a contact that the card had no time to
look at, or two at once, is no press to it.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from device.errors import LineRefused
from device.fingers import Fingers, Later
from device.showcase.lines import Move

#: Seconds between two keys at least, and that a key stays down at most.
BETWEEN, LONGEST_HOLD = 0.03, 10.0
#: Movements that may wait to be done.
WAITING = 64
# Seconds between two looks at whether the finger may move on.
_AGAIN = 0.005


class Hand:
    """Moves `fingers` as it is told; `later`, `clock` and `felt` are those of the fingers."""

    def __init__(
        self,
        fingers: Fingers,
        clock: Callable[[], float],
        later: Later,
        felt: Callable[[str, float], bool],
    ) -> None:
        self._fingers = fingers
        self._clock = clock
        self._later = later
        self._felt = felt
        self._waiting: deque[Move] = deque()
        self._busy = False
        self._last: str | None = None
        self._holds = 0
        self._lifting: frozenset[str] = frozenset()

    def move(self, move: Move) -> None:
        """Do a movement after those that wait already; raises LineRefused when these are many."""
        if len(self._waiting) >= WAITING:
            raise LineRefused(f"{WAITING} movements wait already: wait until the glass has changed")
        self._waiting.append(move)
        if not self._busy:
            self._go()

    def withdraw(self) -> None:
        """Forget what waits, and take the finger off the card."""
        self._waiting.clear()
        self._lift()

    def _go(self) -> None:
        self._busy = bool(self._waiting)
        while self._waiting:
            if self._waiting[0].down and not self._may_go_down():
                self._later(_AGAIN, self._go)
                return
            move = self._waiting.popleft()
            if not move.down:
                self._fingers.open(move.key)
            else:
                self._fingers.close(move.key)
                self._lifting = frozenset()
                self._last = move.key
                self._holds += 1
                self._later(LONGEST_HOLD, partial(self._end, self._holds))
        self._busy = False

    def _may_go_down(self) -> bool:
        """Whether the key before is up, and the card has felt that."""
        if self._fingers.closed:
            self._lift()
            return False
        if self._last is None:
            return True
        opened = self._fingers.opened
        return self._clock() >= opened + BETWEEN and self._felt(self._last, opened)

    def _lift(self) -> None:
        """Have what is down come up, as soon as it may."""
        for key in self._fingers.closed - self._lifting:
            self._fingers.open(key)
        self._lifting = self._fingers.closed

    def _end(self, hold: int) -> None:
        if hold == self._holds:
            self._lift()
