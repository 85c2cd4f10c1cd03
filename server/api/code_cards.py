"""Code cards over the API, as their pages do it: make, print, ask, activate."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from ..clock import written
from ..factors.kinds import DeviceKind
from ..lifecycle.code_cards import CodeCards
from ..lifecycle.devices import Device
from ..login.sessions import Session
from ..paper.code_card import Size
from ..portal.code_card_paper import response as paper
from ..verifier import Verifier
from ..web.json import JSONResponse
from .bodies import AnswerBody
from .caller import caller

_PATHS = {
    DeviceKind.CODE_CARD: "/api/v1/code-card",
    DeviceKind.ONLINE_CODE_CARD: "/api/v1/online-code-card",
}


class MakeBody(BaseModel):
    """`instead_of`: the card whose print is lost or in other hands; it ends."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    instead_of: Annotated[int | None, Field(strict=True, ge=1, lt=2**62)] = None


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls of both kinds."""
    router = APIRouter(tags=["code cards"])
    for kind, cards in verifier.code_cards.items():
        router.include_router(_of(verifier, cards, _PATHS[kind]))
    return router


def _of(verifier: Verifier, cards: CodeCards, prefix: str) -> APIRouter:
    router = APIRouter(prefix=prefix)
    who = Depends(caller(verifier, cards.right))

    @router.get("", summary="The card that is active, and the one that waits to be activated")
    def show(session: Session = who) -> Response:
        found = cards.show(session)
        return JSONResponse(
            {
                "active": None if found.active is None else _card(found.active),
                "waiting": None if found.waiting is None else _card(found.waiting),
            }
        )

    @router.post("", summary="Make a card; the one that waits already is given again")
    def make(body: MakeBody, session: Session = who) -> Response:
        return JSONResponse(_card(cards.make(session, body.instead_of)))

    @router.get("/{device}/{size}.pdf", summary="Print it")
    def print_it(device: str, size: Size, session: Session = who) -> Response:
        return paper(cards.values(session, device), size)

    @router.post("/activation", summary="Ask for two values of the card that waits")
    def ask(session: Session = who) -> Response:
        asked = cards.ask(session)
        return JSONResponse(
            {
                "proof": asked.id,
                "serial": asked.serial,
                "prompt": dict(asked.prompt),
                "expires": written(asked.expires_at),
            }
        )

    @router.post("/activation/{proof}/answer", summary="Activate it by two values")
    def activate(proof: str, body: AnswerBody, session: Session = who) -> Response:
        return JSONResponse(_card(cards.activate(session, proof, body.answer)))

    if cards.kind is DeviceKind.ONLINE_CODE_CARD:

        @router.post("/end", summary="End the temporary devices, from a permanent one")
        def end(session: Session = who) -> Response:
            return JSONResponse({"ended": cards.end_temporary(session)})

    return router


def _card(device: Device) -> dict[str, object]:
    return {
        "id": device.id,
        "kind": device.kind,
        "serial": device.serial,
        "state": device.state,
        "valid_until": None if device.valid_until is None else written(device.valid_until),
    }
