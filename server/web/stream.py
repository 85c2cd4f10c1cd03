"""Server-sent events: what changes is looked up about once a second, and told when it has changed.

Nothing is held between two looks, no connection and no transaction. A stream ends by itself after
a while, and whoever listens opens it anew. There are few at a time for one key or login, and a
bounded number in one worker; they look on threads of their own, so that no login waits for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ..clock import Clock
from ..errors import Refusal, TooSoon
from ..threads import Threads
from ..words import N_

_LOOK_SECONDS = 1
_PING_LOOKS = 15
_LOOKS = 300
_MOST_FOR_ONE = 3
_MOST = 200
_THREADS = 4
_AGAIN_SECONDS = 30
_TOO_MANY = N_("Too many streams are open at once. Try again in %(seconds)s seconds.")
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Streams:
    """The streams of one kind that are open in this worker: for one key or login, and in all."""

    def __init__(self, clock: Clock, most_for_one: int = _MOST_FOR_ONE, most: int = _MOST) -> None:
        self._clock = clock
        self._most_for_one = most_for_one
        self._most = most
        self._open: Counter[str] = Counter()
        self._threads = Threads(_THREADS)

    def stream(
        self, whose: str, name: str, look: Callable[[], str], last: Callable[[str], bool]
    ) -> Response:
        """Return the stream of events `name`: what `look` returns, at once and at each change.

        It ends after what `last` says is the last; where `look` refuses; and after five minutes.
        Where as many as may be are open it is refused (TooSoon, 429).
        """
        return _Bounded(self, whose, self._events(name, look, last))

    def begin(self, whose: str) -> bool:
        """Count a stream that begins; False where there are as many as may be."""
        if self._open[whose] >= self._most_for_one or self._open.total() >= self._most:
            return False
        self._open[whose] += 1
        return True

    def end(self, whose: str) -> None:
        """Count a stream no more."""
        self._open[whose] -= 1
        if not self._open[whose]:
            del self._open[whose]

    async def _events(
        self, name: str, look: Callable[[], str], last: Callable[[str], bool]
    ) -> AsyncIterator[str]:
        told = None
        for number in range(_LOOKS):
            try:
                found = await self._threads.run(look)
            except Refusal:
                return
            if found != told:
                yield f"event: {name}\ndata: {found}\n\n"
                told = found
            elif number % _PING_LOOKS == 0:
                yield ": ping\n\n"
            if last(found):
                return
            await self._clock.sleep(_LOOK_SECONDS)


class _Bounded(StreamingResponse):
    """A stream that is counted from its first byte to its end, however it ends."""

    def __init__(self, streams: Streams, whose: str, events: AsyncIterator[str]) -> None:
        super().__init__(events, media_type="text/event-stream", headers=_HEADERS)
        self._streams = streams
        self._whose = whose

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it; raises TooSoon where there are too many."""
        if not self._streams.begin(self._whose):
            raise TooSoon(_TOO_MANY, _AGAIN_SECONDS)
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.end(self._whose)
