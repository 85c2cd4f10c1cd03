"""One log line and one measurement for each request, by route: ids and queries stay out."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .. import metrics

_UNKNOWN = "(none)"
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Observe:
    """Measures and logs; a failure inside becomes a 500 with a sentence, its trace in the log."""

    def __init__(
        self, app: ASGIApp, failed: Callable[[Scope], Response], log_requests: bool
    ) -> None:
        self._app = app
        self._failed = failed
        self._log_requests = log_requests
        self._log = structlog.get_logger().bind()  # made now, and not anew for each line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as failure:
            # Where it happened, and nothing of what was being handled: no locals, no message.
            self._log.error("request.failed", route=_route(scope), trace=_places(failure))
            if not status:
                await self._failed(scope)(scope, receive, noting)
        seconds = time.perf_counter() - began
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = _route(scope)
        metrics.request(method, route, status).observe(seconds)
        if self._log_requests:
            self._log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 2),
            )


def _route(scope: Scope) -> str:
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else _UNKNOWN


def _places(failure: BaseException) -> list[str]:
    places = [type(failure).__name__]
    step = failure.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        places.append(f"{code.co_filename}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return places
