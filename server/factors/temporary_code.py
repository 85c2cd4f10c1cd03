"""The temporary code as a second factor: one static code that the desk reads out to a caller.

Twelve characters, spoken as four groups of three. No two characters of the alphabet look alike,
and none is mistaken for another over a telephone: of each family of names that sound alike (B C D
E G P T V 3; A H J K 8; L M N; F S X; 5 9; I Y; O 0; Q U 2) one at most is in it.
Twelve characters out of 12 are 43 bits, drawn evenly. Only its keyed hash is stored.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field

from ..errors import AnswerMalformed
from ..words import N_
from .interface import Prompt

ALPHABET = "234679FKMRWY"
LENGTH = 12
_GROUP = 3
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_BETWEEN = re.compile(r"[ -]")
_MALFORMED = N_(
    "A temporary code has four groups of three characters. Type it as the desk read it out."
)


@dataclass(frozen=True)
class TemporaryCodeState:
    """What the verifier knows of a temporary code; None where the code has ended."""

    device_id: int
    code_hash: bytes | None = field(repr=False)


def draw() -> str:
    """Make a new code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def spoken(code: str) -> str:
    """Return a code in its groups: `K4M 7RW 2F9 Y36`."""
    return " ".join(code[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))


def offer() -> Prompt:
    """Ask for the code, whose length is all that is told of it."""
    return {"code": LENGTH}


def read(text: str) -> str:
    """Return a code in capitals without what stands between its groups, or refuse it."""
    bare = _BETWEEN.sub("", text).upper()
    if not _CODE.fullmatch(bare):
        raise AnswerMalformed(_MALFORMED)
    return bare


def check(state: TemporaryCodeState, given_hash: bytes) -> bool:
    """Tell whether a code's hash is the stored one, in constant time."""
    return state.code_hash is not None and hmac.compare_digest(state.code_hash, given_hash)
