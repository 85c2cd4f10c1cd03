"""Soft PINs: exactly four digits, and none that anybody guesses first."""

from __future__ import annotations

import re

from ..errors import PinRefused

_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_ROUND = "01234567890"

# Neither a repeat nor a run, and yet among the first that people choose: rows of the keypad, a
# pair twice, round years.
_FAVOURITES = frozenset(
    (
        *("1212", "2121", "1313", "6969", "1122", "2211", "1221", "2112", "1010", "0101"),
        *("2580", "0852", "1470", "0741", "1379", "1397", "2468", "8642", "1357", "7531"),
        *("1004", "2000", "2001", "2020", "1999", "0007", "1100", "0011"),
    )
)


def check(pin: str) -> str:
    """Return the PIN, or raise PinRefused; the message never holds it."""
    if not _FOUR_DIGITS.fullmatch(pin):
        raise PinRefused("A PIN has exactly 4 digits: choose another.")
    if len(set(pin)) == 1 or pin in _ROUND or pin in _ROUND[::-1] or pin in _FAVOURITES:
        raise PinRefused("This PIN is one of the first that anybody tries: choose another.")
    return pin
