"""The page of a question within a session: a device answers once more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.responses import Response

from .. import errors, language
from ..clock import Clock, written
from ..login.proofs import Asked
from ..web.problems import STATUS
from ..words import N_
from .shell import Visit

T = TypeVar("T")

_OVER = (errors.LoginDecided, errors.LoginExpired, errors.NoSuchLogin)
_NO_MORE_TRIES = N_("The response was not right, and there are no more tries on this challenge.")
_ONE_MORE = N_("The response is not right. One more try on this challenge.")
_MORE = N_("The response is not right. %(tries)s more tries on this challenge.")


@dataclass(frozen=True)
class Question:
    """What stands around a question: a title, a sentence, the button's word, and two ways out.

    `start`: where it began; `leave`: where to go without an answer.
    """

    title: str
    text: str
    button: str
    start: str
    leave: str = "/devices"


def ask_page(
    visit: Visit,
    clock: Clock,
    question: Question,
    show: Callable[[], Asked],
    refusal: errors.Refusal | None = None,
) -> Response:
    """Return the page that asks, with what was wrong with the answer before; or that it is over."""
    try:
        asked = show()
    except _OVER as over:
        if isinstance(refusal, errors.AnswerWrong):
            return _over(visit, question, STATUS[errors.AnswerWrong][0], _NO_MORE_TRIES)
        return _over(visit, question, STATUS[type(over)][0], over.text)
    status = 200 if refusal is None else STATUS[type(refusal)][0]
    left = max(0, int((asked.expires_at - clock.now()).total_seconds()))
    return visit.page(
        "proof",
        status,
        question=question,
        asked=asked,
        problem=_problem(refusal),
        seconds_left=left,
        expires=written(asked.expires_at),
        expires_text=f"{asked.expires_at:%H:%M:%S} UTC",
    )


def take_answer(
    visit: Visit,
    clock: Clock,
    question: Question,
    show: Callable[[], Asked],
    answer: Callable[[str], T],
    done: Callable[[T], str],
) -> Response:
    """Have an answer decided: on to where `done` says when it is right, else the page again."""
    text = visit.fields.get("answer", "").strip(" ")
    try:
        given = answer(text)
    except (errors.AnswerMalformed, errors.AnswerWrong) as refusal:
        return ask_page(visit, clock, question, show, refusal)
    except _OVER as over:
        return _over(visit, question, STATUS[type(over)][0], over.text)
    return visit.go(done(given))


def _problem(refusal: errors.Refusal | None) -> str:
    if refusal is None:
        return ""
    if isinstance(refusal, errors.AnswerWrong):
        if refusal.tries_left == 1:
            return language.gettext(_ONE_MORE)
        return language.gettext(_MORE) % {"tries": refusal.tries_left}
    return language.said(refusal)


def _over(visit: Visit, question: Question, status: int, text: str) -> Response:
    return visit.page("proof_over", status, question=question, text=text)
