"""Sending a card back: its owner announces it and gets the form, the desk records what arrives."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from ..accounts.roles import Duty
from ..clock import written
from ..lifecycle.devices import Device
from ..lifecycle.returns import CardReturn
from ..login.access import Right
from ..login.sessions import Session
from ..portal.return_form import return_form
from ..verifier import Verifier
from ..web.json import JSONResponse
from .caller import caller

_Word = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=32)]


class _Strict(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")


class ReturnBody(_Strict):
    """Where the card is sent, and why."""

    region: _Word
    why: _Word


class ReceivedBody(_Strict):
    """The serial of a card that arrived."""

    serial: _Word


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/devices/{device}/return` and `/api/v1/desk/returns`."""
    router = APIRouter(prefix="/api/v1", tags=["returns"])
    returns = verifier.returns
    reaches = caller(verifier, Right.DEVICES)
    receives = caller(verifier, duty=Duty.RECEIVE_RETURNS)

    @router.get("/devices/{device}/return", summary="Whether it is due back, and what is announced")
    def look(device: str, session: Session = Depends(reaches)) -> Response:
        found, announced = returns.look(session, device)
        soonest, latest = returns.shows_between()
        return JSONResponse(
            {
                "due_back": returns.is_due(found),
                "announced": None if announced is None else _told(announced),
                "shows": {"soonest": soonest.isoformat(), "latest": latest.isoformat()},
                "regions": {
                    key: {
                        "address": list(region.address),
                        "phone": region.phone,
                        "contact": region.contact,
                    }
                    for key, region in verifier.settings.return_regions.items()
                },
                "nearest": returns.nearest(session),
            }
        )

    @router.put("/devices/{device}/return", summary="Announce the return")
    def announce(device: str, body: ReturnBody, session: Session = Depends(reaches)) -> Response:
        return JSONResponse(_told(returns.announce(session, device, body.region, body.why)))

    @router.delete("/devices/{device}/return", summary="Take the announcement back")
    def cancel(device: str, session: Session = Depends(reaches)) -> Response:
        returns.cancel(session, device)
        return JSONResponse({"announced": None})

    @router.get("/devices/{device}/return/form.pdf", summary="The form to print")
    def form(device: str, session: Session = Depends(reaches)) -> Response:
        return return_form(verifier, session, device)

    @router.get("/desk/returns", summary="What is announced and not here yet")
    def expected(_session: Session = Depends(receives)) -> Response:
        return JSONResponse({"returns": [_told(each) for each in returns.expected()]})

    @router.post("/desk/returns", summary="Record a card that arrived")
    def receive(body: ReceivedBody, session: Session = Depends(receives)) -> Response:
        found = returns.receive(session, body.serial)
        announced = not isinstance(found, Device)
        return JSONResponse({"serial": found.serial, "announced": announced})

    return router


def _told(each: CardReturn) -> dict[str, object]:
    return {
        "id": each.id,
        "serial": each.serial,
        "user": each.user,
        "region": each.region,
        "why": each.why,
        "state": each.state,
        "asked_at": written(each.asked_at),
    }
