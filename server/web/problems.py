"""Errors as `application/problem+json` (RFC 9457): a status, a name, and a sentence.

Nothing that was sent is repeated, so that no password comes back in an error or a log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

from .. import errors
from ..words import N_

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.Refusal], tuple[int, str, str]] = {
    errors.PasswordRefused: (401, "password-refused", N_("User name or password not right")),
    errors.SlowDown: (429, "slow-down", N_("Too many attempts")),
    errors.NoSuchLogin: (404, "no-such-login", N_("No such login")),
    errors.NoSuchFactor: (404, "no-such-factor", N_("No such factor")),
    errors.LoginDecided: (409, "login-decided", N_("Login already decided")),
    errors.LoginDenied: (409, "login-denied", N_("Login denied")),
    errors.ApprovalRefused: (401, "approval-refused", N_("Approval not valid")),
    errors.KeyCopied: (403, "key-copied", N_("Mobile key suspended")),
    errors.LoginExpired: (410, "login-expired", N_("Challenge expired")),
    errors.NotAnswered: (409, "not-answered", N_("Not answered yet")),
    errors.DeviceLocked: (423, "device-locked", N_("Device locked")),
    errors.AnswerMalformed: (422, "answer-malformed", N_("Not an answer")),
    errors.AnswerWrong: (401, "answer-wrong", N_("Wrong answer")),
    errors.NoUsableDevice: (403, "no-usable-device", N_("No usable device")),
    errors.NotAllowed: (403, "not-allowed", N_("Not allowed")),
    errors.NotThere: (404, "not-there", N_("Not there")),
    errors.IllegalMove: (409, "illegal-move", N_("Not possible now")),
    errors.NotTaken: (422, "not-taken", N_("Not taken")),
    errors.SessionUnknown: (401, "no-session", N_("No session")),
    errors.KeyUnknown: (401, "key-unknown", N_("Phone not known")),
    errors.KeyRevoked: (410, "key-revoked", N_("Mobile key ended")),
    errors.RegistrationUnknown: (401, "no-registration", N_("No registration")),
    errors.RegistrationOver: (410, "registration-over", N_("Registration over")),
    errors.NumberNotOnRecord: (403, "number-not-on-record", N_("Not the number on record")),
    errors.NoSms: (503, "no-sms", N_("No SMS")),
    errors.TooSoon: (429, "too-soon", N_("Too soon")),
    errors.TokenExpired: (410, "token-expired", N_("Token expired")),
    errors.TokenWrong: (401, "token-wrong", N_("Wrong token")),
    errors.PinWrong: (401, "pin-wrong", N_("Wrong PIN")),
    errors.CredentialRefused: (401, "credential-refused", "Credential not valid"),
    errors.NoConfirmingDevice: (409, "no-confirming-device", "No device that can confirm"),
    errors.RecordRefused: (422, "record-refused", "Not a usable record"),
    errors.NoSuchOwner: (404, "no-such-user", "No such user"),
    errors.NoSuchRecord: (404, "no-such-card", "No such card"),
    errors.NoSuchOrder: (404, "no-such-order", "No such order"),
    errors.CardActive: (409, "card-active", "Card active already"),
    errors.RecordConflict: (409, "card-conflict", "Another card stands there"),
}
"""What each refusal is called to the outside: status, name, title."""

_PLAIN = {
    400: ("bad-request", "Bad request", "The request cannot be read. Correct it and try again."),
    404: ("not-found", "Not found", "There is nothing at this address. Check it."),
    405: ("method-not-allowed", "Method not allowed", "This address is asked in another way."),
    503: (
        "unavailable",
        "Not available",
        "Nothing can be decided at this moment: the database does not answer. Try again shortly.",
    ),
    500: ("failure", "Failure", "Something failed here. Try again; if it stays, tell the desk."),
}


def problem(
    status: int,
    name: str,
    title: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """Return an error's answer."""
    content = {
        "type": f"urn:challng:problem:{name}",
        "title": title,
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(json.dumps(content), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_refusal(refusal: errors.Refusal, said: str | None = None) -> Response:
    """Return the answer for a refusal; `said` is its sentence in the language of a person."""
    status, name, title = STATUS[type(refusal)]
    headers = {}
    more: dict[str, object] = {} if said is None else {"said": said}
    if isinstance(refusal, errors.SlowDown | errors.TooSoon):
        headers["Retry-After"] = str(refusal.retry_after)
    if isinstance(refusal, errors.SessionUnknown | errors.CredentialRefused):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(refusal, errors.AnswerWrong | errors.TokenWrong):
        more["tries_left"] = refusal.tries_left
    if isinstance(refusal, errors.NotTaken) and refusal.field is not None:
        more["field"] = refusal.field
    return problem(status, name, title, str(refusal), headers, **more)


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer for a bare status, such as 404 for an unknown address."""
    name, title, detail = _PLAIN.get(status, _PLAIN[400])
    return problem(status, name, title, detail, headers)
