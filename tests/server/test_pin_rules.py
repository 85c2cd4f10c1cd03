"""A soft PIN is nothing that is known about its owner."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.accounts.people import Address, Contact, Identification
from server.errors import NotTaken
from server.lifecycle import pin_rules

BORN = date(1973, 4, 26)
PERSON = Identification(BORN, "US", "US", "passport", "X 53-9182", "219876543")
CONTACT = Contact(
    phone="+12025550163",
    address=Address("Alice Doe", "17 Main Street, Apt 4 83", "Springfield", "90817", "US", "MA"),
)


def known(pin: str) -> bool:
    return pin_rules.is_known(pin, PERSON, CONTACT)


@pytest.mark.parametrize(
    "pin",
    [
        *("1973", "2604", "0426", "2673", "7326", "0473", "7304"),  # the day, in any order
        *("2025", "5501", "0163", "1202"),  # the phone number
        *("5391", "3918", "9182"),  # the document
        *("2198", "8765", "6543"),  # the social security number
        *("9081", "0817", "0017", "0004", "0083", "1748", "7483"),  # the address
    ],
)
def test_what_is_known_of_somebody_is_found(pin: str) -> None:
    assert known(pin)


@pytest.mark.parametrize("pin", ["8152", "4926", "7305", "6180"])
def test_what_is_not_known_of_him_is_not(pin: str) -> None:
    assert not known(pin)
    assert not pin_rules.is_known(pin, None, None)


def test_a_day_with_one_digit_each_is_found_in_every_order() -> None:
    person = Identification(date(1986, 3, 7), "CH", "CH", "passport", "A")
    for order in permutations(("7", "3", "86")):
        assert pin_rules.is_known("".join(order), person, None)


@given(st.dates(), st.permutations(["%d", "%m"]))
def test_day_and_month_of_any_birth_are_found(born: date, order: list[str]) -> None:
    person = Identification(born, "CH", "CH", "passport", "A")
    pin = "".join(f"{born.day:02}" if each == "%d" else f"{born.month:02}" for each in order)
    assert pin_rules.is_known(pin, person, None)


@given(st.text(alphabet="0123456789-/ ()", min_size=4, max_size=24))
def test_any_four_digits_in_a_row_of_a_phone_number_are_found(phone: str) -> None:
    digits = "".join(each for each in phone if each.isdigit())
    for start in range(len(digits) - 3):
        assert pin_rules.is_known(digits[start : start + 4], None, Contact(phone=phone))


def test_digits_of_other_scripts_are_digits() -> None:
    address = Address("A", "\uff18\uff11\uff15\uff12 Main Street", "B", "", "HK")
    assert pin_rules.is_known("8152", None, Contact(address=address))


@pytest.mark.parametrize(
    ("pin", "again", "field"),
    [
        ("", "", "pin"),
        ("123", "123", "pin"),
        ("12345", "12345", "pin"),
        ("12a4", "12a4", "pin"),
        ("\uff18\uff11\uff15\uff12", "\uff18\uff11\uff15\uff12", "pin"),
        ("8152\n", "8152\n", "pin"),
        ("8152", "8153", "again"),
        ("8152", "", "again"),
        ("1234", "1234", "pin"),
        ("0000", "0000", "pin"),
        ("2580", "2580", "pin"),
    ],
)
def test_a_pin_that_is_none_or_easy_is_refused_without_repeating_it(
    pin: str, again: str, field: str
) -> None:
    with pytest.raises(NotTaken) as caught:
        pin_rules.check(pin, again)
    assert caught.value.field == field
    assert not pin or pin not in str(caught.value).replace("4 digits", "")
