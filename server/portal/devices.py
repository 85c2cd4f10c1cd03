"""The list of a user's devices: `/devices`."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Match

from ..factors.kinds import DeviceKind
from ..lifecycle import overview
from ..lifecycle.devices import Device
from ..lifecycle.overview import Action, Line
from ..login.access import RIGHTS, Right
from ..verifier import Verifier
from ..words import N_
from . import language
from .shell import Shell, Visit

_WORDS = {
    Action.ACTIVATE: N_("Activate"),
    Action.PRINT: N_("Print again"),
    Action.REACTIVATE: N_("Reactivate"),
    Action.CHANGE_PIN: N_("Change the PIN"),
    Action.RETURN: N_("Return it"),
    Action.SHARING: N_("Sharing"),
}
_CODE_CARD_PAGES = {
    DeviceKind.CODE_CARD: "/code-card",
    DeviceKind.ONLINE_CODE_CARD: "/online-code-card",
}
_ADD = (
    ("/cards/request", N_("Request a card")),
    ("/code-card", N_("Get a code card")),
    ("/share", N_("I already have access to a device under a different user name")),
)


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
        add = [Link(path, text) for path, text in _ADD if exists(visit.request, path)]
        return visit.page("devices", devices=shown, add=add)

    Shell(verifier).show(router, "/devices", show, right=Right.DEVICES)
    return router


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
    return f"/devices/{device.id}/{'pin' if action is Action.CHANGE_PIN else action.value}"


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
