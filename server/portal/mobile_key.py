"""The mobile key in the portal: where its app is, and deactivating it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..accounts import people
from ..accounts.roles import Role
from ..factors.kinds import DeviceKind
from ..lifecycle import devices
from ..login.access import Right
from ..login.standing import standing
from ..mobile import numbers
from ..mobile.admission import in_use
from ..verifier import Verifier
from .shell import Shell, Visit

APP = "/mobile-key/"
"""Where the app is."""


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages; none without a public address."""
    router = APIRouter(include_in_schema=False)
    if verifier.settings.public_url is None:
        return router
    shell, place = Shell(verifier), "/devices/{device}/deactivate"
    app = f"{verifier.settings.public_url}{APP}"

    def look(visit: Visit) -> Response:
        user_id, now = visit.session.user_id, verifier.clock.now()
        with verifier.database.reading() as connection:
            key = in_use(connection, user_id, now)
            number = people.contact(connection, verifier.keyring, user_id).phone
            may_add = not standing(connection, user_id, now).had_device
        shown = numbers.shown(number) if number else ""
        by_card = visit.session.role is not Role.CUSTOMER
        return visit.page(
            "mobile_key_install",
            app=app,
            key=key,
            number=shown,
            may_add=may_add,
            by_card=by_card,
        )

    def confirm(visit: Visit) -> Response:
        device = verifier.mobile_keys.show(visit.session, visit.part("device"))
        with verifier.database.reading() as connection:
            now = verifier.clock.now()
            own = devices.own(connection, visit.session.user_id, now)
            shared = devices.shared_with(connection, visit.session.user_id, now)
        others = [each for each in [*own, *shared] if each.kind is not DeviceKind.MOBILE_KEY]
        return visit.page("deactivate", device=device, only=not others)

    def deactivate(visit: Visit) -> Response:
        verifier.mobile_keys.deactivate(visit.session, visit.part("device"))
        return visit.go("/devices")

    shell.show(router, "/mobile-key", look, right=Right.DEVICES)
    shell.show(router, place, confirm, right=Right.DEVICES)
    shell.take(router, place, deactivate, right=Right.DEVICES)
    return router
