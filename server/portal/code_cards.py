"""The pages of code cards: `/code-card` and `/online-code-card`.

Ask for one, print it, say that it prints clearly, answer two index numbers. An online card's page
then tells until when it is valid, and what can be done meanwhile.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from .. import errors, language
from ..factors.kinds import DeviceKind
from ..lifecycle.code_cards import CodeCards
from ..lifecycle.devices import Device
from ..paper.code_card import Size
from ..verifier import Verifier
from ..web.problems import STATUS
from ..words import N_
from . import after_code, prompts
from .code_card_paper import response as paper
from .render import notice
from .shell import Handler, Shell, Visit

BASES = {
    DeviceKind.CODE_CARD: "/code-card",
    DeviceKind.ONLINE_CODE_CARD: "/online-code-card",
}
_NOT_READ = N_("Print it first, and say here that you can read all of it.")
_AGAIN = (errors.AnswerMalformed, errors.AnswerWrong)
_OVER = (errors.NoSuchLogin, errors.LoginDecided, errors.LoginExpired, errors.DeviceLocked)


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages of both kinds."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)
    for kind, cards in verifier.code_cards.items():
        pages = _Pages(verifier, cards, BASES[kind])
        base, right = BASES[kind], cards.right
        shell.show(router, base, pages.show, right=right)
        shell.take(router, base, pages.make, right=right)
        for size in Size:
            shell.show(router, f"{base}/{{device}}/{size}.pdf", pages.paper(size), right=right)
        shell.take(router, f"{base}/activate", pages.ask, right=right)
        if kind is DeviceKind.ONLINE_CODE_CARD:
            shell.take(router, f"{base}/end", pages.end, right=right)
        shell.show(router, f"{base}/activate/{{proof}}", pages.asked, right=right)
        shell.take(router, f"{base}/activate/{{proof}}", pages.answer, right=right)
    return router


class _Pages:
    def __init__(self, verifier: Verifier, cards: CodeCards, base: str) -> None:
        self._verifier = verifier
        self._cards = cards
        self._base = base
        self._online = cards.kind is DeviceKind.ONLINE_CODE_CARD

    def show(self, visit: Visit) -> Response:
        return self._page(visit)

    def make(self, visit: Visit) -> Response:
        instead_of = visit.fields.get("instead_of", "")
        known = instead_of.isascii() and instead_of.isdigit() and len(instead_of) < 18
        self._cards.make(visit.session, int(instead_of) if known else None)
        return visit.go(self._base)

    def paper(self, size: Size) -> Handler:
        def print_it(visit: Visit) -> Response:
            return paper(self._cards.values(visit.session, visit.part("device")), size)

        return print_it

    def ask(self, visit: Visit) -> Response:
        if visit.fields.get("printed") != "yes":
            return self._page(visit, 422, language.gettext(_NOT_READ))
        asked = self._cards.ask(visit.session)
        return visit.go(f"{self._base}/activate/{asked.id}")

    def asked(self, visit: Visit) -> Response:
        return self._answer_page(visit)

    def answer(self, visit: Visit) -> Response:
        text = visit.fields.get("answer", "")
        try:
            self._cards.activate(visit.session, visit.part("proof"), text)
        except _AGAIN as refusal:
            return self._answer_page(visit, refusal)
        except _OVER as refusal:
            return self._over(refusal)
        return visit.go(f"{self._base}?activated")

    def end(self, visit: Visit) -> Response:
        self._cards.end_temporary(visit.session)
        return visit.go("/devices")

    def _page(self, visit: Visit, status: int = 200, problem: str = "") -> Response:
        cards = self._cards.show(visit.session)
        device = cards.waiting or cards.active
        return visit.page(
            "code_card",
            status,
            base=self._base,
            online=self._online,
            waiting=cards.waiting,
            active=cards.active,
            device=device,
            problem=problem,
            can_end=not visit.session.device_kind.temporary,
            days=self._verifier.settings.online_code_card_days,
            just_now="activated" in visit.request.query_params,
            options=self._options(visit, cards.active),
        )

    def _options(self, visit: Visit, active: Device | None) -> list[after_code.Option]:
        if not self._online or active is None:
            return []
        return after_code.options(self._verifier, visit)

    def _answer_page(self, visit: Visit, refusal: errors.LoginError | None = None) -> Response:
        try:
            asked = self._cards.asked(visit.session, visit.part("proof"))
        except _OVER as over:
            return self._over(refusal if isinstance(refusal, errors.AnswerWrong) else over)
        return visit.page(
            "code_card_answer",
            200 if refusal is None else STATUS[type(refusal)][0],
            base=self._base,
            asked=asked,
            problem=prompts.problem(asked.kind, refusal, locked=False),
        )

    def _over(self, refusal: errors.LoginError) -> Response:
        status, _, title = STATUS[type(refusal)]
        return notice(
            status,
            language.gettext(title),
            language.said(refusal),
            link=self._base,
            link_text=language.gettext(N_("Start again")),
        )
