"""Which OCRA suites a card can do: it has a keypad, a counter and a PIN, but no clock."""

from __future__ import annotations

from . import ocra
from .errors import OcraError, SuiteUnsuitable

MOST_DIGITS = 10
"""The longest challenge and response: what a person types, and what the glass has room for."""


def check(suite: str) -> ocra.Suite:
    """Return the parsed suite if a card can use it, else raise SuiteUnsuitable with every reason.

    A card types digits, its counter makes every response new, and its PIN is part of every one.
    """
    try:
        parsed = ocra.parse(suite)
    except OcraError as error:
        raise SuiteUnsuitable(f"the suite is not one of RFC 6287: {error}") from None
    reasons = [
        sentence
        for wrong, sentence in (
            (not parsed.counter, "it has no counter (C)"),
            (parsed.question_format != "N", "its challenge is not digits (QN)"),
            (parsed.question_length > MOST_DIGITS, f"its challenge is over {MOST_DIGITS} digits"),
            (parsed.pin_hash is None, "it has no PIN (P)"),
            (parsed.session_length is not None, "it wants session data (S)"),
            (parsed.timestep_seconds is not None, "it wants a clock (T)"),
            (parsed.digits == 0, "its response is not cut to digits"),
        )
        if wrong
    ]
    if reasons:
        raise SuiteUnsuitable(
            f"the suite {suite} does not fit a card: {', '.join(reasons)}; "
            f"use one such as {ocra.DEFAULT_SUITE}"
        )
    return parsed
