"""The page of the user settings: opting out of the device, and back in."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from .. import language
from ..factors.kinds import DeviceKind
from ..login.access import Right
from ..login.ledger import Purpose
from ..login.proofs import Asked
from ..verifier import Verifier
from ..words import N_
from .proving import Question, ask_page, take_answer
from .shell import Shell, Visit

_DONE = {
    "in": N_("You use your Secure Login device at each login from now on."),
    "out": N_("Your device is not asked for any more. The restrictions apply from now on."),
}
_TICK = N_("Tick the box to go on.")
_WAYS = {
    Purpose.OPT_OUT: ("opt-out", "out", "understood", Right.SECURITY),
    Purpose.OPT_IN: ("opt-in", "in", "always", Right.OPT_IN),
}
_QUESTIONS = {
    Purpose.OPT_OUT: Question(
        N_("Log in without the device"),
        N_("Your device answers once more, and is not asked for at a login from then on."),
        N_("Confirm"),
        "/settings",
        "/settings",
    ),
    Purpose.OPT_IN: Question(
        N_("Use the device when logging in"),
        N_("Your device answers now, and at each login from then on."),
        N_("Confirm"),
        "/settings",
        "/settings",
    ),
}


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages under `/settings`."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    pages = _Pages(verifier)
    shell.show(router, "/settings", pages.settings)
    for purpose, (place, _, _, right) in _WAYS.items():
        path = f"/settings/{place}"
        shell.take(router, path, pages.begin(purpose), right=right)
        shell.show(router, f"{path}/{{proof}}", pages.asked(purpose), right=right)
        shell.take(router, f"{path}/{{proof}}", pages.answer(purpose), right=right)
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._opting = verifier.opting

    def settings(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        said = _DONE.get(visit.request.query_params.get("done", ""))
        return visit.page(
            "settings",
            status,
            opted=self._opting.standing(visit.session),
            limits=self._verifier.settings.limits[DeviceKind.NONE],
            said=language.gettext(said) if said else "",
            problem=problem,
        )

    def begin(self, purpose: Purpose) -> Callable[[Visit], Response]:
        place, _, tick, _ = _WAYS[purpose]

        def begin(visit: Visit) -> Response:
            if visit.fields.get(tick) != "yes":
                return self.settings(visit, 422, language.gettext(_TICK))
            asked = self._opting.begin(visit.session, purpose)
            return visit.go(f"/settings/{place}/{asked.id}")

        return begin

    def asked(self, purpose: Purpose) -> Callable[[Visit], Response]:
        def asked(visit: Visit) -> Response:
            return ask_page(
                visit, self._verifier.clock, _QUESTIONS[purpose], self._shown(visit, purpose)
            )

        return asked

    def answer(self, purpose: Purpose) -> Callable[[Visit], Response]:
        def answer(visit: Visit) -> Response:
            return take_answer(
                visit,
                self._verifier.clock,
                _QUESTIONS[purpose],
                self._shown(visit, purpose),
                lambda text: self._opting.answer(visit.session, visit.part("proof"), text, purpose),
                lambda _done: f"/settings?done={_WAYS[purpose][1]}",
            )

        return answer

    def _shown(self, visit: Visit, purpose: Purpose) -> Callable[[], Asked]:
        return lambda: self._opting.show(visit.session, visit.part("proof"), purpose)
