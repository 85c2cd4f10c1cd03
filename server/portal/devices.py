"""The list of a user's devices: `/devices`."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Match

from .. import language
from ..errors import NotAllowed, Refusal
from ..factors.kinds import DeviceKind
from ..lifecycle import overview
from ..lifecycle.devices import Device
from ..lifecycle.overview import Action, Line
from ..login.access import RIGHTS, Right
from ..login.sessions import Session
from ..verifier import Verifier
from ..words import N_
from .shell import Shell, Visit

_WORDS = {
    Action.ACTIVATE: N_("Activate"),
    Action.PRINT: N_("Print again"),
    Action.REACTIVATE: N_("Reactivate"),
    Action.NEW_PIN: N_("Choose a new PIN"),
    Action.CHANGE_PIN: N_("Change the PIN"),
    Action.RETURN: N_("Return it"),
    Action.LOST: N_("It never arrived"),
    Action.SHARING: N_("Sharing"),
    Action.DEACTIVATE: N_("Deactivate"),
}
_CODE_CARD_PAGES = {
    DeviceKind.CODE_CARD: "/code-card",
    DeviceKind.ONLINE_CODE_CARD: "/online-code-card",
    DeviceKind.SMS_CODE: "/sms-code",
}
_PIN = {Action.NEW_PIN, Action.CHANGE_PIN}
_REQUEST, _CODE_CARD = N_("Request a card"), N_("Get a code card")
_HAVE_ACCESS = N_("I already have access to a device under a different user name")
_SHARE = N_("Share a device")
_MOBILE_KEY = N_("Use your phone as a mobile key")
_SMS = N_("Get codes by SMS until you have a device")


@dataclass(frozen=True)
class Link:
    """A way on."""

    path: str
    words: str


@dataclass(frozen=True)
class Shown:
    """A device as the list shows it."""

    device: Device
    words: str
    links: list[Link]


def routes(verifier: Verifier) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False)

    def show(visit: Visit) -> Response:
        rights = RIGHTS[visit.session.access]
        now = verifier.clock.now()
        with verifier.database.reading() as connection:
            lines = overview.lines(connection, visit.session.user_id, rights, now)
        shown = [Shown(line.device, words(line), _links(visit.request, line)) for line in lines]
        add = _ways_to_another(verifier, visit, [line.device for line in lines])
        return visit.page("devices", devices=shown, add=add)

    Shell(verifier).show(router, "/devices", show, right=Right.DEVICES)
    return router


def can_request(verifier: Verifier, session: Session) -> bool:
    """Tell whether a user may ask for a card now, or has begun to."""
    try:
        choices = verifier.requests.choices(session)
    except NotAllowed:  # no account to hold a deposit on
        return False
    return bool(choices.reasons) or choices.order is not None


def _ways_to_another(verifier: Verifier, visit: Visit, own: list[Device]) -> list[Link]:
    found = [Link("/cards/request", _REQUEST)] if can_request(verifier, visit.session) else []
    found.append(Link("/mobile-key", _MOBILE_KEY))
    found.append(Link("/code-card", _CODE_CARD))
    if not own and _can_get_sms(verifier, visit.session):
        found.append(Link("/sms-code", _SMS))
    if not any(device.kind.temporary for device in own):  # nothing is shared meanwhile
        found.append(Link("/share", _SHARE if own else _HAVE_ACCESS))
    return [each for each in found if exists(visit.request, each.path)]


def _can_get_sms(verifier: Verifier, session: Session) -> bool:
    try:
        verifier.sms_codes.check(session)
    except Refusal:
        return False
    return True


def words(line: Line) -> str:
    """Return how a device stands, in the current language."""
    values = {name: language.moment(at) for name, at in line.moments} | dict(line.texts)
    text = language.gettext(line.words)
    return text % values if values else text


def page_of(device: Device, action: Action) -> str:
    """Return where an action is done."""
    if action is Action.SHARING:
        return "/share"
    if device.kind in _CODE_CARD_PAGES and action is not Action.REACTIVATE:
        return _CODE_CARD_PAGES[device.kind]
    return f"/devices/{device.id}/{'pin' if action in _PIN else action.value}"


def exists(request: Request, path: str) -> bool:
    """Tell whether this verifier has a page there: what it does not serve is not offered."""
    scope = {"type": "http", "path": path, "method": "GET", "root_path": ""}
    return any(
        route.matches(scope)[0] is Match.FULL and getattr(route, "name", "") != "static"
        for route in request.app.router.routes
    )


def _links(request: Request, line: Line) -> list[Link]:
    found = [Link(page_of(line.device, each), _WORDS[each]) for each in line.actions]
    return [each for each in found if exists(request, each.path)]
