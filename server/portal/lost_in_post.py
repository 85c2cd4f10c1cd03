"""The page on which a card that never arrived is reported."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..login.access import Right
from ..verifier import Verifier
from .shell import Shell, Visit


def routes(verifier: Verifier) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False)
    shell, place = Shell(verifier), "/devices/{device}/lost"

    def look(visit: Visit) -> Response:
        device = verifier.lost_in_post.look(visit.session, visit.part("device"))
        return visit.page("lost_in_post", device=device)

    def report(visit: Visit) -> Response:
        verifier.lost_in_post.report(visit.session, visit.part("device"))
        return visit.go("/devices")

    shell.show(router, place, look, right=Right.LOST_CARDS)
    shell.take(router, place, report, right=Right.LOST_CARDS)
    return router
