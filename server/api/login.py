"""Logging in over the API: a few calls, as the pages do it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..clock import written
from ..factors.interface import shown
from ..login.offers import Offered
from ..login.sessions import Opened
from ..portal.prompts import ranked
from ..threads import aside
from ..verifier import Verifier
from ..web.agent import shortened
from ..web.json import JSONResponse
from ..web.peer import address
from ..web.route import PlainRoute
from .bodies import AnswerBody, FactorBody, LoginBody, NothingBody


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/login`."""
    router = APIRouter(prefix="/api/v1/login", tags=["login"], route_class=PlainRoute)
    proxies = verifier.settings.trusted_proxies

    @router.post("", summary="User name and password")
    async def begin(request: Request, body: LoginBody) -> Response:
        outcome = await verifier.passwords.begin(
            body.username,
            body.password,
            address(request, proxies),
            agent=shortened(request.headers.get("user-agent", "")),
        )
        return _offered(outcome) if isinstance(outcome, Offered) else _opened(outcome)

    @router.post("/{login}/factor", summary="Go on with another device")
    async def choose(login: str, body: FactorBody) -> Response:
        return _offered(await aside.run(verifier.logins.choose, login, body.factor))

    @router.post("/{login}/answer", summary="Answer the prompt")
    async def answer(login: str, body: AnswerBody) -> Response:
        return _opened(await verifier.direct.run(verifier.logins.answer, login, body.answer))

    @router.post("/{login}/approval", summary="Take the session that the phone has approved")
    async def approval(login: str, body: NothingBody) -> Response:
        opened = await aside.run(verifier.finishing.finish, login)
        return _still_open() if opened is None else _opened(opened)

    return router


def _offered(offered: Offered) -> Response:
    return JSONResponse(
        {
            "login": offered.login_id,
            "factor": offered.factor.id,
            "prompt": dict(shown(offered.prompt)),
            "factors": [{"id": each.id, "kind": each.kind} for each in ranked(offered.factors)],
            "expires": written(offered.expires_at),
        }
    )


def _still_open() -> Response:
    return JSONResponse({"state": "open"}, 202)


def _opened(opened: Opened) -> Response:
    return JSONResponse(
        {
            "session": opened.token,
            "access": opened.access,
            "device_kind": opened.device_kind,
            "limits": opened.limits.model_dump(),
        }
    )
