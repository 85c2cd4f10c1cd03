"""The desk's page of applications: the clients of the OpenID Connect provider."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from .. import language
from ..accounts.roles import Duty
from ..errors import NotTaken
from ..login.access import Access
from ..openid.client import SCOPES, Client
from ..support.staff import check_reason
from ..verifier import Verifier
from ..words import N_
from .shell import Shell, Visit

PLACE = "/desk/applications"
_DUTY = Duty.MANAGE_APPLICATIONS
_FIELDS = (
    *("id", "name", "redirect_uris", "logout_uris", "groups"),
    *("public", "first_party", "restricted", "reason"),
)
_ENDED = N_("The application is ended, and everything that it was given.")


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)

    def look(
        visit: Visit, status: int = 200, refusal: NotTaken | None = None, ending: str = ""
    ) -> Response:
        in_use = [client for client in verifier.openid.clients.all_of_them() if not client.ended]
        ended = "ended" in visit.request.query_params
        return visit.page(
            "desk_openid",
            status,
            clients=in_use,
            issuer=verifier.settings.public_url,
            refusal=refusal,
            ending=ending,
            typed={name: visit.fields.get(name, "") for name in _FIELDS},
            done=language.gettext(_ENDED) if ended else "",
        )

    def add(visit: Visit) -> Response:
        client = _typed(visit)
        try:
            secret = verifier.openid.clients.add(
                client, _actor(visit), public=_ticked(visit, "public")
            )
        except NotTaken as refusal:
            return look(visit, 422, refusal)
        return _added(visit, client.client_id, secret)

    def renew(visit: Visit) -> Response:
        client_id = visit.part("client")
        with verifier.database.writing() as connection:
            secret = verifier.openid.clients.renew_secret(connection, client_id, _actor(visit))
        return _added(visit, client_id, secret)

    def end(visit: Visit) -> Response:
        client_id = visit.part("client")
        try:
            reason = check_reason(visit.fields.get("reason", ""))
        except NotTaken as refusal:
            return look(visit, 422, refusal, client_id)
        verifier.openid.clients.end(client_id, _actor(visit), reason)
        return visit.go(f"{PLACE}?ended")

    shell.show(router, PLACE, look, duty=_DUTY)
    shell.take(router, PLACE, add, duty=_DUTY)
    shell.take(router, f"{PLACE}/{{client}}/secret", renew, duty=_DUTY)
    shell.take(router, f"{PLACE}/{{client}}/end", end, duty=_DUTY)
    return router


def _added(visit: Visit, client_id: str, secret: str | None) -> Response:
    return visit.page("desk_openid_secret", client=client_id, secret=secret, back=PLACE)


def _typed(visit: Visit) -> Client:
    fields = visit.fields
    client_id = fields.get("id", "").strip()
    levels = (Access.FULL, Access.RESTRICTED) if _ticked(visit, "restricted") else (Access.FULL,)
    return Client(
        client_id=client_id,
        name=fields.get("name", "").strip() or client_id,
        redirect_uris=tuple(fields.get("redirect_uris", "").split()),
        logout_uris=tuple(fields.get("logout_uris", "").split()),
        scopes=SCOPES,
        groups=tuple(fields.get("groups", "").split()),
        access=levels,
        first_party=_ticked(visit, "first_party"),
    )


def _ticked(visit: Visit, name: str) -> bool:
    return visit.fields.get(name) == "yes"


def _actor(visit: Visit) -> str:
    return f"user:{visit.session.user}"
