"""Which suites a card can do."""

import pytest

from protocol import card_suite, ocra
from protocol.errors import SuiteUnsuitable


def test_the_default_suite_fits() -> None:
    suite = card_suite.check(ocra.DEFAULT_SUITE)
    assert (suite.question_length, suite.digits) == (6, 8)


@pytest.mark.parametrize(
    ("suite", "reason"),
    [
        ("OCRA-1:HOTP-SHA256-8:QN06-PSHA256", "no counter"),
        ("OCRA-1:HOTP-SHA256-8:C-QA06-PSHA256", "not digits"),
        ("OCRA-1:HOTP-SHA256-8:C-QN12-PSHA256", "over 10 digits"),
        ("OCRA-1:HOTP-SHA256-8:C-QN06", "no PIN"),
        ("OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256-S064", "session"),
        ("OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256-T1M", "clock"),
        ("OCRA-1:HOTP-SHA256-0:C-QN06-PSHA256", "not cut to digits"),
        ("OCRA-1:HOTP-MD5-8:C-QN06-PSHA256", "not one of RFC 6287"),
    ],
)
def test_a_suite_that_no_card_can_do_is_refused_with_the_reason(suite: str, reason: str) -> None:
    with pytest.raises(SuiteUnsuitable, match=reason):
        card_suite.check(suite)


def test_every_reason_is_named_at_once() -> None:
    with pytest.raises(SuiteUnsuitable) as caught:
        card_suite.check("OCRA-1:HOTP-SHA256-0:QH06-T1M")
    for reason in ("no counter", "not digits", "no PIN", "clock", "not cut"):
        assert reason in str(caught.value)
