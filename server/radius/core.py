"""What a request asks for, and what an answer is worth: decided from data, without I/O.

A client that can be challenged sends the password first, then each answer with the State of the
challenge. One that cannot sends password and answer in one text, with its separator between them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..errors import AnswerMalformed, AnswerWrong, LoginError
from ..factors.kinds import DeviceKind
from ..login.offers import Offered
from . import texts
from .clients import Client, Rules
from .codec import Code, Reply, Request, Values

_NO_ECHO, _ECHO = 0, 1
_CALLER = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.:_-")
_LONGEST_CALLER = 64


@dataclass(frozen=True)
class Say:
    """There is nothing to decide."""

    reply: Reply


@dataclass(frozen=True)
class GivePassword:
    """The password alone: a login begins."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class GiveBoth:
    """Password and answer in one; without `answer` the password alone."""

    user: str
    password: str = field(repr=False)
    answer: str = field(repr=False)


@dataclass(frozen=True)
class GiveAnswer:
    """The answer to a challenge that was sent with this State."""

    user: str
    state: bytes = field(repr=False)
    text: str = field(repr=False)


Step = Say | GivePassword | GiveBoth | GiveAnswer


def step(request: Request, rules: Rules) -> Step:
    """Return what a request asks for."""
    if request.code is Code.STATUS_SERVER:
        return Say(Reply(Code.ACCESS_ACCEPT, {"Reply-Message": [texts.SERVED]}))
    if request.password is None:  # CHAP, EAP: the verifier knows hashes alone
        return Say(rejected(texts.NO_PASSWORD))
    if rules.separator is not None:
        password, answer = cut(request.password, rules.separator)
        return GiveBoth(request.user, password, answer)
    if request.state is not None:
        return GiveAnswer(request.user, request.state, request.password)
    return GivePassword(request.user, request.password)


def cut(text: str, separator: str) -> tuple[str, str]:
    """Return password and answer: what stands before and behind the last separator.

    Always the last one, for no answer has any: so there is one way to read a text, and a password
    with the separator in it has one more behind it, even where no answer follows.
    """
    password, found, answer = text.rpartition(separator)
    return (password, answer.strip()) if found else (text, "")


def caller(request: Request, client: Client, address: str) -> str:
    """Return where a person is: as the client says, where it is believed; else where it is."""
    told = (request.caller or "").strip()
    if client.rules.names_caller and 0 < len(told) <= _LONGEST_CALLER and set(told) <= _CALLER:
        return told
    return address


# --- an answer


@dataclass(frozen=True)
class Choose:
    """The person would rather use another device."""

    factor: str


@dataclass(frozen=True)
class Wait:
    """The phone was asked, and nothing was typed: its approval is waited for."""


@dataclass(frozen=True)
class Judge:
    """It is an answer, right or wrong."""

    text: str = field(repr=False)


def move(text: str, offered: Offered) -> Choose | Wait | Judge:
    """Return what is meant by what was typed at a challenge.

    No answer is spelled like a device: it has digits, or 6 or 12 characters that are no word.
    """
    typed = text.strip()
    if not typed and texts.is_pushed(offered.prompt):
        return Wait()
    wanted = typed.lower()
    if any(each.id == wanted and each.id != offered.factor.id for each in offered.factors):
        return Choose(wanted)
    return Judge(typed)


def can_be_judged(offered: Offered) -> bool:
    """Tell whether an answer can be right that was given before anybody saw the prompt.

    A temporary code is always the same, and a code card asks for the same pair until it is
    answered. To any other the answer belongs to a challenge that is over: it is not judged, for it
    would count as wrong.
    """
    return offered.factor.kind in {
        DeviceKind.TEMPORARY_CODE,
        DeviceKind.CODE_CARD,
        DeviceKind.ONLINE_CODE_CARD,
    }


# --- replies


def challenged(offered: Offered, state: bytes, now: datetime, before: str = "") -> Reply:
    """Return the Access-Challenge of a login; `state` names it to us."""
    left = max(1, int((offered.expires_at - now).total_seconds()))
    values: Values = {
        "Reply-Message": [texts.asked(offered, before)],
        "State": [state],
        "Prompt": [_NO_ECHO if texts.is_secret(offered.factor.kind) else _ECHO],
        "Session-Timeout": [left],
    }
    return Reply(Code.ACCESS_CHALLENGE, values)


def rejected(text: str) -> Reply:
    """Return an Access-Reject that says why."""
    return Reply(Code.ACCESS_REJECT, {"Reply-Message": [texts.said(text)]})


def refused(refusal: LoginError) -> Reply:
    """Return the Access-Reject of a refusal."""
    return rejected(str(refusal))


def again(refusal: AnswerWrong | AnswerMalformed) -> str | None:
    """Return what is said before the same challenge again; None where no try is left."""
    if isinstance(refusal, AnswerMalformed):
        return str(refusal)
    left = refusal.tries_left
    return f"{refusal} {left} more {'try' if left == 1 else 'tries'}." if left else None
