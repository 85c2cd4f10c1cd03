"""The desk's page of returns: what is expected, and the record of what arrives."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..accounts.roles import Duty
from ..errors import NotTaken
from ..verifier import Verifier
from ..web.problems import STATUS
from .shell import Shell, Visit

PLACE = "/desk/returns"


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)

    def look(visit: Visit, refusal: NotTaken | None = None) -> Response:
        return visit.page(
            "desk_returns",
            200 if refusal is None else STATUS[NotTaken][0],
            expected=verifier.returns.expected(),
            regions=verifier.settings.return_regions,
            refusal=refusal,
            typed=visit.fields.get("serial", ""),
            received="received" in visit.request.query_params,
        )

    def receive(visit: Visit) -> Response:
        try:
            verifier.returns.receive(visit.session, visit.fields.get("serial", ""))
        except NotTaken as refusal:
            return look(visit, refusal)
        return visit.go(f"{PLACE}?received")

    shell.show(router, PLACE, look, duty=Duty.RECEIVE_RETURNS)
    shell.take(router, PLACE, receive, duty=Duty.RECEIVE_RETURNS)
    return router
