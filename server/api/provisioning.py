"""Putting cards here: three calls, for provisioning credentials alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints
from starlette.responses import Response

from ..accounts.names import is_plain
from ..provisioning import record
from ..provisioning.enrolment import Standing
from ..provisioning.provisioners import Provisioner
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.peer import address
from .bodies import UserName

_MOST_COUNTER = 2**62


def _plain(text: str) -> str:
    if not is_plain(text):
        raise ValueError("has control characters")
    return text


KeyId = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=128, pattern=r"^[!-~]+$")
]
_Suite = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=64, pattern=r"^[!-~]+$")
]
_Issuer = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=128), AfterValidator(_plain)
]


class _Strict(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True, extra="forbid")


class RecordBody(_Strict):
    """A card record (RFC 6030's elements), and whose card it is: `user` and `pin`, or `order`."""

    key_id: KeyId
    suite: _Suite
    key: Annotated[SecretStr, Field(strict=True, min_length=1, max_length=256)]
    counter: Annotated[int, Field(strict=True, ge=0, le=_MOST_COUNTER)]
    issuer: _Issuer
    challenge_length: Annotated[int, Field(strict=True, ge=1, le=64)]
    user: UserName | None = None
    pin: Annotated[SecretStr, Field(strict=True, min_length=1, max_length=16)] | None = None
    order: Annotated[int, Field(strict=True, ge=1, le=_MOST_COUNTER)] | None = None


class ConfirmBody(_Strict):
    """Which key it is that the card holds for certain."""

    key_id: KeyId


def provisioner(verifier: Verifier) -> Callable[..., Awaitable[Provisioner]]:
    """Return a dependency that gives the caller's provisioning credential, or refuses it."""
    proxies = verifier.settings.trusted_proxies

    async def caller(request: Request, authorization: str = Header("")) -> Provisioner:
        # Asked before the body is looked at: a stranger learns nothing of its shape.
        return await verifier.credentials.check(authorization, address(request, proxies))

    return caller


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/provisioning`."""
    router = APIRouter(prefix="/api/v1/provisioning/cards", tags=["provisioning"])
    enrolments = verifier.enrolments

    caller = provisioner(verifier)

    @router.put("/{serial}", summary="Put a card here, pending")
    def prepare(serial: str, body: RecordBody, by: Provisioner = Depends(caller)) -> Response:
        given = record.read(
            card=record.read_serial(serial),
            key_id=body.key_id,
            suite=body.suite,
            key=body.key.get_secret_value(),
            counter=body.counter,
            issuer=body.issuer,
            challenge_length=body.challenge_length,
            user=body.user,
            pin=None if body.pin is None else body.pin.get_secret_value(),
            order=body.order,
        )
        standing = enrolments.prepare(by, given)
        return _told(standing, 201 if standing.made else 200)

    @router.post("/{serial}/confirm", summary="The card holds its key: make it active")
    def confirm(serial: str, body: ConfirmBody, by: Provisioner = Depends(caller)) -> Response:
        return _told(enrolments.confirm(by, record.read_serial(serial), body.key_id))

    @router.delete("/{serial}", summary="Abandon a pending card, or revoke an active one")
    def withdraw(
        serial: str,
        key_id: Annotated[KeyId | None, Query()] = None,
        only: Annotated[Literal["pending"] | None, Query()] = None,
        by: Provisioner = Depends(caller),
    ) -> Response:
        card = record.read_serial(serial)
        was = enrolments.withdraw(by, card, key_id, pending_only=only == "pending")
        return JSONResponse({"serial": was.serial, "key_id": was.key_id, "was": was.state})

    return router


def _told(standing: Standing, status: int = 200) -> Response:
    content = {"serial": standing.serial, "key_id": standing.key_id, "state": standing.state}
    return JSONResponse(content, status)
