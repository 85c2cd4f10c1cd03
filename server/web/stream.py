"""Server-sent events: what changes is looked up about once a second, and told when it has changed.

Nothing is held between two looks, no connection and no transaction. A stream ends by itself after
a while, and whoever listens opens it anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from anyio.to_thread import run_sync
from starlette.responses import StreamingResponse

from ..clock import Clock
from ..errors import Refusal

_LOOK_SECONDS = 1
_PING_LOOKS = 15
_LOOKS = 300


def stream(
    clock: Clock, name: str, look: Callable[[], str], last: Callable[[str], bool]
) -> StreamingResponse:
    """Return the stream of events `name`: what `look` returns, at once and at each change.

    It ends after what `last` says is the last; where `look` refuses; and after five minutes.
    """

    async def events() -> AsyncIterator[str]:
        told = None
        for number in range(_LOOKS):
            try:
                found = await run_sync(look)
            except Refusal:
                return
            if found != told:
                yield f"event: {name}\ndata: {found}\n\n"
                told = found
            elif number % _PING_LOOKS == 0:
                yield ": ping\n\n"
            if last(found):
                return
            await clock.sleep(_LOOK_SECONDS)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)
