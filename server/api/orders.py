"""Orders for whoever makes the cards: taken and given back, by provisioning credentials alone.

A card is put here for an order by the calls of `provisioning`, with `order` in place of a user
and a PIN: the PIN is the order's and is told to nobody.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from ..clock import written
from ..provisioning.fulfilment import Taken
from ..provisioning.provisioners import Provisioner
from ..verifier import Verifier
from ..web.json import JSONResponse
from .provisioning import provisioner

_Id = Annotated[int, Path(ge=1, le=2**62)]


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/provisioning/orders`."""
    router = APIRouter(prefix="/api/v1/provisioning/orders", tags=["provisioning"])
    caller = provisioner(verifier)
    fulfilment = verifier.fulfilment

    @router.post(
        "/next", summary="Take the next order; the same one until it is done or given back"
    )
    def take(by: Provisioner = Depends(caller)) -> Response:
        taken = fulfilment.take(by)
        return JSONResponse({"order": None if taken is None else _told(taken)})

    @router.post("/{order}/give-back", summary="Let an order wait again")
    def give_back(order: _Id, by: Provisioner = Depends(caller)) -> Response:
        fulfilment.give_back(by, order)
        return JSONResponse({"order": order, "state": "waiting"})

    return router


def _told(taken: Taken) -> dict[str, object]:
    order = taken.order
    return {
        "id": order.id,
        "user": order.user,
        "address": taken.address.lines(),
        "shipping": order.shipping,
        "ships_by": None if order.ships_by is None else order.ships_by.isoformat(),
        "until": written(taken.until),
        "return_to": {
            "address": list(taken.region.address),
            "phone": taken.region.phone,
            "contact": taken.region.contact,
        },
        "card": None
        if taken.card is None
        else {"serial": taken.card.serial, "key_id": taken.card.key_id},
    }
