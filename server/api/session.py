"""What an application asks about a session; the language of its user."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from ..accounts import locales
from ..clock import written
from ..errors import NotTaken, SessionUnknown
from ..language import LOCALES
from ..login.sessions import Session
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..words import N_
from .caller import caller

_NOT_SPOKEN = N_("Choose one of the languages that the pages are in.")


class LanguageBody(BaseModel):
    """One of the languages of the pages, such as "en" or "zh_Hant"."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")

    language: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=16)]


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls `/api/v1/session` and `/api/v1/session/language`."""
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

    who = Depends(caller(verifier))

    @router.get("/language", summary="The language of the session's user, and those there are")
    def language(by: Session = who) -> Response:
        return JSONResponse({"language": by.locale, "languages": list(LOCALES)})

    @router.put("/language", summary="Choose the language of pages and notices")
    def choose(body: LanguageBody, by: Session = who) -> Response:
        if body.language not in LOCALES:
            raise NotTaken(_NOT_SPOKEN, field="language")
        with verifier.database.writing() as connection:
            now = verifier.clock.now()
            locales.choose(connection, verifier.audit, now, by.user_id, body.language)
        return JSONResponse({"language": body.language, "languages": list(LOCALES)})

    return router
