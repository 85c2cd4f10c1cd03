"""The desk's page of deposits: what is held for cards that are over, and how each is settled."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..accounts.roles import Duty
from ..errors import IllegalMove, NotTaken
from ..lifecycle.deposits import CENTS
from ..support.settling import WORDS
from ..verifier import Verifier
from ..web.problems import STATUS
from .shell import Shell, Visit

PLACE = "/desk/returns/deposits"


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell, settling = Shell(verifier), verifier.desk.settling

    def look(
        visit: Visit, refusal: NotTaken | IllegalMove | None = None, device: str = ""
    ) -> Response:
        serial = visit.fields.get("serial") or visit.request.query_params.get("serial", "")
        problem: NotTaken | None = None
        try:
            holds = settling.waiting(visit.session, serial)
        except NotTaken as wrong:
            holds, problem = [], wrong
        told = refusal or problem
        return visit.page(
            "desk_deposits",
            200 if told is None else STATUS[type(told)][0],
            holds=holds,
            words=WORDS,
            usd=lambda cents: f"{cents / CENTS:.2f} USD",
            serial=serial,
            problem=problem,
            refusal=refusal,
            field=refusal.field if isinstance(refusal, NotTaken) else None,
            device=device,
            typed=visit.fields,
            settled="settled" in visit.request.query_params,
        )

    def settle(visit: Visit) -> Response:
        device, fields = visit.part("device"), visit.fields
        try:
            settling.settle(
                visit.session, device, fields.get("cause", ""), fields.get("reason", "")
            )
        except (NotTaken, IllegalMove) as refusal:
            return look(visit, refusal, device)
        return visit.go(f"{PLACE}?settled")

    shell.show(router, PLACE, look, duty=Duty.RECEIVE_RETURNS)
    shell.take(router, f"{PLACE}/{{device}}", settle, duty=Duty.RECEIVE_RETURNS)
    return router
