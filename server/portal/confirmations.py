"""The page of an action that an application wants confirmed: what it is, the challenge, a field."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter
from starlette.responses import Response

from .. import errors, language
from ..clock import written
from ..confirmations.rows import State
from ..confirmations.service import Shown, Whose
from ..login.access import Right
from ..verifier import Verifier
from ..web.problems import STATUS
from ..words import N_
from . import prompts
from .shell import Shell, Visit

_OVER = {
    State.CONFIRMED: N_("You have confirmed this action."),
    State.DENIED: N_("You have denied this action: it is not confirmed."),
    State.EXPIRED: N_("The time to confirm this action is over: it is not confirmed."),
    State.CLOSED: N_(
        "This action is not confirmed: there were too many wrong answers, or your device or your "
        "password has changed. Begin again where you began it."
    ),
}
_GONE_ON = (errors.LoginDecided, errors.LoginExpired)


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell, pages = Shell(verifier), _Pages(verifier)
    path = "/confirmations/{confirmation}"
    shell.show(router, path, pages.look, right=Right.CONFIRM)
    shell.take(router, path, pages.answer, right=Right.CONFIRM)
    shell.take(router, f"{path}/deny", pages.deny, right=Right.CONFIRM)
    shell.take(router, f"{path}/factor", pages.choose, right=Right.CONFIRM)
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._confirmations = verifier.confirmations

    def look(self, visit: Visit) -> Response:
        return self._page(visit, self._shown(visit))

    def answer(self, visit: Visit) -> Response:
        text = visit.fields.get("answer", "").strip(" ")
        try:
            self._confirmations.answer(_whose(visit), visit.part("confirmation"), text)
        except (errors.AnswerWrong, errors.AnswerMalformed, errors.DeviceLocked) as refusal:
            return self._page(visit, self._shown(visit), refusal)
        except _GONE_ON:
            pass  # the page says where it stands
        return visit.go(_place(visit))

    def deny(self, visit: Visit) -> Response:
        with suppress(*_GONE_ON):
            self._confirmations.deny(_whose(visit), visit.part("confirmation"))
        return visit.go(_place(visit))

    def choose(self, visit: Visit) -> Response:
        factor = visit.fields.get("factor", "")
        with suppress(*_GONE_ON):
            self._confirmations.choose(_whose(visit), visit.part("confirmation"), factor)
        return visit.go(_place(visit))

    def _shown(self, visit: Visit) -> Shown:
        return self._confirmations.show(_whose(visit), visit.part("confirmation"))

    def _page(self, visit: Visit, shown: Shown, refusal: errors.Refusal | None = None) -> Response:
        kept = shown.kept
        asked = next((each for each in shown.devices if each.device_id == kept.device_id), None)
        locked = asked is None or asked.locked
        status = 200 if refusal is None else STATUS[type(refusal)][0]
        left = (kept.expires_at - self._verifier.clock.now()).total_seconds()
        return visit.page(
            "confirmation",
            status,
            kept=kept,
            action=shown.action,
            devices=prompts.ranked(shown.devices),
            is_open=kept.state is State.OPEN,
            confirmed=kept.state is State.CONFIRMED,
            over=language.gettext(_OVER.get(kept.state, "")) if kept.state in _OVER else "",
            locked=locked,
            problem=prompts.problem(kept.device_kind, refusal, locked),
            seconds_left=max(0, int(left)),
            expires=written(kept.expires_at),
            expires_text=f"{kept.expires_at:%H:%M:%S} UTC",
            place=_place(visit),
        )


def _whose(visit: Visit) -> Whose:
    return Whose(f"user:{visit.session.user}", user_id=visit.session.user_id)


def _place(visit: Visit) -> str:
    return f"/confirmations/{visit.part('confirmation')}"
