"""The facts a caller is asked for: which, in what spelling, and whether he knew them all.

Pure: the facts come in, a choice and a verdict go out.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from enum import StrEnum
from random import Random

from ..accounts.people import Contact, Identification
from ..words import N_


class Fact(StrEnum):
    """What can be asked."""

    DATE_OF_BIRTH = "date_of_birth"
    DOCUMENT_NUMBER = "document_number"
    SSN = "ssn"
    CITIZENSHIP = "citizenship"
    RESIDENCE = "residence"
    ACCOUNT = "account"
    POSTAL_CODE = "postal_code"
    PHONE = "phone"
    MAIL = "mail"

    @property
    def words(self) -> str:
        """The question, a key of the catalogues."""
        return _WORDS[self]


_WORDS = {
    Fact.DATE_OF_BIRTH: N_("Date of birth, as year-month-day"),
    Fact.DOCUMENT_NUMBER: N_("Number of the identity document"),
    Fact.SSN: N_("Social security number"),
    Fact.CITIZENSHIP: N_("Citizenship, as the country's two letters"),
    Fact.RESIDENCE: N_("Country of legal residence, as its two letters"),
    Fact.ACCOUNT: N_("Account number"),
    Fact.POSTAL_CODE: N_("Postal code of the address on record"),
    Fact.PHONE: N_("Phone number on record, with the country code"),
    Fact.MAIL: N_("Mail address on record"),
}
STRONG = (Fact.DATE_OF_BIRTH, Fact.DOCUMENT_NUMBER, Fact.SSN)
"""What strangers know least: a check asks for two of them."""


def recorded(
    identification: Identification, contact: Contact, account: str | None
) -> dict[Fact, str]:
    """Return the facts on record, each in its one spelling."""
    told = {
        Fact.DATE_OF_BIRTH: identification.date_of_birth.isoformat(),
        Fact.DOCUMENT_NUMBER: identification.document_number,
        Fact.SSN: identification.ssn,
        Fact.CITIZENSHIP: identification.citizenship,
        Fact.RESIDENCE: identification.residence,
        Fact.ACCOUNT: account,
        Fact.POSTAL_CODE: contact.address.postal_code if contact.address else None,
        Fact.PHONE: contact.phone,
        Fact.MAIL: contact.mail,
    }
    spelled = {fact: normal(text) for fact, text in told.items() if text}
    return {fact: text for fact, text in spelled.items() if text}


def choose(facts: Mapping[Fact, str], count: int, chance: Random) -> tuple[Fact, ...]:
    """Draw what is asked: two of the strong facts, and others up to `count`, in the order drawn."""
    strong = chance.sample([fact for fact in STRONG if fact in facts], 2)
    others = [fact for fact in facts if fact not in strong]
    asked = [*strong, *chance.sample(others, min(max(count - 2, 0), len(others)))]
    chance.shuffle(asked)
    return tuple(asked)


def normal(text: str) -> str:
    """Return letters and digits alone, in one case: what a caller says has no punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in folded if each.isalnum())


def all_right(facts: Mapping[Fact, str], asked: Sequence[Fact], answers: Mapping[str, str]) -> bool:
    """Tell whether every answer is right; each is compared, in constant time, whatever came of
    the ones before.
    """
    right = bool(asked)
    for fact in asked:
        given = normal(answers.get(fact.value, "")).encode()
        recorded_fact = facts.get(fact, "").encode()
        right &= hmac.compare_digest(given, recorded_fact) and bool(recorded_fact)
    return right
