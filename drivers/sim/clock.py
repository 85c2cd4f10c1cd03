"""Time that moves only when it is told to."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable


class VirtualClock:
    """A clock with an agenda: actions run in order of their time while it is advanced.

    Calling the clock returns its time in seconds, as `time.monotonic` does.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        """Return the present time in seconds."""
        return self._now

    __call__ = now

    def at(self, time: float, action: Callable[[], object]) -> None:
        """Run `action` when the clock reaches `time`; a time gone by means at the next advance."""
        heapq.heappush(self._agenda, (max(time, self._now), next(self._order), action))

    def after(self, delay: float, action: Callable[[], object]) -> None:
        """Run `action` `delay` seconds from now."""
        self.at(self._now + delay, action)

    def next_event(self) -> float | None:
        """Return the time of the next action, or None if nothing is on the agenda."""
        return self._agenda[0][0] if self._agenda else None

    def advance_to(self, time: float) -> None:
        """Move to `time`, running on the way what is due, each action at its own time.

        Actions may put further actions on the agenda. The clock never runs backwards.
        """
        while self._agenda and self._agenda[0][0] <= time:
            self._now, _, action = heapq.heappop(self._agenda)
            action()
        self._now = max(self._now, time)
