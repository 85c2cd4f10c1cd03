"""What a PIN may not be, beside the easy ones: anything that is known about its owner.

A card's has four digits, a phone's four to six letters or digits; what is known is the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import permutations, product

from ..accounts.people import Contact, Identification
from ..errors import NotTaken, PinRefused
from ..factors import pins
from ..words import N_

KNOWN = N_(
    "This PIN is part of what is known about you, such as a date of birth, an address, a document "
    "or a phone number: choose another."
)
_NOT_THE_SAME = N_("The two PINs are not the same: type both again.")
_SHAPE = N_("A PIN has exactly 4 digits: choose another.")
_PHONE_SHAPE = N_("A PIN has 4 to 6 letters or digits, without accents: choose another.")
_EASY = N_("This PIN is one of the first that anybody tries: choose another.")
_FOUR = re.compile(r"[0-9]{4}")


def check(pin: str, again: str) -> str:
    """Return a PIN typed twice that is no easy one; raises NotTaken, with no digit in it."""
    if not _FOUR.fullmatch(pin):
        raise NotTaken(_SHAPE, field="pin")
    if pin != again:
        raise NotTaken(_NOT_THE_SAME, field="again")
    try:
        return pins.check(pin)
    except PinRefused:
        raise NotTaken(_EASY, field="pin") from None


def check_phone(pin: str) -> str:
    """Return a PIN that a phone can have and that is no easy one; raises NotTaken."""
    if not pins.is_phone_pin(pin):
        raise NotTaken(_PHONE_SHAPE, field="pin")
    if pins.is_easy(pin):
        raise NotTaken(_EASY, field="pin")
    return pin


def is_known(pin: str, person: Identification | None, contact: Contact | None) -> bool:
    """Tell whether a PIN can be found in what is recorded of its owner; case does not count.

    It is never said where: that would tell a stranger at an open session of a number on record.
    """
    texts: list[str] = []
    dates: set[str] = set()
    if person is not None:
        dates = set(of_date(person.date_of_birth, len(pin)))
        texts += [person.document_number, person.ssn or ""]
    if contact is not None:
        texts.append(contact.phone or "")
        if contact.address is not None:
            address = contact.address
            texts += [address.street, address.city, address.postal_code, address.region]
            texts.append(address.name)
    return pin in dates or pin.lower() in set(of_texts(texts, len(pin)))


def of_date(day: date, length: int = 4) -> Iterator[str]:
    """Yield every PIN made of parts of a date, in any order, with and without leading zeros."""
    parts = (
        {f"{day.day:02}", str(day.day)},
        {f"{day.month:02}", str(day.month)},
        {f"{day.year:04}", f"{day.year % 100:02}"},
    )
    for count in (1, 2, 3):
        for chosen in permutations(parts, count):
            for spelled in product(*chosen):
                if sum(map(len, spelled)) == length:
                    yield "".join(spelled)


def of_texts(texts: Iterable[str], length: int = 4) -> Iterator[str]:
    """Yield every run of this length in a text, of digits alone and of letters and digits, and
    short numbers filled up.
    """
    for text in texts:
        plain = unicodedata.normalize("NFKC", text).lower()
        for left_out in (r"[^0-9]", r"[^0-9a-z]"):
            bare = re.sub(left_out, "", plain)
            for start in range(len(bare) - length + 1):
                yield bare[start : start + length]
        for run in re.findall(r"[0-9]+", plain):
            if len(run) < length:
                yield run.zfill(length)
