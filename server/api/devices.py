"""The list of a user's devices over the API, and the report of one that never arrived."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ..clock import written
from ..lifecycle import overview
from ..lifecycle.overview import Line
from ..login.access import RIGHTS, Right
from ..login.sessions import Session
from ..verifier import Verifier
from ..web.json import JSONResponse
from .caller import caller


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls `/api/v1/devices` and `/api/v1/devices/{device}/lost`."""
    router = APIRouter(prefix="/api/v1/devices", tags=["devices"])
    who = Depends(caller(verifier, Right.DEVICES))
    reports = Depends(caller(verifier, Right.LOST_CARDS))

    @router.get("", summary="Own and shared devices, how they stand, and what can be done")
    def show(session: Session = who) -> Response:
        rights = RIGHTS[session.access]
        with verifier.database.reading() as connection:
            lines = overview.lines(connection, session.user_id, rights, verifier.clock.now())
        return JSONResponse({"devices": [_device(line) for line in lines]})

    @router.post("/{device}/lost", summary="Report a card that never arrived")
    def lost(device: str, session: Session = reports) -> Response:
        reported = verifier.lost_in_post.report(session, device)
        return JSONResponse({"serial": reported.serial, "state": reported.state})

    return router


def _device(line: Line) -> dict[str, object]:
    device = line.device
    return {
        "id": device.id,
        "kind": device.kind,
        "serial": device.serial,
        "state": device.state,
        "locked": device.locked,
        "shared_by": device.owner if device.share_id is not None else None,
        "activates_by_itself": _moment(device.auto_activates_at),
        "limited_from": _moment(device.limited_from),
        "valid_until": _moment(device.valid_until),
        "actions": list(line.actions),
    }


def _moment(at: datetime | None) -> str | None:
    return None if at is None else written(at)
