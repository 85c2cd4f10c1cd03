"""The calls of `PlainRoute` are reached straight, past what looks for a page among all others.

They stand among the application's routes too, which describe them, and which refuse what is asked
at their paths in another way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from starlette._utils import get_route_path
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .route import PlainRoute

Answers = Mapping[type[Exception], Callable[[Request, Exception], Response]]
"""What answers an exception, by its kind."""

_Serve = Callable[[Request], Awaitable[Response]]


class Straight:
    """Middleware, within all others: serves `routes`, and answers what they raise by `answers`."""

    def __init__(self, app: ASGIApp, routes: Iterable[PlainRoute], answers: Answers) -> None:
        self._app = app
        self._answers = answers
        self._routes = [(route, route.get_route_handler()) for route in routes]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        serve = self._find(scope) if scope["type"] == "http" else None
        if serve is None:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await serve(request)
        except tuple(self._answers) as error:
            response = self._answer(request, error)
        await response(scope, receive, send)

    def _find(self, scope: Scope) -> _Serve | None:
        path = get_route_path(scope)
        for route, serve in self._routes:
            found = route.path_regex.match(path)
            if found is not None and scope["method"] in (route.methods or ()):
                scope["route"] = route
                scope["path_params"] = found.groupdict()
                return serve
        return None

    def _answer(self, request: Request, error: Any) -> Response:  # noqa: ANN401
        answer = next(each for kind, each in self._answers.items() if isinstance(error, kind))
        return answer(request, error)
