"""Pages of a card's new PIN, changed or chosen anew: typed twice, then an answer given with it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..errors import NotTaken
from ..login.access import Right
from ..login.proofs import Asked
from ..verifier import Verifier
from ..web.problems import STATUS
from ..words import N_
from .proving import Question, ask_page, take_answer
from .shell import Shell, Visit

_TITLE = N_("Answer with the new PIN")
_TEXT = N_(
    "Type the new PIN on the card, and then this challenge. Until the answer is right, the old PIN "
    "stays in force."
)
_BUTTON = N_("Change the PIN")
_ANEW_TEXT = N_(
    "Type the new PIN on the card, and then this challenge. The card is in use again after it."
)
_ANEW_BUTTON = N_("Confirm")


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell, pages, start = Shell(verifier), _Pages(verifier), "/devices/{device}/pin"
    shell.show(router, start, pages.look, right=Right.SECURITY)
    shell.take(router, start, pages.begin, right=Right.SECURITY)
    shell.show(router, f"{start}/{{proof}}", pages.ask, right=Right.SECURITY)
    shell.take(router, f"{start}/{{proof}}", pages.answer, right=Right.SECURITY)
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def look(self, visit: Visit, refusal: NotTaken | None = None) -> Response:
        card = self._verifier.pin_change.card(visit.session, visit.part("device"))
        return visit.page(
            "pin",
            200 if refusal is None else STATUS[NotTaken][0],
            card=card,
            action=_start(visit),
            refusal=refusal,
            changed="changed" in visit.request.query_params,
        )

    def begin(self, visit: Visit) -> Response:
        pin, again = (visit.fields.get(name, "") for name in ("pin", "again"))
        try:
            asked = self._verifier.pin_change.begin(visit.session, visit.part("device"), pin, again)
        except NotTaken as refusal:
            return self.look(visit, refusal)
        return visit.go(f"{_start(visit)}/{asked.id}")

    def ask(self, visit: Visit) -> Response:
        return ask_page(
            visit, self._verifier.clock, self._question(visit), lambda: self._asked(visit)
        )

    def answer(self, visit: Visit) -> Response:
        return take_answer(
            visit,
            self._verifier.clock,
            self._question(visit),
            lambda: self._asked(visit),
            lambda text: self._verifier.pin_change.answer(
                visit.session, visit.part("device"), visit.part("proof"), text
            ),
            lambda _device: f"{_start(visit)}?changed",
        )

    def _asked(self, visit: Visit) -> Asked:
        return self._verifier.pin_change.show(
            visit.session, visit.part("device"), visit.part("proof")
        )

    def _question(self, visit: Visit) -> Question:
        card = self._verifier.pin_change.card(visit.session, visit.part("device"))
        text, button = (_ANEW_TEXT, _ANEW_BUTTON) if card.pin_reset else (_TEXT, _BUTTON)
        return Question(_TITLE, text, button, _start(visit))


def _start(visit: Visit) -> str:
    return f"/devices/{visit.part('device')}/pin"
