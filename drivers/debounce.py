"""From samples of a keypad to presses: debounce and the one-key rule. Pure; time is given.

Two spans, both measured between samples that were really taken: a contact counts as closed once
it was seen closed throughout CLOSED_SPAN, and as open once it was seen open throughout OPEN_SPAN.
To type twice in one press, chatter would have to show a full open span and a full closed span, or
the other way round, inside of its own duration; the two together are longer than the 20 ms of the
worst contacts, so it cannot, however irregular the samples are. And a press that is steady for
20 ms (closed for 25 ms, 5 ms of it chatter), followed by an opening of the same kind, holds both
spans with 4 ms to spare on either side, so with a sample every few milliseconds none is lost.
"""

from __future__ import annotations

from enum import Enum

from drivers.events import KeyDown, KeyEvent, KeysRefused, KeysStuck, KeyUp

CLOSED_SPAN = 0.0105
OPEN_SPAN = 0.0105
HELD_SPAN = 0.25
"""Closed contacts that have not moved for so long need not be sampled until something moves."""


class _Phase(Enum):
    POWER_ON = "collecting what is closed from the start"
    OPEN = "all open"
    CLOSING = "one key closed, not long enough yet"
    DOWN = "one key typed, not yet open again"
    REFUSED = "two or more seen; waiting until all are open"


class Debounce:
    """Turns samples `(now, closed keys)` into key events: one key from all-open to all-open.

    Keys that are closed during the first CLOSED_SPAN are stuck: reported once, and as if they were
    open until they have opened. One key may follow another only after all were open; a second
    closed key, or another one without an opening between, refuses the whole stroke.
    """

    def __init__(self) -> None:
        self._phase = _Phase.POWER_ON
        self._stuck: dict[str, float | None] = {}  # each with the start of its open span
        self._key = ""
        self._closed_since: float | None = None
        self._open_since: float | None = None
        self._started: float | None = None
        self._last: frozenset[str] = frozenset()
        self._unmoved_since = 0.0

    @property
    def closed(self) -> frozenset[str]:
        """The keys that read closed in the last sample, stuck ones included."""
        return self._last

    def at_rest(self, now: float) -> bool:
        """Say whether nothing can be missed if the next sample is taken only after a movement."""
        if any(open_since is not None for open_since in self._stuck.values()):
            return False
        if self._phase in (_Phase.DOWN, _Phase.REFUSED):
            return now - self._unmoved_since >= HELD_SPAN
        return self._phase is _Phase.OPEN and _span(self._open_since, now) >= OPEN_SPAN

    def stir(self) -> None:
        """Take note that a contact moved since the last sample, whatever the next one shows."""
        if self._phase is _Phase.OPEN:
            self._open_since = None

    def sample(self, now: float, closed: frozenset[str]) -> list[KeyEvent]:
        """Take one sample of the closed keys at time `now` (seconds); return what it settles."""
        if closed != self._last or self._started is None:
            self._last, self._unmoved_since = closed, now
        if self._phase is _Phase.POWER_ON:
            return self._power_on(now, closed)
        self._unstick(now, closed)
        live = closed - self._stuck.keys()
        if not live:
            return self._all_open(now)
        self._open_since = None
        if len(live) > 1 or (self._key and live != {self._key}):
            return self._refuse(live)
        return self._one_closed(now, *live)

    def _power_on(self, now: float, closed: frozenset[str]) -> list[KeyEvent]:
        if self._started is None:
            self._started = now
        self._stuck.update(dict.fromkeys(closed))
        if now - self._started < CLOSED_SPAN:
            return []
        self._phase = _Phase.OPEN
        self._open_since = now
        return [KeysStuck(frozenset(self._stuck))] if self._stuck else []

    def _unstick(self, now: float, closed: frozenset[str]) -> None:
        for key, open_since in list(self._stuck.items()):
            if key in closed:
                self._stuck[key] = None
            elif open_since is None:
                self._stuck[key] = now
            elif now - open_since >= OPEN_SPAN:
                del self._stuck[key]

    def _all_open(self, now: float) -> list[KeyEvent]:
        self._closed_since = None
        if self._open_since is None:
            self._open_since = now
        if self._phase is _Phase.OPEN or now - self._open_since < OPEN_SPAN:
            return []
        events: list[KeyEvent] = [KeyUp(self._key)] if self._phase is _Phase.DOWN else []
        self._phase, self._key = _Phase.OPEN, ""
        return events

    def _one_closed(self, now: float, key: str) -> list[KeyEvent]:
        if self._phase is _Phase.OPEN:
            self._phase, self._key = _Phase.CLOSING, key
        if self._phase is not _Phase.CLOSING:
            return []
        if self._closed_since is None:
            self._closed_since = now
        if now - self._closed_since < CLOSED_SPAN:
            return []
        self._phase = _Phase.DOWN
        return [KeyDown(key)]

    def _refuse(self, live: frozenset[str]) -> list[KeyEvent]:
        if self._phase is _Phase.REFUSED:
            return []
        events: list[KeyEvent] = [KeyUp(self._key)] if self._phase is _Phase.DOWN else []
        self._phase, self._key = _Phase.REFUSED, ""
        self._closed_since = None
        return [*events, KeysRefused(live)]


def _span(since: float | None, now: float) -> float:
    return 0.0 if since is None else now - since
