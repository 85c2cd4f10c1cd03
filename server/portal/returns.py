"""Pages of sending a card back: where to, the form to print, and how it goes on."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..errors import NotTaken
from ..factors.kinds import DeviceKind
from ..lifecycle.returns import WORDS
from ..login.access import Right
from ..verifier import Verifier
from ..web.problems import STATUS
from .return_form import return_form
from .shell import Shell, Visit


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell, place = Shell(verifier), "/devices/{device}/return"
    returns = verifier.returns

    def look(visit: Visit, refusal: NotTaken | None = None) -> Response:
        device, announced = returns.look(visit.session, visit.part("device"))
        soonest, latest = returns.shows_between()
        return visit.page(
            "return",
            200 if refusal is None else STATUS[NotTaken][0],
            device=device,
            is_due=returns.is_due(device),
            is_code_card=device.kind is DeviceKind.CODE_CARD,
            mobile_key=DeviceKind.MOBILE_KEY in verifier.factors,
            announced=announced,
            regions=verifier.settings.return_regions,
            chosen=visit.fields.get("region")
            or (announced.region if announced else returns.nearest(visit.session)),
            why=visit.fields.get("why") or (announced.why if announced else ""),
            words=WORDS,
            soonest=soonest,
            latest=latest,
            business_days=verifier.settings.return_business_days,
            action=_place(visit),
            refusal=refusal,
        )

    def announce(visit: Visit) -> Response:
        region, why = (visit.fields.get(name, "") for name in ("region", "why"))
        try:
            returns.announce(visit.session, visit.part("device"), region, why)
        except NotTaken as refusal:
            return look(visit, refusal)
        return visit.go(_place(visit))

    def form(visit: Visit) -> Response:
        return return_form(verifier, visit.session, visit.part("device"))

    def cancel(visit: Visit) -> Response:
        returns.cancel(visit.session, visit.part("device"))
        return visit.go(_place(visit))

    shell.show(router, place, look, right=Right.DEVICES)
    shell.take(router, place, announce, right=Right.DEVICES)
    shell.show(router, f"{place}/form.pdf", form, right=Right.DEVICES)
    shell.take(router, f"{place}/cancel", cancel, right=Right.DEVICES)
    return router


def _place(visit: Visit) -> str:
    return f"/devices/{visit.part('device')}/return"
