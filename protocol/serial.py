"""Serial numbers of cards: `CH`, seven digits, and a check digit.

The check digit is Damm's (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004): it finds
every single wrong digit and every swap of neighbours, which are the slips of people reading a
serial aloud to a support desk.
"""

from __future__ import annotations

import re
import secrets

from .errors import SerialError

_SHAPE = re.compile(r"CH[0-9]{8}")
_NUMBERS = 10_000_000

# The totally anti-symmetric quasigroup of order 10 given in Damm's thesis.
_TABLE = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)


def make(number: int) -> str:
    """Return the serial for a number 0..9999999."""
    if not 0 <= number < _NUMBERS:
        raise SerialError("a serial's number must be 0 to 9999999")
    digits = f"{number:07}"
    return f"CH{digits}{_interim(digits)}"


def random() -> str:
    """Return a serial drawn from the operating system's randomness."""
    return make(secrets.randbelow(_NUMBERS))


def check(text: str) -> str:
    """Return the serial in its one spelling (`CH` and 8 digits), or raise SerialError."""
    serial = re.sub(r"[ -]", "", text).upper()
    if not _SHAPE.fullmatch(serial):
        raise SerialError("a card's serial is CH and 8 digits, such as CH00000018")
    if _interim(serial[2:]) != "0":
        raise SerialError("the serial's check digit does not fit: a digit is mistyped")
    return serial


def _interim(digits: str) -> str:
    interim = "0"
    for digit in digits:
        interim = _TABLE[int(interim)][int(digit)]
    return interim
