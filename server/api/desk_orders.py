"""What the desk does with orders: it sees what is to be sent, marks what it sent, and cancels."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ..accounts.roles import Duty
from ..clock import written
from ..lifecycle.order_rows import CardOrder
from ..login.sessions import Session
from ..verifier import Verifier
from ..web.json import JSONResponse
from .caller import caller
from .desk import ReasonBody


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/desk/orders`."""
    router = APIRouter(prefix="/api/v1/desk/orders", tags=["desk"])
    ships = caller(verifier, duty=Duty.SHIP)

    @router.get("", summary="The orders that are submitted and not shipped")
    def waiting(_session: Session = Depends(ships)) -> Response:
        return JSONResponse({"orders": [_told(order) for order in verifier.shipping.waiting()]})

    @router.post("/{order}/ship", summary="Mark an order shipped")
    def ship(order: str, session: Session = Depends(ships)) -> Response:
        return JSONResponse(_told(verifier.shipping.ship(session, order)))

    @router.post("/{order}/cancel", summary="Cancel an order that is not shipped")
    def cancel(order: str, body: ReasonBody, session: Session = Depends(ships)) -> Response:
        return JSONResponse(_told(verifier.desk.cancel_order(session, order, body.reason)))

    return router


def _told(order: CardOrder) -> dict[str, object]:
    return {
        "id": order.id,
        "user": order.user,
        "state": order.state,
        "serial": order.serial,
        "ships_by": None if order.ships_by is None else order.ships_by.isoformat(),
        "shipped_at": None if order.shipped_at is None else written(order.shipped_at),
    }
