"""What a soft PIN may not be, beside the easy ones: anything that is known about its owner."""

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

LENGTH = 4
KNOWN = N_(
    "This PIN is part of what is known about you, such as a date of birth, an address, a document "
    "or a phone number: choose another."
)
_NOT_THE_SAME = N_("The two PINs are not the same: type both again.")
_SHAPE = N_("A PIN has exactly 4 digits: choose another.")
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


def is_known(pin: str, person: Identification | None, contact: Contact | None) -> bool:
    """Tell whether a PIN can be found in what is recorded of its owner.

    It is never said where: that would tell a stranger at an open session of a number on record.
    """
    texts: list[str] = []
    dates: set[str] = set()
    if person is not None:
        dates = set(of_date(person.date_of_birth))
        texts += [person.document_number, person.ssn or ""]
    if contact is not None:
        texts.append(contact.phone or "")
        if contact.address is not None:
            address = contact.address
            texts += [address.street, address.city, address.postal_code, address.region]
    return pin in dates or pin in set(of_texts(texts))


def of_date(day: date) -> Iterator[str]:
    """Yield every PIN made of parts of a date, in any order, with and without leading zeros."""
    parts = (
        {f"{day.day:02}", str(day.day)},
        {f"{day.month:02}", str(day.month)},
        {f"{day.year:04}", f"{day.year % 100:02}"},
    )
    for count in (1, 2, 3):
        for chosen in permutations(parts, count):
            for spelled in product(*chosen):
                if sum(map(len, spelled)) == LENGTH:
                    yield "".join(spelled)


def of_texts(texts: Iterable[str]) -> Iterator[str]:
    """Yield every four digits that follow each other in a text, and short numbers filled up."""
    for text in texts:
        plain = unicodedata.normalize("NFKC", text)
        digits = re.sub(r"[^0-9]", "", plain)
        for start in range(len(digits) - LENGTH + 1):
            yield digits[start : start + LENGTH]
        for run in re.findall(r"[0-9]+", plain):
            if len(run) < LENGTH:
                yield run.zfill(LENGTH)
