"""Pages of asking for a card: why, where to, PIN and deposit, summary, confirmation.

Each page shows what the draft holds, so that going back, coming again or sending a form twice
changes nothing but what was typed; once it is submitted, every one of them leads to the
confirmation. What is refused is shown by a page that can be come back to (`refused`).
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import Response

from ..errors import IllegalMove, NotAllowed, NotTaken
from ..lifecycle.order_rows import REPLACING, WORDS, CardOrder, Reason
from ..lifecycle.requests import SHIPPING
from ..lifecycle.shipping_address import FIELDS
from ..login.access import Right
from ..states.order import OrderState
from ..verifier import Verifier
from ..web.problems import STATUS
from ..words import N_
from .refused import Again, Refused
from .shell import Handler, Shell, Visit

START = "/cards/request"
_NO_SUCH_REASON = N_("Choose one of these.")
_REFUSED = STATUS[NotTaken][0]


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell, pages = Shell(verifier), _Pages(verifier)
    order = f"{START}/{{order}}"
    shown: dict[str, Handler] = {
        START: pages.choose,
        order: pages.confirmation,
        f"{order}/address": pages.address,
        f"{order}/address/change": pages.change_address,
        f"{order}/pin": pages.pin,
        f"{order}/summary": pages.summary,
    }
    taken: dict[str, Handler] = {
        START: pages.take_choice,
        f"{order}/address/change": pages.take_address,
        f"{order}/pin": pages.take_pin,
        f"{order}/submit": pages.submit,
        f"{order}/cancel": pages.cancel,
    }
    for path, handler in shown.items():
        shell.show(router, path, handler, right=Right.DEVICES)
    for path, handler in taken.items():
        shell.take(router, path, handler, right=Right.DEVICES)
    return router


class _Pages:
    def __init__(self, verifier: Verifier) -> None:
        self._requests = verifier.requests
        self._refused = Refused(verifier.keyring)
        self._settings = verifier.settings

    # --- why

    def choose(self, visit: Visit) -> Response:
        again = self._refused.read(visit.request)
        choices = self._requests.choices(visit.session)
        order = choices.order
        if order is not None and order.state is not OrderState.DRAFT:
            return visit.go(_place(order))
        return visit.page(
            "request_choose",
            200 if again is None else _REFUSED,
            choices=choices,
            words=WORDS,
            replacing=REPLACING,
            chosen=again.typed.get("reason") if again else order and order.reason,
            refusal=again and again.refusal,
            equity=self._settings.additional_card_equity_usd,
        )

    def take_choice(self, visit: Visit) -> Response:
        reason = visit.fields.get("reason", "")
        replaces = visit.fields.get("replaces", "")
        try:
            if reason not in set(Reason):
                raise NotTaken(_NO_SUCH_REASON, field="reason")
            number = int(replaces) if replaces.isascii() and replaces.isdigit() else None
            order = self._requests.begin(visit.session, Reason(reason), number)
        except NotTaken as refusal:
            return self._again(visit, START, refusal, "reason")
        except NotAllowed as refusal:
            told = NotTaken(refusal.text, field="reason", **refusal.values)
            return self._again(visit, START, told, "reason")
        except IllegalMove:  # submitted already, by the same form or in another window
            return visit.go(START)
        return visit.go(_place(order, "address"))

    # --- where to

    def address(self, visit: Visit) -> Response:
        order = self._requests.get(visit.session, visit.part("order"))
        if order.state is not OrderState.DRAFT:
            return visit.go(_place(order))
        if order.address is None:
            return visit.go(_place(order, "address/change"))
        return self._page(visit, "request_address", order)

    def change_address(self, visit: Visit) -> Response:
        order = self._requests.get(visit.session, visit.part("order"))
        if order.state is not OrderState.DRAFT:
            return visit.go(_place(order))
        again = self._refused.read(visit.request)
        address = order.address
        typed: Mapping[str, str] = (
            again.typed
            if again is not None
            else {name: getattr(address, name) if address else "" for name in FIELDS}
        )
        return self._page(visit, "request_address_change", order, again, typed=typed)

    def take_address(self, visit: Visit) -> Response:
        try:
            order = self._requests.set_address(visit.session, visit.part("order"), visit.fields)
        except NotTaken as refusal:
            place = f"{START}/{visit.part('order')}/address/change"
            return self._again(visit, place, refusal, *FIELDS)
        except IllegalMove:
            return visit.go(f"{START}/{visit.part('order')}?stands")
        return visit.go(_place(order, "address"))

    # --- PIN and deposit

    def pin(self, visit: Visit) -> Response:
        order = self._requests.get(visit.session, visit.part("order"))
        if order.state is not OrderState.DRAFT:
            return visit.go(_place(order))
        account = self._requests.choices(visit.session).account
        again = self._refused.read(visit.request)
        return self._page(visit, "request_pin", order, again, account=account)

    def take_pin(self, visit: Visit) -> Response:
        pin, again = (visit.fields.get(name, "") for name in ("pin", "again"))
        account = visit.fields.get("account", "")
        try:
            order = self._requests.set_pin(
                visit.session,
                visit.part("order"),
                pin,
                again,
                int(account) if account.isascii() and account.isdigit() else None,
            )
        except NotTaken as refusal:
            return self._again(visit, f"{START}/{visit.part('order')}/pin", refusal)
        except IllegalMove:
            return visit.go(f"{START}/{visit.part('order')}?stands")
        return visit.go(_place(order, "summary"))

    # --- summary and confirmation

    def summary(self, visit: Visit) -> Response:
        order = self._requests.get(visit.session, visit.part("order"))
        if order.state is not OrderState.DRAFT:
            return visit.go(_place(order))
        if order.address is None:
            return visit.go(_place(order, "address"))
        if not order.has_pin:
            return visit.go(_place(order, "pin"))
        return self._page(visit, "request_summary", order, ships_by=self._requests.ships_by())

    def submit(self, visit: Visit) -> Response:
        try:
            order = self._requests.submit(visit.session, visit.part("order"))
        except NotTaken:  # something is missing: the summary leads to it
            return visit.go(f"{START}/{visit.part('order')}/summary")
        return visit.go(_place(order))

    def confirmation(self, visit: Visit) -> Response:
        order = self._requests.get(visit.session, visit.part("order"))
        if order.state is OrderState.DRAFT:
            return visit.go(_place(order, "address"))
        stands = "stands" in visit.request.query_params
        return self._page(visit, "request_confirmation", order, stands=stands)

    def cancel(self, visit: Visit) -> Response:
        return visit.go(_place(self._requests.cancel(visit.session, visit.part("order"))))

    def _again(self, visit: Visit, path: str, refusal: NotTaken, *kept: str) -> Response:
        typed = {name: visit.fields.get(name, "") for name in kept}
        return visit.go(self._refused.address(path, refusal, typed))

    def _page(
        self,
        visit: Visit,
        template: str,
        order: CardOrder,
        again: Again | None = None,
        **values: object,
    ) -> Response:
        return visit.page(
            template,
            200 if again is None else _REFUSED,
            order=order,
            place=_place(order),
            refusal=again and again.refusal,
            deposit=f"{order.deposit_cents / 100:.2f} USD",
            shipping=SHIPPING[order.shipping],
            reason=WORDS[order.reason],
            days=self._settings.auto_activation_days,
            cancellable=order.state in {OrderState.WAITING, OrderState.PROVISIONED},
            **values,
        )


def _place(order: CardOrder, step: str = "") -> str:
    return f"{START}/{order.id}/{step}" if step else f"{START}/{order.id}"
