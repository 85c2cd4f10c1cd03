"""The page of a new PIN after the support desk has ended the old one."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from ..errors import NotTaken
from ..login.access import Right
from ..login.proofs import Asked
from ..verifier import Verifier
from ..words import N_
from . import language
from .proving import Question, ask_page, take_answer
from .shell import Shell, Visit

_TITLE = N_("Choose a new PIN")
_TEXT = N_("Type the new PIN on the card, then this challenge. The card is in use again after it.")
_BUTTON = N_("Confirm")


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages `/devices/{device}/new-pin`."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    resets = verifier.pin_resets

    def shown(visit: Visit, status: int = 200, problem: str = "") -> Response:
        device = resets.card(visit.session, visit.part("device"))
        return visit.page("new_pin", status, device=device, problem=problem)

    def ask(visit: Visit) -> Response:
        pin, again = visit.fields.get("pin", ""), visit.fields.get("again", "")
        try:
            asked = resets.begin(visit.session, visit.part("device"), pin, again)
        except NotTaken as refusal:
            return shown(visit, 422, problem=language.said(refusal))
        return visit.go(f"/devices/{visit.part('device')}/new-pin/{asked.id}")

    def question(visit: Visit) -> Question:
        start = f"/devices/{visit.part('device')}/new-pin"
        return Question(_TITLE, _TEXT, _BUTTON, start)

    def show(visit: Visit) -> Callable[[], Asked]:
        return lambda: resets.show(visit.session, visit.part("device"), visit.part("proof"))

    def asked(visit: Visit) -> Response:
        return ask_page(visit, verifier.clock, question(visit), show(visit))

    def answer(visit: Visit) -> Response:
        return take_answer(
            visit,
            verifier.clock,
            question(visit),
            show(visit),
            lambda text: resets.answer(
                visit.session, visit.part("device"), visit.part("proof"), text
            ),
            lambda _device: "/",
        )

    path = "/devices/{device}/new-pin"
    shell.show(router, path, shown, right=Right.SECURITY)
    shell.take(router, path, ask, right=Right.SECURITY)
    shell.show(router, f"{path}/{{proof}}", asked, right=Right.SECURITY)
    shell.take(router, f"{path}/{{proof}}", answer, right=Right.SECURITY)
    return router
