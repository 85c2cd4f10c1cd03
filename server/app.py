"""The ASGI application: API, pages, and what every request meets, around one verifier."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from . import language
from .api.routes import CALLS
from .errors import Refusal
from .language import Language
from .portal import help as help_pages
from .portal.render import bare
from .portal.routes import PAGES
from .portal.switch import Switch
from .validate import calls as validate
from .verifier import Verifier
from .web.again import Again
from .web.body import BodyLimit
from .web.headers import SecurityHeaders
from .web.observe import Observe
from .web.problems import of_refusal, of_status, problem
from .web.route import PlainRoute
from .web.straight import Answers, Straight

_NOT_JSON = "The body must be a JSON object, sent as application/json. Correct it."
_PHONES = "/api/v1/mobile/"
_NO_TELEMETRY: Any = {"tracing": False, "metrics": False, "logs": False}
_STATIC = Path(__file__).parent / "portal" / "static"


def create_app(verifier: Verifier) -> FastAPI:
    """Return the application; the verifier is closed when it shuts down."""
    settings = verifier.settings
    routers = [routes(verifier) for routes in (*CALLS, validate.routes, *PAGES)]
    plain = [
        route for router in routers for route in router.routes if isinstance(route, PlainRoute)
    ]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        verifier.close()

    app = _Application(
        title="Challng verifier",
        lifespan=lifespan,
        docs_url="/api/docs" if settings.api_docs else None,
        redoc_url=None,
        openapi_url="/api/openapi.json" if settings.api_docs else None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        middleware=[
            Middleware(SecurityHeaders, https=settings.https),
            Middleware(Language),
            Middleware(Switch, verifier=verifier),
            Middleware(Observe, failed=_failed, log_requests=settings.log_requests),
            Middleware(BodyLimit, limit=settings.body_bytes, seconds=settings.request_seconds),
            Middleware(Again, down=_down),
            Middleware(Straight, routes=plain, answers=_ANSWERS),
        ],
    )
    for router in routers:
        app.include_router(router)
    app.mount("/help/pictures", help_pages.pictures(), name="pictures")
    app.mount("/static", StaticFiles(directory=_STATIC), name="static")
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)
    return app


class _Application(FastAPI):
    """FastAPI, with our middleware around its own: what is answered straight meets ours alone."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return what serves every request.

        Its outermost layer answers what nothing else has caught; here `web.observe` does.
        """
        ours, self.user_middleware = self.user_middleware, []
        outermost = super().build_middleware_stack()
        self.user_middleware = ours
        assert isinstance(outermost, ServerErrorMiddleware)  # noqa: S101 - as Starlette has it
        served = outermost.app
        for each in reversed(ours):
            served = each.cls(served, *each.args, **each.kwargs)
        return served


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)  # noqa: S101 - registered for it alone
    if request.url.path.startswith(_PHONES):  # its person reads it, in the app's language
        return of_refusal(error, said=language.said(error))
    return of_refusal(error)


def _malformed(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    return problem(422, "malformed", "Malformed request", _sentence(error.errors()))


def _bare(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    if _is_for_a_person(request):
        return bare(error.status_code)
    if error.status_code == 400:  # a body that is not even text, or nested beyond sense
        return problem(422, "malformed", "Malformed request", _NOT_JSON)
    return of_status(error.status_code, error.headers)


_ANSWERS: Answers = {
    Refusal: _refused,
    RequestValidationError: _malformed,
    HTTPException: _bare,
}
"""What the outside is told of each kind of exception."""


def _failed(scope: Scope) -> Response:
    return bare(500) if _is_for_a_person(Request(scope)) else of_status(500)


def _down(scope: Scope) -> Response:
    return bare(503) if _is_for_a_person(Request(scope)) else of_status(503)


def _is_for_a_person(request: Request) -> bool:
    accepts = request.headers.get("accept", "")
    return "text/html" in accepts and not request.url.path.startswith("/api/")


def _sentence(errors: Sequence[Any]) -> str:
    """Say what is wrong with a body, without repeating any of it."""
    first = errors[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    kind = first["type"]
    if kind.startswith("json") or not field or field.isdigit():
        return _NOT_JSON
    if kind == "missing":
        return f"The field {field!r} is missing. Add it."
    if kind == "string_type":
        return f"The field {field!r} must be a string. Correct it."
    if kind == "extra_forbidden":
        return "The body has a field that is not known here. Remove it."
    if kind.startswith(("int", "greater_than", "less_than")):
        return f"The field {field!r} must be a whole number that can be one. Correct it."
    if kind in {"string_too_short", "string_too_long"}:
        return f"The field {field!r} is too {kind.rsplit('_', 1)[1]}. Correct it."
    return f"The field {field!r} has characters that cannot be in it. Correct it."
