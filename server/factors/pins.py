"""PINs: four digits for a card, four to six letters or digits for a phone; none easily guessed."""

from __future__ import annotations

import re

from ..errors import PinRefused

_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_PHONE = re.compile(r"[0-9A-Za-z]{4,6}")
_ROUND = "01234567890"
# Rows of letters as they stand in the alphabet and on a keyboard, and of a keypad's digits.
_ROWS = (_ROUND, "abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop")

# Neither a repeat nor a run, and yet among the first that people choose: rows of the keypad, a
# pair twice, round years.
_FAVOURITES = frozenset(
    (
        *("1212", "2121", "1313", "6969", "1122", "2211", "1221", "2112", "1010", "0101"),
        *("2580", "0852", "1470", "0741", "1379", "1397", "2468", "8642", "1357", "7531"),
        *("1004", "2000", "2001", "2020", "1999", "0007", "1100", "0011"),
    )
)


# The same for five and six characters, and for words.
_LONGER = frozenset(
    (
        *("12321", "13579", "24680", "11223", "54545", "14789", "15935", "25800"),
        *("112233", "332211", "123321", "147258", "258369", "159753", "159357", "102030"),
        *("246810", "147852", "789456", "456789", "200000", "100000", "202020"),
        *("pass", "love", "home", "test", "user", "admin", "login", "money", "hello", "angel"),
        *("secret", "letmei", "dragon", "monkey", "master", "iloveu", "passwd", "qazwsx"),
        *("abc123", "123abc", "a1b2", "a1b2c3", "1q2w", "1q2w3e", "1qaz", "qwe123", "pass1"),
    )
)


def is_phone_pin(pin: str) -> bool:
    """Tell whether a PIN has the shape of a phone's: 4 to 6 letters or digits."""
    return _PHONE.fullmatch(pin) is not None


def is_easy(pin: str) -> bool:
    """Tell whether a PIN of a phone is one of the first that anybody tries, in whatever case."""
    plain = pin.lower()
    return (
        len(set(plain)) <= 1
        or any(plain in row or plain in row[::-1] for row in _ROWS)
        or plain in _FAVOURITES
        or plain in _LONGER
        or (
            len(plain) in {4, 6} and len(set(plain)) == 2 and plain[:2] * (len(plain) // 2) == plain
        )
        or (len(plain) == 6 and plain[:3] == plain[3:])
    )


def check(pin: str) -> str:
    """Return the PIN, or raise PinRefused; the message never holds it."""
    if not _FOUR_DIGITS.fullmatch(pin):
        raise PinRefused("A PIN has exactly 4 digits: choose another.")
    if len(set(pin)) == 1 or pin in _ROUND or pin in _ROUND[::-1] or pin in _FAVOURITES:
        raise PinRefused("This PIN is one of the first that anybody tries: choose another.")
    return pin
