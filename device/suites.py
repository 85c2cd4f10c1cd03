"""What a card needs of a suite, and how long a challenge and a response are under it."""

from dataclasses import dataclass

from device.errors import SuiteUnsuitable
from protocol.ocra import OcraError, parse

#: What the fields on the glass have room for.
MOST_DIGITS = 10


@dataclass(frozen=True)
class Form:
    """Digits of the challenge and of the response."""

    challenge_length: int
    response_length: int


def form_of(suite: str) -> Form:
    """The form of a suite that this card can compute.

    Raises `SuiteUnsuitable` for any other: the pad has digits only, the card has no clock and no
    session, its counter makes every response new, and its PIN is part of every response.
    """
    try:
        parsed = parse(suite)
    except OcraError as error:
        raise SuiteUnsuitable(f"the suite {suite!r:.80} is not one of RFC 6287: {error}") from None
    lacks = [
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
    if lacks:
        raise SuiteUnsuitable(
            f"the suite {suite} does not fit this card: {', '.join(lacks)}; "
            "load a key with a suite such as OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256"
        )
    return Form(parsed.question_length, parsed.digits)
