"""The card as a second factor: OCRA with a counter, a numeric challenge and a soft PIN.

The verifier looks ahead from the counter it expects (RFC 6287 section 7.1 leaves it open how far)
and moves forward only on success. A card that ran away further comes back by two right answers
for consecutive counters on two different logins; the first of them is an ordinary wrong answer.
After a restore every card has to come back in this way (`resync`): codes that were accepted since
the backup are known to whoever saw them, and the restored counter is behind them. The challenges
of these two logins stay the same until they are answered, so that nobody waits for one that he has
seen answered.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from protocol import ocra

from ..errors import AnswerMalformed
from ..words import N_
from .interface import Prompt, Verdict

_ANSWER = re.compile(r"[0-9]{4,10}")


@dataclass(frozen=True)
class CardState:
    """What the verifier knows of a card.

    `counter` is the lowest that is still accepted. `far_counter` is the one that would confirm a
    card that ran away, when it comes on another login than `far_login_id`. `pin` is None where the
    suite has none. With `resync`, random bytes drawn by a restore, the counter came from a backup:
    no single response is accepted.
    """

    suite: str
    counter: int
    key: bytes = field(repr=False)
    pin: str | None = field(repr=False)
    far_counter: int | None = None
    far_login_id: str | None = None
    resync: bytes | None = None


@dataclass(frozen=True)
class CardRules:
    """How far the verifier looks: `window` beyond the counter, and `far` to find a lost card."""

    window: int
    far: int


def offer(state: CardState) -> Prompt:
    """Draw a challenge uniformly among the numbers of the suite's length with no leading zero.

    The RFC's padding makes some shorter numbers collide; among these none do.
    """
    lowest = 10 ** (ocra.parse(state.suite).question_length - 1)
    if state.resync is None:
        return {"challenge": str(lowest + secrets.randbelow(9 * lowest))}
    drawn = hmac.digest(state.key, state.resync + state.counter.to_bytes(8, "big"), "sha256")
    return {"challenge": str(lowest + int.from_bytes(drawn, "big") % (9 * lowest))}


def read(state: CardState, text: str) -> str:
    """Return the digits of a response typed with or without the space in its middle."""
    digits = ocra.parse(state.suite).digits
    half = digits // 2
    bare = text[:half] + text[half + 1 :] if text[half : half + 1] == " " else text
    if len(bare) != digits or not _ANSWER.fullmatch(bare):
        raise AnswerMalformed(
            N_("The response has %(digits)s digits, as the card shows them: type them all."),
            digits=digits,
        )
    return bare


def check(
    rules: CardRules, state: CardState, prompt: Prompt, answer: str, login_id: str
) -> Verdict[CardState]:
    """Judge a response; see the module's text for what is accepted."""
    challenge = str(prompt["challenge"])

    def fits(counter: int) -> bool:
        expected = ocra.response(
            state.suite, state.key, question=challenge, counter=counter, pin=state.pin
        )
        return hmac.compare_digest(expected, answer)

    if state.resync is None:
        for counter in range(state.counter, state.counter + rules.window + 1):
            if fits(counter):
                return Verdict(True, _moved(state, counter))
    far = state.far_counter
    if far is not None and far >= state.counter and state.far_login_id != login_id and fits(far):
        return Verdict(True, _moved(state, far))
    if state.resync is not None:
        return _first_after_a_restore(rules, state, fits, login_id)
    for counter in range(state.counter + rules.window + 1, state.counter + rules.far + 1):
        if fits(counter):
            return Verdict(False, replace(state, far_counter=counter + 1, far_login_id=login_id))
    return Verdict(False, state)


def _first_after_a_restore(
    rules: CardRules, state: CardState, fits: Callable[[int], bool], login_id: str
) -> Verdict[CardState]:
    """Find the counter of a response that is refused whatever it is, and never take it later."""
    for counter in range(state.counter, state.counter + max(rules.window, rules.far) + 1):
        if fits(counter):
            behind = replace(
                state, counter=counter + 1, far_counter=counter + 1, far_login_id=login_id
            )
            return Verdict(False, behind)
    return Verdict(False, state)


def _moved(state: CardState, used: int) -> CardState:
    return CardState(state.suite, used + 1, state.key, state.pin)
