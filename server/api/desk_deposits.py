"""What the desk does with deposits: it sees what waits, and settles it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from ..accounts.roles import Duty
from ..clock import written
from ..login.sessions import Session
from ..support.settling import Hold
from ..verifier import Verifier
from ..web.json import JSONResponse
from .caller import caller


class SettledBody(BaseModel):
    """One of the causes, and the reason in one's own words."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")

    cause: Annotated[str, StringConstraints(strict=True, min_length=1, max_length=32)]
    reason: Annotated[str, StringConstraints(strict=True, max_length=256)]


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/desk/returns/deposits`."""
    router = APIRouter(prefix="/api/v1/desk/returns/deposits", tags=["desk"])
    settles = Depends(caller(verifier, duty=Duty.RECEIVE_RETURNS))
    settling = verifier.desk.settling

    @router.get("", summary="What is held for cards that are over, or for the cards of a serial")
    def waiting(serial: str = "", session: Session = settles) -> Response:
        holds = settling.waiting(session, serial)
        return JSONResponse({"deposits": [_told(hold) for hold in holds]})

    @router.post("/{device}", summary="Settle what is held for a card")
    def settle(device: str, body: SettledBody, session: Session = settles) -> Response:
        done = settling.settle(session, device, body.cause, body.reason)
        decision = "keep" if done.cause.keeps else "release"
        return JSONResponse({"serial": done.serial, "decision": decision, "cents": done.cents})

    return router


def _told(hold: Hold) -> dict[str, object]:
    return {
        "device": hold.device_id,
        "serial": hold.serial,
        "user": hold.owner,
        "account": hold.account,
        "closed_at": None if hold.account_closed_at is None else written(hold.account_closed_at),
        "state": hold.state,
        "held_cents": hold.held_cents,
        "fee_cents": hold.fee_cents,
    }
