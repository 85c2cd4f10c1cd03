"""What a user does about sharing and opting, and his documents, over the JSON API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import StringConstraints
from starlette.responses import Response

from ..clock import written
from ..lifecycle.shares import Share
from ..login.access import Right
from ..login.ledger import Purpose
from ..login.proofs import Asked
from ..login.sessions import Session
from ..threads import aside
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.peer import address
from .bodies import Answer, Body, Password, UserName
from .caller import caller

Serial = Annotated[str, StringConstraints(strict=True, max_length=32, pattern=r"^[A-Za-z0-9-]*$")]


class OwnerBody(Body):
    """The device's owner: user name and password; `serial` where he has several devices."""

    username: UserName
    password: Password
    serial: Serial = ""


class ProofBody(Body):
    """What the device answered."""

    answer: Answer


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/shares`, `/opt-out`, `/opt-in` and `/documents`."""
    router = APIRouter(prefix="/api/v1", tags=["people"])
    sharing, proxies = verifier.sharing, verifier.settings.trusted_proxies
    secure = caller(verifier, Right.SECURITY)

    @router.get("/shares", summary="The shares that the caller takes part in")
    def open_shares(by: Session = Depends(secure)) -> Response:
        open_, last = sharing.standing(by)
        told = {"open": [_share(each) for each in open_], "last": _share(last) if last else None}
        return JSONResponse(told)

    @router.post("/shares", summary="Ask the owner's device")
    async def ask(request: Request, body: OwnerBody, by: Session = Depends(secure)) -> Response:
        asked = await sharing.ask(
            by, body.username, body.password, address(request, proxies), body.serial
        )
        return JSONResponse(_asked(asked), 201)

    @router.post("/shares/proofs/{proof}", summary="Give the device's answer")
    async def answer(proof: str, body: ProofBody, by: Session = Depends(secure)) -> Response:
        share = await aside.run(sharing.answer, by, proof, body.answer)
        return JSONResponse(_share(share), 201)

    @router.get("/shares/{share}", summary="One share")
    def review(share: str, by: Session = Depends(secure)) -> Response:
        return JSONResponse(_share(sharing.review(by, share)))

    @router.post("/shares/{share}/submit", summary="Submit a share that was looked over")
    def submit(share: str, by: Session = Depends(secure)) -> Response:
        return JSONResponse(_share(sharing.submit(by, share)))

    @router.post("/shares/{share}/cancel", summary="Cancel a share")
    def cancel(share: str, by: Session = Depends(secure)) -> Response:
        return JSONResponse(_share(sharing.cancel(by, share)))

    _opting(router, verifier, "/opt-out", Purpose.OPT_OUT, caller(verifier, Right.SECURITY))
    _opting(router, verifier, "/opt-in", Purpose.OPT_IN, caller(verifier, Right.OPT_IN))

    papers = caller(verifier, Right.DOCUMENTS)

    @router.get("/documents", summary="The account's documents")
    def documents(by: Session = Depends(papers)) -> Response:
        found = verifier.documents.all_of_them(by)
        return JSONResponse({"documents": [{"id": each.id, "kind": each.kind} for each in found]})

    @router.get("/documents/{document}", summary="A document as a PDF")
    def document(document: str, by: Session = Depends(papers)) -> Response:
        content = verifier.documents.draw(by, document)
        return Response(content, media_type="application/pdf")

    return router


def _opting(
    router: APIRouter,
    verifier: Verifier,
    path: str,
    purpose: Purpose,
    who: Callable[..., object],
) -> None:
    def begin(by: Session = Depends(who)) -> Response:
        return JSONResponse(_asked(verifier.opting.begin(by, purpose)), 201)

    def answer(proof: str, body: ProofBody, by: Session = Depends(who)) -> Response:
        verifier.opting.answer(by, proof, body.answer, purpose)
        return JSONResponse({"opted_out": purpose is Purpose.OPT_OUT})

    router.add_api_route(path, begin, methods=["POST"], summary="Ask the device")
    router.add_api_route(
        f"{path}/{{proof}}", answer, methods=["POST"], summary="Give the device's answer"
    )


def _asked(asked: Asked) -> dict[str, object]:
    return {
        "proof": asked.id,
        "kind": asked.kind,
        "serial": asked.serial,
        "prompt": dict(asked.prompt),
        "expires": written(asked.expires_at),
    }


def _share(share: Share) -> dict[str, object]:
    return {
        "id": share.id,
        "state": share.state,
        "user": share.user,
        "owner": share.owner,
        "kind": share.kind,
        "serial": share.serial,
        "reason": share.reason,
    }
