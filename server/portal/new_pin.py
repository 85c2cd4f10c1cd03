"""The page of a new PIN after the support desk has ended the old one."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..errors import AnswerMalformed, AnswerWrong, NotTaken
from ..login.access import Right
from ..login.proofs import Asked
from ..verifier import Verifier
from ..web.problems import STATUS
from . import language
from .proofs import problem_of
from .shell import Shell, Visit


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages `/devices/{device}/new-pin`."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    resets = verifier.pin_resets

    def shown(
        visit: Visit, status: int = 200, asked: Asked | None = None, problem: str = ""
    ) -> Response:
        device = resets.card(visit.session, visit.part("device"))
        return visit.page("new_pin", status, device=device, asked=asked, problem=problem)

    def ask(visit: Visit) -> Response:
        pin, again = visit.fields.get("pin", ""), visit.fields.get("again", "")
        try:
            asked = resets.begin(visit.session, visit.part("device"), pin, again)
        except NotTaken as refusal:
            return shown(visit, 422, problem=language.said(refusal))
        return visit.go(f"/devices/{visit.part('device')}/new-pin/{asked.id}")

    def asked(visit: Visit) -> Response:
        found = resets.show(visit.session, visit.part("device"), visit.part("proof"))
        return shown(visit, asked=found)

    def answer(visit: Visit) -> Response:
        device, proof = visit.part("device"), visit.part("proof")
        try:
            resets.answer(visit.session, device, proof, visit.fields.get("answer", ""))
        except (AnswerMalformed, AnswerWrong) as refusal:
            found = resets.show(visit.session, device, proof)
            return shown(visit, STATUS[type(refusal)][0], found, problem_of(refusal))
        return visit.go("/")

    path = "/devices/{device}/new-pin"
    shell.show(router, path, shown, right=Right.SECURITY)
    shell.take(router, path, ask, right=Right.SECURITY)
    shell.show(router, f"{path}/{{proof}}", asked, right=Right.SECURITY)
    shell.take(router, f"{path}/{{proof}}", answer, right=Right.SECURITY)
    return router
