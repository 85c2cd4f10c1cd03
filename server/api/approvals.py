"""What a phone calls to approve logins; every call is signed by its key."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.responses import Response

from ..mobile.approval import Verdict
from ..mobile.approvals import Said
from ..mobile.signed import Phone, from_b64url, signed
from ..notify.webpush import Subscription
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.stream import Streams

Text = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1024)]
Base64Url = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=4096, pattern=r"^[A-Za-z0-9_-]+$")
]
Signature = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{86}$")]
Number = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{2}$")]
PinProof = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{8}$")]
ApprovalId = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Za-z0-9_-]{22}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Browsers(BaseModel):
    """Made by a browser, which may add to it; what is not named here is left out."""

    model_config = ConfigDict(hide_input_in_errors=True)


class AssertionResponse(_Browsers):
    """What the authenticator has signed."""

    clientDataJSON: Base64Url
    authenticatorData: Base64Url
    signature: Base64Url


class Assertion(_Browsers):
    """WebAuthn's AuthenticationResponseJSON."""

    id: Base64Url
    rawId: Base64Url
    type: Text
    response: AssertionResponse


class ApprovalBody(_Strict):
    """What the phone's user says to a login."""

    verdict: Verdict
    number: Number | None
    signature: Signature
    pin_proof: PinProof | None = None
    assertion: Assertion | None = None


class PushKeys(_Browsers):
    """The keys of a browser's push subscription."""

    p256dh: Base64Url
    auth: Base64Url


class PushBody(_Browsers):
    """A browser's push subscription."""

    endpoint: Text
    keys: PushKeys


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/mobile` that a registered phone makes."""
    router = APIRouter(prefix="/api/v1/mobile", tags=["mobile key"])
    if not verifier.settings.public_url:
        return router
    approvals, notifications = verifier.approvals, verifier.notifications
    key, streams = Depends(signed(verifier)), Streams(verifier.clock)

    @router.get("/pending", summary="The logins that wait for this phone")
    def pending(phone: Phone = key) -> Response:
        return JSONResponse(approvals.pending(phone))

    @router.get("/events", summary="The same as a stream")
    def events(phone: Phone = key) -> Response:
        def look() -> str:
            return json.dumps(approvals.pending(phone), separators=(",", ":"))

        return streams.stream(phone.serial, "pending", look, lambda _found: False)

    @router.post("/approvals/{login}", summary="Approve or deny a login")
    def decide(login: ApprovalId, body: ApprovalBody, phone: Phone = key) -> Response:
        said = Said(
            body.verdict,
            body.number,
            from_b64url(body.signature),
            body.pin_proof,
            body.assertion.model_dump() if body.assertion else None,
        )
        return JSONResponse({"state": approvals.decide(phone, login, said).value})

    @router.put("/push", summary="Send notifications to this address", status_code=204)
    def subscribe(body: PushBody, phone: Phone = key) -> Response:
        notifications.subscribe(
            phone.device_id, Subscription(body.endpoint, body.keys.p256dh, body.keys.auth)
        )
        return Response(status_code=204)

    @router.delete("/push", summary="Send no notifications", status_code=204)
    def unsubscribe(phone: Phone = key) -> Response:
        notifications.unsubscribe(phone.device_id)
        return Response(status_code=204)

    return router
