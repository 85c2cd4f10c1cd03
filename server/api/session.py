"""What an application asks about a session."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..clock import written
from ..errors import SessionUnknown
from ..verifier import Verifier


def routes(verifier: Verifier) -> APIRouter:
    """Return the call `/api/v1/session`."""
    router = APIRouter(prefix="/api/v1/session", tags=["session"])

    @router.get("", summary="Who is logged in, and what the session may do")
    def session(request: Request) -> Response:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise SessionUnknown("Give the session as `Authorization: Bearer SESSION`.")
        found = verifier.sessions.find(token.strip(), verifier.clock.now())
        return JSONResponse(
            {
                "user": found.user,
                "access": found.access,
                "device_kind": found.device_kind,
                "limits": found.limits.model_dump(),
                "since": written(found.since),
                "until": written(found.until),
            }
        )

    return router
