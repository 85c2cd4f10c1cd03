"""Registering a phone as a mobile key: four calls, told apart by the registration's own token."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Request
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from starlette.responses import Response

from ..clock import written
from ..errors import RegistrationUnknown
from ..factors.mobile_key import Element
from ..mobile import numbers
from ..mobile.adding import Given
from ..mobile.beginning import Wanted
from ..mobile.beside import Agreed
from ..mobile.proving import Proved
from ..mobile.registrations import Aim
from ..mobile.sending import Sent
from ..mobile.signed import from_b64url
from ..threads import aside
from ..verifier import Verifier
from ..web.json import JSONResponse
from ..web.peer import address
from ..words import N_
from .bodies import Answer, Body, Password, UserName, plain

_B64URL = r"^[A-Za-z0-9_-]+$"
_POINT_CHARACTERS = 87
_SIGNATURE_CHARACTERS = 86
_MOST_PIN_CHARACTERS = 64
_NO_TOKEN = N_("Give the registration's token as `Authorization: Bearer ...`.")


def _decodes(text: str) -> str:
    from_b64url(text)
    return text


def _b64url(shortest: int, longest: int) -> object:
    return StringConstraints(strict=True, min_length=shortest, max_length=longest, pattern=_B64URL)


_Installation = Annotated[str, _b64url(22, 22)]
_Signature = Annotated[
    str, _b64url(_SIGNATURE_CHARACTERS, _SIGNATURE_CHARACTERS), AfterValidator(_decodes)
]
_Point = Annotated[str, _b64url(_POINT_CHARACTERS, _POINT_CHARACTERS), AfterValidator(_decodes)]
_SealedPin = Annotated[str, _b64url(40, _MOST_PIN_CHARACTERS), AfterValidator(_decodes)]
_Phone = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=64), AfterValidator(plain)
]
_Serial = Annotated[str, StringConstraints(strict=True, pattern=r"^MK[0-9]{8}$")]
_Moment = Annotated[int, Field(strict=True, ge=0, lt=10**13)]
_Country = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2}$")]
_Digits = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=32)]
_Token = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{6}$")]


class _Strict(Body):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class RegistrationBody(_Strict):
    """Who registers which phone, and what for; `beside` with the signature of the key there."""

    username: UserName
    password: Password
    installation: _Installation
    phone: _Phone
    purpose: Aim
    beside: _Serial | None = None
    beside_at: _Moment | None = None
    beside_signature: _Signature | None = None

    @model_validator(mode="after")
    def _both(self) -> RegistrationBody:
        given = {each is None for each in (self.beside, self.beside_at, self.beside_signature)}
        if len(given) != 1:
            raise ValueError("beside, beside_at and beside_signature belong together")
        return self


class NumberBody(_Strict):
    """The number on record, or one given as a country and digits."""

    number: Literal["record"] | None = None
    country: _Country | None = None
    digits: _Digits | None = None

    @model_validator(mode="after")
    def _one(self) -> NumberBody:
        own = self.country is not None and self.digits is not None
        none = self.country is None and self.digits is None
        if not (own if self.number is None else none):
            raise ValueError("number, or country and digits")
        return self


class TokenBody(_Strict):
    """The six digits of the SMS."""

    token: _Token


class CardAnswerBody(_Strict):
    """What the card shows."""

    answer: Answer


class NothingBody(_Strict):
    """Nothing."""


class ElementBody(_Strict):
    """The phone's half of the exchange, its keys, and the PIN sealed under what was agreed on."""

    element: Element
    exchange: _Point
    sign_key: _Point
    pin: _SealedPin
    credential: Annotated[dict[str, Any], Field(max_length=16)] | None = None


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls under `/api/v1/mobile/registrations`; none without a public address."""
    router = APIRouter(prefix="/api/v1/mobile/registrations", tags=["mobile key"])
    if verifier.settings.public_url is None:
        return router
    registering, proxies = verifier.registering, verifier.settings.trusted_proxies

    @router.post("", summary="Begin with user name and password")
    async def begin(request: Request, body: RegistrationBody) -> Response:
        beside = None
        if body.beside and body.beside_at is not None and body.beside_signature:
            beside = Agreed(body.beside, body.beside_at, from_b64url(body.beside_signature))
        wanted = Wanted(
            body.username, body.password, body.installation, body.phone, body.purpose, beside
        )
        begun = await registering.beginning.begin(wanted, address(request, proxies))
        number = begun.admitted.number
        shown = [] if number is None else [{"id": "record", "shown": numbers.shown(number)}]
        return JSONResponse(
            {
                "registration": begun.bearer,
                "user": begun.user,
                "purpose": begun.aim,
                "numbers": shown,
                "may_add_number": begun.admitted.may_add_number,
                "card": begun.admitted.card is not None,
                "expires": written(begun.expires_at),
            }
        )

    @router.post("/number", summary="Have a token sent to a number")
    def number(body: NumberBody, bearer: str = Depends(_bearer)) -> Response:
        own = None
        if body.country is not None and body.digits is not None:
            own = (body.country, body.digits)
        return _sent(registering.sending.send(bearer, own))

    @router.post("/again", summary="Have another token sent")
    def again(_body: NothingBody, bearer: str = Depends(_bearer)) -> Response:
        return _sent(registering.sending.send_again(bearer))

    @router.post("/token", summary="Give the token")
    def token(body: TokenBody, bearer: str = Depends(_bearer)) -> Response:
        return _proved(registering.proving.prove(bearer, body.token))

    @router.post("/card", summary="Ask the card in place of an SMS")
    def card(_body: NothingBody, bearer: str = Depends(_bearer)) -> Response:
        asked = registering.proving.ask_card(bearer)
        return JSONResponse({**asked.prompt, "expires": written(asked.expires_at)})

    @router.post("/card/answer", summary="Give the card's answer")
    def card_answer(body: CardAnswerBody, bearer: str = Depends(_bearer)) -> Response:
        return _proved(registering.proving.answer_card(bearer, body.answer))

    @router.post("/element", summary="Give the phone's keys: it becomes the mobile key")
    async def element(body: ElementBody, bearer: str = Depends(_bearer)) -> Response:
        given = Given(
            body.element,
            from_b64url(body.exchange),
            from_b64url(body.sign_key),
            from_b64url(body.pin),
            body.credential,
        )
        added = await aside.run(registering.adding.add, bearer, given)
        return JSONResponse(
            {
                "serial": added.serial,
                "user": added.user,
                "element": added.element,
                "suite": added.element.suite,
                "counter": 0,
                "vapid": _to_b64url(added.vapid),
            }
        )

    return router


def _bearer(authorization: str = Header("")) -> str:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise RegistrationUnknown(_NO_TOKEN)
    return token.strip()


def _sent(sent: Sent) -> Response:
    return JSONResponse(
        {"shown": sent.shown, "again_in": sent.again_in, "expires": written(sent.expires_at)}
    )


def _proved(proved: Proved) -> Response:
    return JSONResponse(
        {
            "exchange": _to_b64url(proved.exchange),
            "elements": [Element.WEBAUTHN, Element.PIN],
            "webauthn": proved.webauthn,
            "pin": "existing" if proved.pin_exists else "new",
            "user": proved.user,
            "suites": {each.value: each.suite for each in Element},
        }
    )


def _to_b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
