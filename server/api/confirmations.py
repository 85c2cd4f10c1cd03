"""Having an action confirmed: calls for applications with the right `confirm`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from ..applications.applications import Application, May
from ..audit.events import Event
from ..clock import written
from ..confirmations.action import Action, Line, b64url, is_readable
from ..confirmations.rows import Kept, State
from ..confirmations.service import Shown, Whose
from ..errors import NotAllowed
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.peer import address
from .bodies import AnswerBody, UserName

_NO_RIGHT = "This application may not have actions confirmed: its right `confirm` is missing."
_MOST_LINES = 12


def _readable(text: str) -> str:
    if not is_readable(text) or not text.strip():
        raise ValueError("has characters that do not show")
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")


class LineBody(_Strict):
    """One fact of an action."""

    label: Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=40), AfterValidator(_readable)
    ]
    value: Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=140), AfterValidator(_readable)
    ]


class ActionBody(_Strict):
    """What is to be done, as its user will read it."""

    title: Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=80), AfterValidator(_readable)
    ]
    lines: Annotated[list[LineBody], Field(min_length=1, max_length=_MOST_LINES)]


class ConfirmationBody(_Strict):
    """Whose action it is, and which."""

    user: UserName
    action: ActionBody


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/confirmations`."""
    router = APIRouter(prefix="/api/v1/confirmations", tags=["confirmations"])
    confirmations = verifier.confirmations
    who = Depends(_application(verifier))

    @router.post("", summary="Have an action confirmed")
    def ask(body: ConfirmationBody, by: Application = who) -> Response:
        lines = tuple(Line(each.label, each.value) for each in body.action.lines)
        shown = confirmations.ask(by, body.user, Action(body.action.title, lines))
        return JSONResponse(_asked(verifier, shown), 201)

    @router.get("/keys", summary="The keys that receipts are checked with")
    def keys() -> Response:
        return JSONResponse(verifier.confirmations.receipts.public())

    @router.get("/{confirmation}", summary="Where a confirmation stands, and its receipt")
    def state(confirmation: str, by: Application = who) -> Response:
        return JSONResponse(_told(confirmations.show(_whose(by), confirmation).kept))

    @router.post("/{confirmation}/answer", summary="Hand on what the user has typed")
    def answer(confirmation: str, body: AnswerBody, by: Application = who) -> Response:
        return JSONResponse(_told(confirmations.answer(_whose(by), confirmation, body.answer)))

    return router


def _application(verifier: Verifier) -> Callable[..., Awaitable[Application]]:
    proxies = verifier.settings.trusted_proxies

    async def caller(request: Request, authorization: str = Header("")) -> Application:
        # Asked before the body is looked at: a stranger learns nothing of its shape.
        found = await verifier.applications.check(authorization, address(request, proxies))
        if May.CONFIRM not in found.may:
            with verifier.database.writing() as connection:
                verifier.audit.write(
                    connection,
                    verifier.clock.now(),
                    Event.NOT_ALLOWED,
                    found.actor,
                    what=May.CONFIRM.value,
                )
            raise NotAllowed(_NO_RIGHT)
        return found

    return caller


def _whose(by: Application) -> Whose:
    return Whose(by.actor, application_id=by.id)


def _asked(verifier: Verifier, shown: Shown) -> dict[str, object]:
    kept = shown.kept
    return {
        "id": kept.id,
        "state": kept.state,
        "page": f"{verifier.settings.public_url or ''}/confirmations/{kept.id}",
        "challenge": kept.prompt["challenge"],
        "device_kind": kept.device_kind,
        "device": kept.device_serial,
        "user": kept.user,
        "verifier": verifier.confirmations.verifier,
        "application": kept.application,
        "nonce": b64url(kept.nonce),
        "action_sha256": b64url(kept.digest),
        "expires": written(kept.expires_at),
    }


def _told(kept: Kept) -> dict[str, object]:
    confirmed = kept.state is State.CONFIRMED
    return {
        "id": kept.id,
        "state": kept.state,
        "user": kept.user,
        "action_sha256": b64url(kept.digest),
        "expires": written(kept.expires_at),
        "decided": written(kept.decided_at) if kept.decided_at else None,
        "device_kind": kept.device_kind if confirmed else None,
        "receipt": kept.receipt,
    }
