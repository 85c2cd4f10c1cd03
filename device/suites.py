"""How long a challenge and a response are under a slot's suite."""

from dataclasses import dataclass

from device.errors import SuiteUnsuitable
from protocol import card_suite
from protocol.errors import OcraError


@dataclass(frozen=True)
class Form:
    """Digits of the challenge and of the response."""

    challenge_length: int
    response_length: int


def form_of(suite: str) -> Form:
    """The form of a suite that a card can compute; raises `SuiteUnsuitable` for any other."""
    try:
        parsed = card_suite.check(suite)
    except OcraError as error:
        raise SuiteUnsuitable(f"{error}: load a new key") from None
    return Form(parsed.question_length, parsed.digits)
