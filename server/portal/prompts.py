"""What the login page says for each kind of device: its template, and after a wrong answer."""

from __future__ import annotations

from .. import errors, language
from ..factors.kinds import PROTECTION, DeviceKind
from ..login.offers import Choice

_TEMPLATES = {
    DeviceKind.CARD: "answer",
    DeviceKind.MOBILE_KEY: "answer_mobile_key",
    DeviceKind.CODE_CARD: "answer_code_card",
    DeviceKind.ONLINE_CODE_CARD: "answer_code_card",
    DeviceKind.TEMPORARY_CODE: "answer_temporary_code",
    DeviceKind.SMS_CODE: "answer_sms_code",
}


def template(kind: DeviceKind) -> str:
    """Return the name of the template that asks for an answer of this kind."""
    return _TEMPLATES[kind]


def ranked(factors: tuple[Choice, ...]) -> list[Choice]:
    """Return devices to choose among, the highest protection first."""
    return sorted(factors, key=lambda each: PROTECTION.index(each.kind))


def problem(kind: DeviceKind, refusal: errors.Refusal | None, locked: bool) -> str:
    """Return what is said beside the field after an answer was refused."""
    if refusal is None or locked:
        return ""
    if not isinstance(refusal, errors.AnswerWrong):
        return language.said(refusal)
    left = refusal.tries_left
    if kind is DeviceKind.CARD:
        text = language.ngettext(
            "The response is not right. One more try on this challenge: compare what you typed "
            "with the card, or press it again and give it your PIN and this challenge anew.",
            "The response is not right. %(left)s more tries on this challenge: compare what you "
            "typed with the card, or press it again and give it your PIN and this challenge anew.",
            left,
        )
    elif kind is DeviceKind.MOBILE_KEY:
        text = language.ngettext(
            "The passcode is not right. One more try on this challenge: compare what you typed "
            "with the phone, or give it this challenge anew.",
            "The passcode is not right. %(left)s more tries on this challenge: compare what you "
            "typed with the phone, or give it this challenge anew.",
            left,
        )
    elif kind is DeviceKind.SMS_CODE:
        text = language.ngettext(
            "The code is not right. One more try on this login: compare it with the last SMS.",
            "The code is not right. %(left)s more tries on this login: compare it with the last "
            "SMS.",
            left,
        )
    elif kind is DeviceKind.TEMPORARY_CODE:
        text = language.ngettext(
            "The code is not right. One more try on this login: compare what you typed with what "
            "the desk read out.",
            "The code is not right. %(left)s more tries on this login: compare what you typed "
            "with what the desk read out.",
            left,
        )
    else:
        text = language.ngettext(
            "The values are not right. One more try on this login: look both numbers up again, "
            "the left one first.",
            "The values are not right. %(left)s more tries on this login: look both numbers up "
            "again, the left one first.",
            left,
        )
    return text % {"left": left}
