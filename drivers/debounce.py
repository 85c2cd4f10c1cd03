"""From samples of a keypad to presses: debounce and the one-key rule. Pure; time is given.

Two spans, both measured between samples that were really taken: a contact counts as closed once
it was seen closed throughout CLOSED_SPAN, and as open once it was seen open throughout OPEN_SPAN.
Whoever is told of movements between two samples says so (`stir`), and both spans begin anew.
To type twice in one press, chatter would have to show a full open span and a full closed span, or
the other way round, inside of its own duration; the two together are longer than the 20 ms of the
worst contacts, so it cannot, however irregular the samples are. And a press that is steady for
20 ms (closed for 25 ms, 5 ms of it chatter), followed by an opening of the same kind, holds both
spans with 9 ms to spare: a first sample and a last one less than 4.5 ms late each lose none.
"""

from __future__ import annotations

from enum import Enum

from drivers.events import KeyDown, KeyEvent, KeysRefused, KeysStuck, KeyUp

CLOSED_SPAN = 0.0105
OPEN_SPAN = 0.0105
_ROUNDING = 1e-6


class _Phase(Enum):
    POWER_ON = "collecting what is closed from the start"
    OPEN = "all open"
    CLOSING = "one key closed, not long enough yet"
    DOWN = "one key typed, not yet open again"
    REFUSED = "two or more seen; waiting until all are open"


class Debounce:
    """Turns samples `(now, closed keys)` into key events: one key from all-open to all-open.

    Keys that are closed during the first CLOSED_SPAN are stuck: reported once, and as if they were
    open until they have opened; beside two that still are closed nothing is typed, because a column
    that was low at power-on and is low again would read as its last key. One key may follow another
    only after all were open; a second closed key, or another one without an opening between,
    refuses the whole stroke.
    """

    def __init__(self) -> None:
        self._phase = _Phase.POWER_ON
        self._stuck: dict[str, float | None] = {}  # each with the start of its open span
        self._key = ""
        self._closed_since: float | None = None
        self._open_since: float | None = None
        self._started: float | None = None
        self._last: frozenset[str] = frozenset()

    @property
    def closed(self) -> frozenset[str]:
        """The keys that read closed in the last sample, stuck ones included."""
        return self._last

    @property
    def stuck(self) -> frozenset[str]:
        """The keys that were closed at power-on and have not opened since."""
        return frozenset(self._stuck)

    def settles(self) -> float | None:
        """Return when a sample says something new although no contact moves; None: never."""
        ends = [since + OPEN_SPAN for since in self._stuck.values() if since is not None]
        if self._phase is _Phase.POWER_ON:
            ends.append((self._started or 0.0) + CLOSED_SPAN)
        elif self._open_since is not None and self._phase is not _Phase.OPEN:
            ends.append(self._open_since + OPEN_SPAN)
        elif self._closed_since is not None and self._phase is _Phase.CLOSING:
            ends.append(self._closed_since + CLOSED_SPAN)
        return min(ends) + _ROUNDING if ends else None

    def stir(self) -> None:
        """Take note that a contact moved since the last sample, whatever the next one shows."""
        self._open_since = self._closed_since = None
        self._stuck = dict.fromkeys(self._stuck)

    def sample(self, now: float, closed: frozenset[str]) -> list[KeyEvent]:
        """Take one sample of the closed keys at time `now` (seconds); return what it settles."""
        self._last = closed
        if self._phase is _Phase.POWER_ON:
            return self._power_on(now, closed)
        self._unstick(now, closed)
        live = closed - self._stuck.keys()
        if not live:
            return self._all_open(now)
        self._open_since = None
        if len(live) > 1 or len(closed - live) > 1 or (self._key and live != {self._key}):
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
