"""What a page says of an answer to a proof that was not right."""

from __future__ import annotations

from ..errors import AnswerWrong, Refusal
from . import language


def problem_of(refusal: Refusal) -> str:
    """Return the sentence, with the tries that are left."""
    if not isinstance(refusal, AnswerWrong):
        return language.said(refusal)
    tries = language.ngettext("%(num)s more try", "%(num)s more tries", refusal.tries_left)
    return f"{language.said(refusal)} {tries % {'num': refusal.tries_left}}."
