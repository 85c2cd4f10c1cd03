"""Deactivating a mobile key, from a session or from the app itself; codes by SMS."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.responses import Response

from ..clock import written
from ..lifecycle.devices import Device
from ..login.access import Right
from ..login.proofs import Asked
from ..login.sessions import Session
from ..mobile.signed import Phone, signed
from ..verifier import Verifier
from ..web.json import JSONResponse
from .bodies import AnswerBody
from .caller import caller


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls of what this verifier serves: the mobile key, codes by SMS, or none."""
    router = APIRouter(prefix="/api/v1", tags=["mobile key"])
    reaches = caller(verifier, Right.DEVICES)
    if verifier.settings.public_url is not None:
        _ending(router, verifier, Depends(reaches))
    if verifier.settings.sms_url is not None:
        _codes(router, verifier, Depends(reaches))
    return router


def _ending(router: APIRouter, verifier: Verifier, who: Session) -> None:
    @router.post("/devices/{device}/deactivate", summary="End a mobile key")
    def deactivate(device: str, session: Session = who) -> Response:
        return _ended(verifier.mobile_keys.deactivate(session, device))

    itself = Depends(signed(verifier))

    @router.delete("/mobile/key", summary="End the mobile key that asks, in its app")
    def deactivate_itself(phone: Phone = itself) -> Response:
        return _ended(verifier.mobile_keys.deactivate_itself(phone.device_id, phone.user))


def _codes(router: APIRouter, verifier: Verifier, who: Session) -> None:
    codes = verifier.sms_codes

    @router.post("/sms-code", summary="Send the first code, which turns codes by SMS on")
    def begin(session: Session = who) -> Response:
        return JSONResponse(_asked(codes.begin(session)), 201)

    @router.post("/sms-code/{proof}", summary="Give the first code")
    def answer(proof: str, body: AnswerBody, session: Session = who) -> Response:
        device = codes.answer(session, proof, body.answer)
        return JSONResponse({"serial": device.serial, "state": device.state})

    @router.post("/sms-code/{proof}/again", summary="Send the first code once more")
    def again(proof: str, session: Session = who) -> Response:
        return JSONResponse(_asked(codes.send_again(session, proof)))

    @router.post("/login/{login}/again", summary="Send a login's code once more")
    def again_at_login(login: str) -> Response:
        codes.send_again_at_login(login)
        return JSONResponse({"login": login})


def _ended(device: Device) -> Response:
    return JSONResponse({"serial": device.serial, "done": "deactivated"})


def _asked(asked: Asked) -> dict[str, object]:
    return {"proof": asked.id, "prompt": dict(asked.prompt), "expires": written(asked.expires_at)}
