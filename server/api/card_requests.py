"""Asking for a card: a draft, its address and PIN, and the step that submits it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from ..clock import written
from ..lifecycle.order_rows import CardOrder, Reason
from ..login.access import Right
from ..login.sessions import Session
from ..verifier import Verifier
from ..web.json import JSONResponse
from .activation import Pin
from .caller import caller

_Line = Annotated[str, StringConstraints(strict=True, max_length=256)]
_Id = Annotated[int, Field(strict=True, ge=1, le=2**62)]


class _Strict(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")


class RequestBody(_Strict):
    """Why a card is asked for, and in place of which; `reason` is checked by its rule."""

    reason: Annotated[Reason, Field()]
    replaces: _Id | None = None


class AddressBody(_Strict):
    """Where the card goes; `country` as ISO 3166-1 alpha-2."""

    name: _Line
    street: _Line
    city: _Line
    country: _Line
    postal_code: _Line = ""
    region: _Line = ""


class OrderPinBody(_Strict):
    """The soft PIN, twice, and the account that the deposit is held on."""

    pin: Pin
    again: Pin
    account: _Id | None = None


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/card-requests`."""
    router = APIRouter(prefix="/api/v1/card-requests", tags=["requests"])
    requests = verifier.requests
    reaches = caller(verifier, Right.DEVICES)

    @router.get("", summary="One's orders, and the reasons for which another can be made")
    def listed(session: Session = Depends(reaches)) -> Response:
        choices = requests.choices(session)
        return JSONResponse(
            {
                "orders": [_told(order) for order in requests.all_of(session)],
                "reasons": choices.reasons,
                "replaceable": [
                    {"id": device.id, "serial": device.serial} for device in choices.reported
                ],
                "account": {"id": choices.account.id, "number": choices.account.number},
            }
        )

    @router.post("", summary="Begin a draft")
    def begin(body: RequestBody, session: Session = Depends(reaches)) -> Response:
        return JSONResponse(_told(requests.begin(session, body.reason, body.replaces)), 201)

    @router.get("/{order}", summary="An order as it stands")
    def get(order: str, session: Session = Depends(reaches)) -> Response:
        return JSONResponse(_told(requests.get(session, order)))

    @router.put("/{order}/address", summary="Change where the card goes")
    def set_address(order: str, body: AddressBody, session: Session = Depends(reaches)) -> Response:
        return JSONResponse(_told(requests.set_address(session, order, body.model_dump())))

    @router.put("/{order}/pin", summary="Set the soft PIN and the deposit's account")
    def set_pin(order: str, body: OrderPinBody, session: Session = Depends(reaches)) -> Response:
        pin, again = body.pin.get_secret_value(), body.again.get_secret_value()
        return JSONResponse(_told(requests.set_pin(session, order, pin, again, body.account)))

    @router.post("/{order}/submit", summary="Submit it; again, it is told as it stands")
    def submit(order: str, session: Session = Depends(reaches)) -> Response:
        return JSONResponse(_told(requests.submit(session, order)))

    @router.post("/{order}/cancel", summary="Cancel it, and free the deposit")
    def cancel(order: str, session: Session = Depends(reaches)) -> Response:
        return JSONResponse(_told(requests.cancel(session, order)))

    return router


def _told(order: CardOrder) -> dict[str, object]:
    return {
        "id": order.id,
        "state": order.state,
        "reason": order.reason,
        "replaces": order.replaces_id,
        "address": None if order.address is None else order.address.lines(),
        "has_pin": order.has_pin,
        "account": order.account,
        "deposit_cents": order.deposit_cents,
        "shipping": order.shipping,
        "ships_by": None if order.ships_by is None else order.ships_by.isoformat(),
        "serial": order.serial if order.shipped_at else None,
        "shipped_at": None if order.shipped_at is None else written(order.shipped_at),
    }
