"""The pages of codes by SMS: turned on by typing the first of them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..errors import TooSoon
from ..login.access import Right
from ..mobile import numbers
from ..verifier import Verifier
from ..words import N_
from .proving import Question, ask_page, take_answer
from .shell import Shell, Visit

_QUESTION = Question(
    N_("Codes by SMS"),
    N_("Type the first code: it shows that the number on record reaches you."),
    N_("Turn it on"),
    "/sms-code",
)


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages under `/sms-code`; none where no SMS can be sent."""
    router = APIRouter(include_in_schema=False)
    if verifier.settings.sms_url is None:
        return router
    shell, codes, clock = Shell(verifier), verifier.sms_codes, verifier.clock

    def look(visit: Visit) -> Response:
        return visit.page("sms_code", number=numbers.shown(codes.check(visit.session)))

    def begin(visit: Visit) -> Response:
        return visit.go(f"/sms-code/{codes.begin(visit.session).id}")

    def ask(visit: Visit, refusal: TooSoon | None = None) -> Response:
        proof = visit.part("proof")
        return ask_page(visit, clock, _QUESTION, lambda: codes.show(visit.session, proof), refusal)

    def again(visit: Visit) -> Response:
        proof = visit.part("proof")
        try:
            codes.send_again(visit.session, proof)
        except TooSoon as refusal:
            return ask(visit, refusal)
        return visit.go(f"/sms-code/{proof}")

    def answer(visit: Visit) -> Response:
        proof = visit.part("proof")
        return take_answer(
            visit,
            clock,
            _QUESTION,
            lambda: codes.show(visit.session, proof),
            lambda text: codes.answer(visit.session, proof, text),
            lambda _device: "/devices",
        )

    shell.show(router, "/sms-code", look, right=Right.DEVICES)
    shell.take(router, "/sms-code", begin, right=Right.DEVICES)
    shell.show(router, "/sms-code/{proof}", ask, right=Right.DEVICES)
    shell.take(router, "/sms-code/{proof}", answer, right=Right.DEVICES)
    shell.take(router, "/sms-code/{proof}/again", again, right=Right.DEVICES)
    return router
