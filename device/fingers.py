"""Fingers for a card in real time: what a typist and a mouse do to its contacts.

A terminal says that a key was typed, not how long it was held, and may say so faster than a hand
moves; a contact that never closes for a moment, or two at once, is no press to the card. Nor is one
that a busy computer's card had no time to look at: a finger stays until the card has felt it.
"""

from collections import deque
from collections.abc import Callable

from drivers.sim.world import SimWorld

#: Seconds that a key stays down at least, and that pass before the next one.
DOWN, BETWEEN = 0.06, 0.05
#: Seconds between two looks at whether a finger may move on.
_AGAIN = 0.01
PRESS = "press"

Later = Callable[[float, Callable[[], None]], object]


class Fingers:
    """Closes and opens contacts of `world`; `later(seconds, action)` is the caller's timer.

    `felt(key, time)` says whether the card has taken all that this key has done, in a look after
    that time; `shortest` is how long a key stays down at least, in seconds.
    """

    def __init__(
        self,
        world: SimWorld,
        clock: Callable[[], float],
        later: Later,
        felt: Callable[[str, float], bool],
        *,
        shortest: float = DOWN,
    ) -> None:
        self._world = world
        self._clock = clock
        self._later = later
        self._felt = felt
        self._shortest = shortest
        self._typed: deque[str] = deque()
        self._busy = False
        self._down: dict[str, float] = {}
        self._press_until = 0.0
        #: When the last finger came up.
        self.opened = 0.0

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
        # Before the contact: the card may have looked at it before we get to look at the clock.
        since = self._clock()
        if key == PRESS:
            self._world.close_press()
        else:
            self._world.close_key(key)
        self._down[key] = since

    def open(self, key: str) -> None:
        """Take the finger away, when the key has been down for long enough and the card felt it."""
        since = self._down.get(key)
        if since is not None:
            self._when(
                lambda: self._clock() >= since + self._shortest and self._felt(key, since),
                lambda: self._lift(key),
            )

    def _lift(self, key: str) -> None:
        if self._down.pop(key, None) is None:
            return
        self.opened = self._clock()
        if key == PRESS:
            self._world.open_press()
        else:
            self._world.open_key(key)

    def _next(self) -> None:
        self._busy = bool(self._typed)
        if self._typed:
            key = self._typed.popleft()
            self.close(key)
            self.open(key)
            self._when(lambda: key not in self._down, lambda: self._pause(key))

    def _pause(self, key: str) -> None:
        opened = self.opened
        self._when(
            lambda: self._clock() >= opened + BETWEEN and self._felt(key, opened),
            self._next,
        )

    def _when(self, ready: Callable[[], bool], action: Callable[[], None]) -> None:
        if ready():
            action()
        else:
            self._later(_AGAIN, lambda: self._when(ready, action))

    def _end_press(self) -> None:
        left = self._press_until - self._clock()
        if left > 0:
            self._later(left, self._end_press)
        else:
            self.open(PRESS)
