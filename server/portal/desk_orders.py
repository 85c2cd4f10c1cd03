"""The desk's page of orders: what is to be sent, the mark that it was, and cancelling."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from ..accounts.roles import Duty
from ..errors import NotTaken
from ..lifecycle.order_rows import CardOrder
from ..states.order import OrderState
from ..verifier import Verifier
from ..web.problems import STATUS
from ..words import N_
from .shell import Shell, Visit

PLACE = "/desk/orders"
STATES = {
    OrderState.WAITING: N_("waits to be made"),
    OrderState.TAKEN: N_("is being made"),
    OrderState.PROVISIONED: N_("ready to be sent"),
}
"""What each state of an open order is called at the desk."""


def routes(verifier: Verifier) -> APIRouter:
    """Return the pages."""
    router = APIRouter(include_in_schema=False)
    shell = Shell(verifier)

    def look(visit: Visit, refusal: NotTaken | None = None, order: str = "") -> Response:
        orders = verifier.shipping.waiting()
        orders.sort(key=lambda order: (order.state is not OrderState.PROVISIONED, order.id))
        return visit.page(
            "desk_orders",
            200 if refusal is None else STATUS[NotTaken][0],
            orders=orders,
            states=STATES,
            ready=_is_ready,
            refusal=refusal,
            refused=order,
            typed=visit.fields.get("reason", ""),
        )

    def ship(visit: Visit) -> Response:
        verifier.shipping.ship(visit.session, visit.part("order"))
        return visit.go(PLACE)

    def cancel(visit: Visit) -> Response:
        order = visit.part("order")
        try:
            verifier.desk.cancel_order(visit.session, order, visit.fields.get("reason", ""))
        except NotTaken as refusal:
            return look(visit, refusal, order)
        return visit.go(PLACE)

    shell.show(router, PLACE, look, duty=Duty.SHIP)
    shell.take(router, f"{PLACE}/{{order}}/ship", ship, duty=Duty.SHIP)
    shell.take(router, f"{PLACE}/{{order}}/cancel", cancel, duty=Duty.SHIP)
    return router


def _is_ready(order: CardOrder) -> bool:
    return order.state is OrderState.PROVISIONED
