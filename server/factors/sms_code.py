"""A code by SMS as a second factor, for whoever has no device yet: six digits for each login."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ..errors import AnswerMalformed
from ..words import N_

_CODE = re.compile(r"[0-9]{6}")
_MALFORMED = N_("The code has 6 digits, as the SMS shows them: type them all.")


@dataclass(frozen=True)
class SmsCodeState:
    """What the verifier knows: how many codes were sent since the last right one, the last when."""

    number: str | None = field(repr=False)
    sends: int
    sent_at: datetime | None


@dataclass(frozen=True)
class SmsRules:
    """How long after each message the next may leave; after `most` of them it is a day."""

    pauses: tuple[int, ...]
    most: int


def read(text: str) -> str:
    """Return the digits of a code typed with or without a space in its middle."""
    bare = text[:3] + text[4:] if text[3:4] == " " else text
    if not _CODE.fullmatch(bare):
        raise AnswerMalformed(_MALFORMED)
    return bare


def wait(rules: SmsRules, state: SmsCodeState, now: datetime) -> int:
    """Return the whole seconds until another message may leave; 0 is now."""
    if state.sent_at is None or not state.sends:
        return 0
    pause = timedelta(days=1)
    if state.sends < rules.most:
        pause = timedelta(seconds=rules.pauses[min(state.sends, len(rules.pauses)) - 1])
    left = state.sent_at + pause - now
    return max(0, -(-left // timedelta(seconds=1)))
