"""The calls: each reads its parameters, has `applications` decide, and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

import structlog
from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from .. import errors
from ..applications.applications import Application, May
from ..applications.validations import Accepted, Caller
from ..audit.events import Event
from ..login.ledger import LoginState
from ..login.offers import Offered
from ..threads import aside
from ..verifier import Verifier
from ..web.agent import shortened
from ..web.peer import address
from . import answers, devices, parameters, words
from .answers import Authentication
from .errors import (
    ApiError,
    AuthError,
    MissingAuthorization,
    MissingUsername,
    NotAuthorization,
    NotOffered,
    ParameterError,
    PolicyError,
    ServerFault,
    WrongCredentials,
)
from .parameters import Parameters

_log = structlog.get_logger()
_BOTH = ("GET", "POST")
_STATUS = {
    LoginState.APPROVED: "accept",
    LoginState.DENIED: "declined",
}
_NO_HEADER = "Authentication failure. Missing Authorization header."
_NOT_VALID = "Authentication failure. The Authorization token is not valid, or not any more."
_WRONG = "Authentication failure. Wrong credentials"
_NO_NAME = "Authentication failure. Missing Username"
_NO_RIGHT = "The application may not do this: its right `validate` is missing."
_NOT_HERE = "This verifier does not offer this call."
_NO_OFFLINE = "Token is not an offline token or refill token is incorrect"
_NOT_ENROLLED = "Devices are not enrolled over this API: their owners request them in the portal."
_WHO = "You need to specify a serial, user or credential_id."
_NO_PASSKEY = "Passkeys are not offered: leave out credential_id, and send pass."

Call = Callable[[Request], Awaitable[Response]]


def routes(verifier: Verifier) -> APIRouter:
    """Return the calls `/auth`, `/validate/...` and `/token/...`."""
    router = APIRouter(tags=["validate"])
    calls = _Calls(verifier)

    def add(path: str, call: Call, methods: tuple[str, ...] = _BOTH) -> None:
        for method in methods:  # each an operation of its own in the API's description
            router.add_api_route(
                path,
                calls.answering(call),
                methods=[method],
                name=call.__name__,
                summary=(call.__doc__ or "").partition("\n")[0].removesuffix("."),
                include_in_schema="{rest:path}" not in path,  # what is not offered is none
            )

    add("/auth", calls.auth, ("POST",))
    add("/validate/check", calls.check)
    add("/validate/samlcheck", calls.samlcheck)
    add("/validate/radiuscheck", calls.radiuscheck)
    add("/validate/triggerchallenge", calls.trigger)
    add("/validate/polltransaction", calls.poll, ("GET",))
    add("/validate/polltransaction/{transaction}", calls.poll, ("GET",))
    add("/validate/offlinerefill", calls.refill, ("POST",))
    add("/validate/{rest:path}", calls.nothing)
    add("/token/", calls.tokens, ("GET",))
    add("/token/{rest:path}", calls.enrolment, ("GET", "POST", "PUT", "DELETE"))
    return router


class _Calls:
    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier

    def answering(self, call: Call) -> Call:
        """Answer a call's errors in that API's way too."""
        clock = self._verifier.clock

        async def answer(request: Request) -> Response:
            try:
                return await call(request)
            except ApiError as error:
                return answers.error(clock.now(), error)
            except SQLAlchemyError as error:
                _log.error("validate.failed", failure=type(error).__name__)
                return answers.error(clock.now(), ServerFault("The database does not answer."))

        return answer

    # --- who calls

    async def auth(self, request: Request) -> Response:
        """Give an application a pass for its name and token."""
        given = await parameters.read(request)
        name = given.get("username")
        if name is None:
            raise MissingUsername(_NO_NAME)
        verifier = self._verifier
        try:
            found = await verifier.applications.of_token(
                given.get("password") or "", self._address(request), lambda one: one.name == name
            )
        except errors.CredentialRefused:
            raise WrongCredentials(_WRONG) from None
        except errors.SlowDown as refusal:
            raise AuthError(str(refusal)) from None
        value = {
            "log_level": 30,
            "menus": [],
            "realm": "",
            "rights": ["triggerchallenge", "tokenlist"] if May.VALIDATE in found.may else [],
            "role": "admin",
            "token": verifier.passes.make(found),
            "username": found.name,
        }
        return answers.result(verifier.clock.now(), value)

    async def _caller(self, request: Request, given: Parameters, needed: bool) -> Caller:
        """Return who calls: where it is `needed`, an application with the right `validate`.

        A pass that is shown must be one, whether it is needed or not.

        An application is believed from which address its user comes (`client`).
        """
        text = request.headers.get("pi-authorization") or request.headers.get("authorization")
        origin = self._address(request)
        agent = shortened(request.headers.get("user-agent", ""))
        if not text:
            if needed:
                raise MissingAuthorization(_NO_HEADER)
            return Caller(None, origin, agent)
        scheme, _, rest = text.partition(" ")
        token = rest.strip() if scheme.lower() == "bearer" else text
        try:
            found = await self._verifier.applications.of_token(token, origin)
        except errors.CredentialRefused:
            raise NotAuthorization(_NOT_VALID) from None
        except errors.SlowDown as refusal:
            raise AuthError(str(refusal)) from None
        may = May.VALIDATE in found.may
        if needed and not may:
            await aside.run(self._note, found)
            raise PolicyError(_NO_RIGHT)
        client = given.get("client")
        if client is not None and may:
            with suppress(ValueError):  # some send a telephone number, or a MAC address
                origin = str(ip_address(client))
        return Caller(found, origin, agent)

    async def _application(self, request: Request, given: Parameters) -> Application:
        caller = await self._caller(request, given, needed=True)
        assert caller.application is not None  # noqa: S101 - it was needed
        return caller.application

    def _note(self, found: Application) -> None:
        verifier = self._verifier
        with verifier.database.writing() as connection:
            now, what = verifier.clock.now(), May.VALIDATE.value
            verifier.audit.write(connection, now, Event.NOT_ALLOWED, found.actor, what=what)

    def _address(self, request: Request) -> str:
        return address(request, self._verifier.settings.trusted_proxies)

    # --- /validate

    async def check(self, request: Request) -> Response:
        """Check a password, or an answer to a challenge."""
        given = await parameters.read(request)
        return self._told(await self._outcome(request, given))

    async def samlcheck(self, request: Request) -> Response:
        """Check likewise, and tell who it is."""
        given = await parameters.read(request)
        outcome = await self._outcome(request, given)
        attributes = {"realm": "", "resolver": ""}
        if isinstance(outcome, Accepted):
            attributes["username"] = outcome.user
        return self._told(
            outcome,
            lambda accepted: {"auth": accepted, "attributes": attributes if accepted else {}},
        )

    async def radiuscheck(self, request: Request) -> Response:
        """Check likewise: 204 for who is let in, 400 for all others, and no body."""
        try:
            outcome = await self._outcome(request, await parameters.read(request))
        except (ApiError, SQLAlchemyError):
            return Response(status_code=400)
        return Response(status_code=204 if isinstance(outcome, Accepted) else 400)

    async def trigger(self, request: Request) -> Response:
        """Ask a user's device, for an application that has checked him itself."""
        given = await parameters.read(request)
        caller = await self._caller(request, given, needed=True)
        user, serial = _who(given)
        now = self._verifier.clock.now
        try:
            asked = await aside.run(self._verifier.validations.trigger, user, serial, caller)
        except errors.CredentialRefused:
            raise NotAuthorization(_NOT_VALID) from None
        except errors.LoginError as refusal:
            nobody = {
                "message": str(refusal),
                "messages": [],
                "multi_challenge": [],
                "transaction_ids": [],
            }
            return answers.result(now(), 0, nobody, Authentication.REJECT)
        detail = words.detail(asked)
        count = len(words.challenges(asked))
        return answers.result(now(), count, detail, Authentication.CHALLENGE)

    async def poll(self, request: Request) -> Response:
        """Tell whether the phone has approved."""
        given = await parameters.read(request)
        await self._caller(request, given, self._verifier.settings.validate_needs_credential)
        transaction = request.path_params.get("transaction") or given.needed("transaction_id")
        state = await aside.run(self._verifier.validations.state, transaction)
        status = "pending" if state is None else _STATUS.get(state, "pending")
        authentication = {
            "accept": Authentication.ACCEPT,
            "declined": Authentication.DECLINED,
            "pending": Authentication.REJECT,
        }[status]
        return answers.result(
            self._verifier.clock.now(),
            status == "accept",
            {"challenge_status": status},
            authentication,
        )

    async def refill(self, request: Request) -> Response:
        """Refuse: no device here answers without the verifier."""
        await parameters.read(request)
        raise ParameterError(_NO_OFFLINE)

    async def nothing(self, request: Request) -> Response:
        """Say that there is no such call here."""
        raise NotOffered(_NOT_HERE)

    # --- /token

    async def tokens(self, request: Request) -> Response:
        """List a user's devices."""
        given = await parameters.read(request)
        by = await self._application(request, given)
        user, serial = _who(given)
        value = await aside.run(devices.listed, self._verifier, by, user, serial)
        return answers.result(self._verifier.clock.now(), value)

    async def enrolment(self, request: Request) -> Response:
        """Refuse whatever would change a device."""
        await self._application(request, await parameters.read(request))
        raise PolicyError(_NOT_ENROLLED)

    # --- within

    async def _outcome(
        self, request: Request, given: Parameters
    ) -> Offered | Accepted | errors.Refusal:
        needed = self._verifier.settings.validate_needs_credential
        caller = await self._caller(request, given, needed)
        user, serial = _who(given)
        if given.get("credential_id") or given.get("credentialid"):
            raise ParameterError(_NO_PASSKEY)
        text = given.needed("pass", empty=True)
        transaction = given.get("transaction_id") or given.get("state")
        validations = self._verifier.validations
        try:
            if transaction is None:
                return await validations.password(user, serial, text, caller)
            if not text:
                return await aside.run(validations.finish, transaction, user, serial, caller)
            return await aside.run(
                validations.answer, transaction, text.strip(" "), user, serial, caller
            )
        except (errors.LoginError, errors.NotAllowed) as refusal:
            return refusal

    def _told(
        self,
        outcome: Offered | Accepted | errors.Refusal,
        value: Callable[[bool], object] = lambda accepted: accepted,
    ) -> Response:
        now = self._verifier.clock.now()
        if isinstance(outcome, Offered):
            return answers.result(
                now, value(False), words.detail(outcome), Authentication.CHALLENGE
            )
        if isinstance(outcome, Accepted):
            found = {
                "message": "matching 1 tokens",
                "serial": outcome.serial or "",
                "type": words.TYPES[outcome.kind],
                "user": {"username": outcome.user},
            }
            return answers.result(now, value(True), found, Authentication.ACCEPT)
        headers = {}
        if isinstance(outcome, errors.SlowDown):
            headers["Retry-After"] = str(outcome.retry_after)
        detail = {"message": str(outcome)}
        return answers.result(now, value(False), detail, Authentication.REJECT, headers)


def _who(given: Parameters) -> tuple[str | None, str | None]:
    """Return the user and the serial, of which one must be there."""
    user, serial = given.get("user"), given.get("serial")
    if user is None and serial is None:
        raise ParameterError(_WHO)
    return user, serial
