"""Phone numbers: read from a country and digits, and shown with nearly all of it hidden."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from ..errors import NotTaken
from ..words import N_

_DIGITS = re.compile(r"[0-9]{4,15}")
_MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
_NO_COUNTRY = N_("Choose the country of the number from the list.")
_NO_DIGITS = N_("Type the number with digits alone: no spaces, no +, no brackets.")
_TRUNK = N_(
    "Leave the %(prefix)s at the beginning away: it is dialled within the country alone, and is no "
    "part of the number."
)
_NO_NUMBER = N_("There is no such phone number in this country: compare it with your phone.")
_NOT_MOBILE = N_("This is not the number of a mobile phone: no SMS can reach it.")


def read(country: str, digits: str) -> str:
    """Return a number as E.164 (`+61491570156`); `country` as ISO 3166-1 alpha-2.

    Raises NotTaken, which repeats nothing of the number.
    """
    code = phonenumbers.country_code_for_region(country)
    if not code:
        raise NotTaken(_NO_COUNTRY, field="country")
    if not _DIGITS.fullmatch(digits):
        raise NotTaken(_NO_DIGITS, field="digits")
    written = f"+{code}{digits}"
    try:
        number = phonenumbers.parse(written)
    except NumberParseException:
        raise NotTaken(_NO_NUMBER, field="digits") from None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if e164 != written:  # the library has left something away that is no part of the number
        prefix = digits.removesuffix(e164.removeprefix(f"+{code}"))
        raise NotTaken(_TRUNK, field="digits", prefix=prefix)
    if not phonenumbers.is_valid_number(number):
        raise NotTaken(_NO_NUMBER, field="digits")
    if phonenumbers.number_type(number) not in _MOBILE:
        raise NotTaken(_NOT_MOBILE, field="digits")
    return e164


def shown(number: str) -> str:
    """Return a number as whoever knows it recognises it: `+1 ••• ••• ••23`."""
    try:
        code = f"+{phonenumbers.parse(number).country_code} "
    except NumberParseException:
        code = ""
    return f"{code}••• ••• ••{number[-2:]}"
