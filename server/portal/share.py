"""The pages of sharing: the owner's user name and password, his device's answer, review, status."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from starlette.responses import Response

from .. import language
from ..accounts.names import is_plain
from ..errors import (
    DeviceLocked,
    IllegalMove,
    NotTaken,
    PasswordRefused,
    Refusal,
    SlowDown,
)
from ..lifecycle import rights
from ..login.access import Right
from ..login.proofs import Asked
from ..states.share import ShareState
from ..threads import Threads, on_the_loop
from ..verifier import Verifier
from ..web.peer import address
from ..web.problems import STATUS
from ..words import N_
from .proving import Question, ask_page, take_answer
from .shell import Shell, Visit

_QUESTION = Question(
    N_("The device answers"),
    N_("The device that is to be shared answers, as it does when its owner logs in."),
    N_("Continue"),
    "/share",
    "/settings",
)
_TYPE_BOTH = N_("Type the user name and the password.")
_LONGEST_NAME, _LONGEST_PASSWORD = 256, 1024
_WAITING = 4
"""How many passwords may wait behind the brake in a worker; more queue up behind them."""


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages under `/share`."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    pages = _Pages(verifier)
    needs = Right.SECURITY
    shell.show(router, "/share", pages.begin, right=needs)
    shell.take(router, "/share", pages.ask, right=needs, threads=Threads(_WAITING))
    shell.show(router, "/share/proof/{proof}", pages.asked, right=needs)
    shell.take(router, "/share/proof/{proof}", pages.answer, right=needs)
    shell.show(router, "/share/{share}", pages.review, right=needs)
    shell.take(router, "/share/{share}/submit", pages.submit, right=needs)
    shell.take(router, "/share/{share}/cancel", pages.cancel, right=needs)
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._sharing = verifier.sharing

    def begin(self, visit: Visit) -> Response:
        return self._form(visit)

    def ask(self, visit: Visit) -> Response:
        name = visit.fields.get("username", "").strip()
        password = visit.fields.get("password", "")
        serial = visit.fields.get("serial", "").strip()
        try:
            _check_shape(name, password, serial)
            asked = on_the_loop(
                self._sharing.ask,
                visit.session,
                name,
                password,
                address(visit.request, self._verifier.settings.trusted_proxies),
                serial,
            )
        except (NotTaken, PasswordRefused, IllegalMove, DeviceLocked, SlowDown) as refusal:
            return self._form(visit, refusal)
        return visit.go(f"/share/proof/{asked.id}")

    def asked(self, visit: Visit) -> Response:
        return ask_page(visit, self._verifier.clock, _QUESTION, self._shown(visit))

    def answer(self, visit: Visit) -> Response:
        return take_answer(
            visit,
            self._verifier.clock,
            _QUESTION,
            self._shown(visit),
            lambda text: self._sharing.answer(visit.session, visit.part("proof"), text),
            lambda share: f"/share/{share.id}",
        )

    def _shown(self, visit: Visit) -> Callable[[], Asked]:
        return lambda: self._sharing.show(visit.session, visit.part("proof"))

    def review(self, visit: Visit) -> Response:
        share = self._sharing.review(visit.session, visit.part("share"))
        return visit.page("share_review", share=share, notice=self._notice(visit))

    def submit(self, visit: Visit) -> Response:
        share = self._sharing.submit(visit.session, visit.part("share"))
        return visit.go(f"/share/{share.id}")

    def cancel(self, visit: Visit) -> Response:
        share = self._sharing.cancel(visit.session, visit.part("share"))
        return visit.go(f"/share/{share.id}")

    def _form(self, visit: Visit, refusal: Refusal | None = None) -> Response:
        open_, _ = self._sharing.standing(visit.session)
        status = 200 if refusal is None else STATUS[type(refusal)][0]
        response = visit.page(
            "share",
            status,
            open=open_,
            can_ask=not [each for each in open_ if each.state is not ShareState.PROVED],
            notice=self._notice(visit),
            username=visit.fields.get("username", ""),
            serial=visit.fields.get("serial", ""),
            problem="" if refusal is None else language.said(refusal),
        )
        if isinstance(refusal, SlowDown):
            response.headers["Retry-After"] = str(refusal.retry_after)
        return response

    def _notice(self, visit: Visit) -> rights.Notice | None:
        with self._verifier.database.reading() as connection:
            return rights.notice(connection, visit.session)


def _check_shape(name: str, password: str, serial: str) -> None:
    good = (
        0 < len(name) <= _LONGEST_NAME
        and 0 < len(password) <= _LONGEST_PASSWORD
        and len(serial) <= _LONGEST_NAME
        and all(is_plain(each) for each in (name, password, serial))
    )
    if not good:
        raise NotTaken(_TYPE_BOTH)
