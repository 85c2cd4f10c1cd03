"""A device is asked once more: to activate it, to reactivate it, to change a card's PIN."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import Response

from ..clock import written
from ..lifecycle.activation import ACTIVATE, REACTIVATE, Way
from ..lifecycle.devices import Device
from ..login.access import Right
from ..login.proofs import Asked
from ..login.sessions import Session
from ..verifier import Verifier
from ..web.json import JSONResponse
from .bodies import AnswerBody
from .caller import caller

Pin = Annotated[SecretStr, Field(strict=True, min_length=1, max_length=16)]


class PinBody(BaseModel):
    """A new PIN, twice."""

    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")

    pin: Pin
    again: Pin


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/devices/{device}`."""
    router = APIRouter(prefix="/api/v1/devices/{device}", tags=["devices"])
    for path, way in (("activate", ACTIVATE), ("reactivate", REACTIVATE)):
        _add(router, verifier, path, way)
    changes = caller(verifier, Right.SECURITY)

    @router.post("/pin", summary="Give a new PIN, and be asked for an answer with it")
    def begin_pin(device: str, body: PinBody, session: Session = Depends(changes)) -> Response:
        pin, again = body.pin.get_secret_value(), body.again.get_secret_value()
        return _asked(verifier.pin_change.begin(session, device, pin, again))

    @router.post("/pin/{proof}", summary="Answer with the new PIN, which is in force then")
    def change_pin(
        device: str, proof: str, body: AnswerBody, session: Session = Depends(changes)
    ) -> Response:
        return _device(verifier.pin_change.answer(session, device, proof, body.answer))

    return router


def _add(router: APIRouter, verifier: Verifier, path: str, way: Way) -> None:
    reaches = caller(verifier, Right.DEVICES)

    @router.post(f"/{path}", summary=f"Be asked, to {path} a device")
    def begin(device: str, session: Session = Depends(reaches)) -> Response:
        return _asked(verifier.activation.begin(session, device, way))

    @router.post(f"/{path}/{{proof}}", summary=f"Answer, and {path} the device")
    def answer(
        device: str, proof: str, body: AnswerBody, session: Session = Depends(reaches)
    ) -> Response:
        return _device(verifier.activation.answer(session, device, proof, body.answer, way))


def _asked(asked: Asked) -> Response:
    content = {
        "proof": asked.id,
        "serial": asked.serial,
        "kind": asked.kind,
        "prompt": dict(asked.prompt),
        "expires": written(asked.expires_at),
    }
    return JSONResponse(content, 201)


def _device(device: Device) -> Response:
    return JSONResponse(
        {
            "id": device.id,
            "serial": device.serial,
            "kind": device.kind,
            "state": device.state,
        }
    )
