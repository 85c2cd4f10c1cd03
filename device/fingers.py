"""Fingers for a card in real time: what a typist and a mouse do to its contacts.

A terminal says that a key was typed, not how long it was held, and may say so faster than a hand
moves; a contact that never closes for a moment, or two at once, is no press to the card.
"""

from collections import deque
from collections.abc import Callable

from drivers.sim.world import SimWorld

#: Seconds that a key stays down at least, and that pass before the next one.
DOWN, BETWEEN = 0.06, 0.05
PRESS = "press"

Later = Callable[[float, Callable[[], None]], object]


class Fingers:
    """Closes and opens contacts of `world`; `later(seconds, action)` is the caller's timer."""

    def __init__(self, world: SimWorld, clock: Callable[[], float], later: Later) -> None:
        self._world = world
        self._clock = clock
        self._later = later
        self._typed: deque[str] = deque()
        self._busy = False
        self._down: dict[str, float] = {}
        self._press_until = 0.0

    @property
    def closed(self) -> frozenset[str]:
        """The keys that are down, and `PRESS` if the press button is."""
        return frozenset(self._down)

    def type(self, key: str) -> None:
        """Press and release a key, after those that wait already."""
        self._typed.append(key)
        if not self._busy:
            self._next()

    def hold(self, key: str, seconds: float) -> None:
        """Hold a key for `seconds` from now."""
        if key not in self._down:
            self.close(key)
            self._later(seconds, lambda: self.open(key))

    def hold_press(self, seconds: float) -> None:
        """Hold the press button for `seconds` from now; while it is held, hold it longer."""
        self._press_until = self._clock() + seconds
        if PRESS not in self._down:
            self.close(PRESS)
            self._later(seconds, self._end_press)

    def close(self, key: str) -> None:
        """Put a finger on a key, or on `PRESS`."""
        if key in self._down:
            return
        self._down[key] = self._clock()
        if key == PRESS:
            self._world.close_press()
        else:
            self._world.close_key(key)

    def open(self, key: str) -> None:
        """Take the finger away, when the key has been down for long enough to be a press."""
        since = self._down.get(key)
        if since is None:
            return
        left = since + DOWN - self._clock()
        if left > 0:
            self._later(left, lambda: self.open(key))
            return
        del self._down[key]
        if key == PRESS:
            self._world.open_press()
        else:
            self._world.open_key(key)

    def _next(self) -> None:
        self._busy = bool(self._typed)
        if self._typed:
            key = self._typed.popleft()
            self.close(key)
            self._later(DOWN + 0.01, lambda: self.open(key))
            self._later(DOWN + BETWEEN, self._next)

    def _end_press(self) -> None:
        left = self._press_until - self._clock()
        if left > 0:
            self._later(left, self._end_press)
        else:
            self.open(PRESS)
