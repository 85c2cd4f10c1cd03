"""The first page of a signed-in person: who, with what access, until when; and logging out."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..login.access import RIGHTS, Access, Right
from ..verifier import Verifier
from ..words import N_
from .cookies import Cookies
from .shell import Shell, Visit

_ACCESS = {
    Access.FULL: N_("Everything"),
    Access.PORTAL_ONLY: N_("These pages only, until a device is set up for you"),
    Access.ONLINE_CODE_CARD_ONLY: N_("The online code card only: get it and print it"),
    Access.RESTRICTED: N_("Your account without a device, with its restrictions"),
    Access.READ_ONLY: N_("The documents of your closed account"),
}


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell, cookies = Shell(verifier), Cookies(verifier.settings.https)

    def home(visit: Visit) -> Response:
        waiting = (
            verifier.confirmations.waiting(visit.session.user_id)
            if Right.CONFIRM in RIGHTS[visit.session.access]
            else []
        )
        return visit.page("home", access=_ACCESS[visit.session.access], waiting=waiting)

    def log_out(visit: Visit) -> Response:
        verifier.logins.log_out(cookies.session(visit.request) or "")
        response = visit.go("/login?out")
        cookies.drop_session(response)
        return response

    def log_out_everywhere(visit: Visit) -> Response:
        verifier.logins.log_out_everywhere(visit.session)
        response = visit.go("/login?out")
        cookies.drop_session(response)
        return response

    shell.show(router, "/", home)
    shell.take(router, "/logout", log_out)
    shell.take(router, "/logout/everywhere", log_out_everywhere)
    return router
