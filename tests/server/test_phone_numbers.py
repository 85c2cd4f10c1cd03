"""Phone numbers: a country and digits, and nothing that is only dialled within the country."""

from __future__ import annotations

import pytest

from server.errors import NotTaken
from server.mobile import numbers


@pytest.mark.parametrize(
    ("country", "digits", "number"),
    [
        ("US", "2025550123", "+12025550123"),
        ("AU", "491570156", "+61491570156"),
        ("HK", "91234567", "+85291234567"),
        ("TW", "912345678", "+886912345678"),
        ("DE", "15123456789", "+4915123456789"),
        ("IT", "3331234567", "+393331234567"),
    ],
)
def test_a_country_and_digits_make_a_number(country: str, digits: str, number: str) -> None:
    assert numbers.read(country, digits) == number


@pytest.mark.parametrize(
    ("country", "digits", "prefix"),
    [("AU", "0491570156", "0"), ("TW", "0912345678", "0"), ("HU", "06201234567", "06")],
)
def test_a_trunk_prefix_is_refused_by_name(country: str, digits: str, prefix: str) -> None:
    with pytest.raises(NotTaken, match=f"Leave the {prefix} at the beginning away") as caught:
        numbers.read(country, digits)
    assert caught.value.field == "digits"
    assert digits not in str(caught.value)


@pytest.mark.parametrize(
    ("country", "digits", "field"),
    [
        ("AU", "491 570 156", "digits"),
        ("AU", "+61491570156", "digits"),
        ("AU", "(491)570156", "digits"),
        ("AU", "٤٩١٥٧٠١٥٦", "digits"),
        ("AU", "", "digits"),
        ("AU", "1" * 40, "digits"),
        ("AU", "1234", "digits"),
        ("US", "0000000000", "digits"),
        ("DE", "3012345678", "digits"),  # a telephone in Berlin, on a wire
        ("GB", "9098790001", "digits"),  # a number that costs whoever is made to call it
        ("XX", "491570156", "country"),
        ("ZZ", "491570156", "country"),
    ],
)
def test_what_is_no_number_of_a_mobile_phone_is_refused_and_not_repeated(
    country: str, digits: str, field: str
) -> None:
    with pytest.raises(NotTaken) as caught:
        numbers.read(country, digits)
    assert caught.value.field == field
    assert not digits or digits not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+12025550123", "+1 ••• ••• ••23"), ("+61491570156", "+61 ••• ••• ••56")],
)
def test_a_number_is_shown_to_whoever_knows_it(number: str, shown: str) -> None:
    assert numbers.shown(number) == shown
