"""The code card as a second factor: two of its 224 values are asked for by their index numbers.

A value has three characters of an alphabet of 19, without look-alikes and without vowels (no value
is a word): 12.7 bits a value, 25.5 bits an answer. A pair that was asked is asked again at every
login until it is answered right, so that nobody tries until he is asked for indexes he knows; or
until the device locks. A pair that was accepted is never asked again. There are 24,976 of them:
a card that has used them all (at ten logins a day after seven years) is refused, and asks for a
new card.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ..errors import AnswerMalformed, LoginDecided, NoUsableDevice
from ..words import N_
from .interface import Prompt, Question, Verdict

ALPHABET = "34679CDFHJKMNPRTWXY"
ENTRIES = 224
LENGTH = 3
PAIRS = ENTRIES * (ENTRIES - 1) // 2

Pair = tuple[int, int]
"""Two different index numbers, counted from 1."""

_VALUE = f"[{ALPHABET}]{{{LENGTH}}}"
_ANSWER = re.compile(f"({_VALUE}) *({_VALUE})")
_MALFORMED = N_(
    "An answer has the two values of your code card, three characters each, 6 in all. "
    "Characters that look alike are on no card."
)
_ANSWERED = N_(
    "These two values were accepted already, on another login of yours. Start again: you will be "
    "asked for others."
)
_USED_UP = N_("This code card has been used up. Log in with another device, or call the desk.")


@dataclass(frozen=True)
class CodeCardState:
    """What the verifier knows of a code card.

    `asked` is the pair that stays asked, in the order in which it is shown; `used` are the pairs
    that were accepted, lower index first, known only while no pair is asked.
    """

    values: Sequence[str] = field(repr=False)
    asked: Pair | None = None
    used: frozenset[Pair] = frozenset()


def draw() -> tuple[str, ...]:
    """Make the values of a new card, each drawn evenly and by itself."""
    return tuple("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(ENTRIES))


def ordered(pair: Pair) -> Pair:
    """Return a pair with the lower index first: asked either way round it is the same one."""
    return min(pair), max(pair)


def offer(state: CodeCardState) -> Question[CodeCardState]:
    """Ask for the pair that is still to be answered, or draw one that never was accepted."""
    pair = state.asked or _draw_pair(state.used)
    return Question(_prompt(pair), replace(state, asked=pair, used=frozenset()))


def read(text: str) -> str:
    """Return the six characters of an answer in capitals, or raise AnswerMalformed."""
    found = _ANSWER.fullmatch(text.strip(" ").upper())
    if found is None:
        raise AnswerMalformed(_MALFORMED)
    return found[1] + found[2]


def check(state: CodeCardState, prompt: Prompt, answer: str) -> Verdict[CodeCardState]:
    """Judge an answer; raises LoginDecided where its pair was accepted on another login.

    A right answer ends the asking of its pair; a wrong one leaves it asked.
    """
    if state.asked is None or prompt != _prompt(state.asked):
        raise LoginDecided(_ANSWERED)
    expected = "".join(state.values[index - 1] for index in state.asked)
    if hmac.compare_digest(expected.encode("ascii"), answer.encode("ascii")):
        return Verdict(True, replace(state, asked=None))
    return Verdict(False, state)


def _prompt(pair: Pair) -> Prompt:
    return {"indexes": list(pair)}


def _draw_pair(used: frozenset[Pair]) -> Pair:
    if len(used) >= PAIRS:
        raise NoUsableDevice(_USED_UP)
    while True:
        first = secrets.randbelow(ENTRIES) + 1
        second = secrets.randbelow(ENTRIES - 1) + 1
        second += second >= first
        if ordered((first, second)) not in used:
            return first, second
