"""The booth as an application: one page, its stream, its calls, its files."""

from __future__ import annotations

from pathlib import Path

import structlog
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from ..portal import help as help_pages
from ..web.body import BodyLimit
from ..web.headers import SecurityHeaders
from ..web.problems import of_status
from . import pages
from .show import Show

_log = structlog.get_logger()
_BODY_BYTES, _BODY_SECONDS = 1_024, 10
_STATIC = Path(__file__).parent / "static"
_PORTAL = Path(__file__).parents[1] / "portal" / "static"


def create_booth(show: Show) -> FastAPI:
    """Return the application of a show that is open."""
    app = FastAPI(
        title="Challng booth",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(SecurityHeaders, https=False),
            Middleware(BodyLimit, limit=_BODY_BYTES, seconds=_BODY_SECONDS),
        ],
    )
    app.include_router(pages.routes(show))
    app.mount("/booth", StaticFiles(directory=_STATIC), name="booth")
    app.mount("/help/pictures", help_pages.pictures(), name="pictures")
    app.mount("/static", StaticFiles(directory=_PORTAL), name="static")
    app.add_exception_handler(HTTPException, _bare)
    app.add_exception_handler(Exception, _failed)
    return app


def _failed(_request: Request, error: Exception) -> Response:
    _log.error("booth.failed", failure=type(error).__name__)
    return of_status(500)


def _bare(_request: Request, error: Exception) -> Response:
    return of_status(error.status_code if isinstance(error, HTTPException) else 500)
