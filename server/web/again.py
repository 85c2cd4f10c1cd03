"""A request whose transaction the database undid is answered anew; one that it cannot answer, 503.

What may be done again, and why, is `db.again`'s. Everything below this has read a request's body
from one message, and has sent nothing while it can still fail.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import metrics
from ..db.again import TRIES, is_outage, may_be_repeated, trying

RETRY_SECONDS = 1

_log = structlog.get_logger()


class Again:
    """Middleware, the innermost of all; `down` makes the answer for a database that is not there.

    Nobody is let in while the database is away: nothing is decided anywhere else.
    """

    def __init__(self, app: ASGIApp, down: Callable[[Scope], Response]) -> None:
        self._app = app
        self._down = down

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await receive()  # the whole of it: web.body sees to that
        asked = dict(scope)  # routing writes into it
        began = False

        async def noting(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        for left in reversed(range(TRIES)):
            given = False

            async def replay() -> Message:
                nonlocal given
                if given:
                    return await receive()
                given = True
                return body

            with trying() as this:
                try:
                    await self._app(scope, replay, noting)
                    return
                except SQLAlchemyError as error:
                    if began or not is_outage(error):
                        raise
                    repeat = left and not this.written and may_be_repeated(error)
                    _log.warning(
                        "database.again" if repeat else "database.away",
                        failure=type(error).__name__,
                        sqlstate=getattr(getattr(error, "orig", None), "sqlstate", None),
                    )
            if not repeat:
                break
            metrics.REPEATED.inc()
            scope.clear()
            scope.update(asked)
        metrics.DATABASE_AWAY.inc()
        response = self._down(scope)
        response.headers["Retry-After"] = str(RETRY_SECONDS)
        await response(scope, receive, send)
