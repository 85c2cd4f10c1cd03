"""What holds for every suite and every input."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import ocra

KEY = bytes(range(32))
challenges = st.integers(100_000, 999_999).map(str)
pins = st.text("0123456789", min_size=4, max_size=4)
counters = st.integers(0, 2**64 - 1)


@given(challenges, counters, pins, st.sampled_from([4, 5, 6, 7, 8, 9, 10]))
def test_a_response_has_just_the_digits_that_the_suite_names(
    question: str, counter: int, pin: str, digits: int
) -> None:
    suite = f"OCRA-1:HOTP-SHA256-{digits}:C-QN06-PSHA256"
    answer = ocra.response(suite, KEY, question=question, counter=counter, pin=pin)
    assert len(answer) == digits
    assert answer.isascii()
    assert answer.isdigit()


@given(challenges, challenges)
def test_two_challenges_of_six_digits_never_share_their_input(one: str, other: str) -> None:
    # The full HMAC is shown, so equal answers mean equal inputs.
    suite = "OCRA-1:HOTP-SHA256-0:QN06"
    answers = {ocra.response(suite, KEY, question=question) for question in (one, other)}
    assert len(answers) == len({one, other})


def test_short_numbers_do_share_it_as_the_rfc_pads_to_the_right() -> None:
    suite = "OCRA-1:HOTP-SHA256-8:QN06"
    assert ocra.response(suite, KEY, question="1") == ocra.response(suite, KEY, question="16")


@given(challenges, counters, pins)
def test_every_input_counts(question: str, counter: int, pin: str) -> None:
    def full(**changed: object) -> str:
        inputs = {"question": question, "counter": counter, "pin": pin, **changed}
        return ocra.response("OCRA-1:HOTP-SHA256-0:C-QN06-PSHA256", KEY, **inputs)  # type: ignore[arg-type]

    other_question = "100000" if question != "100000" else "100001"
    changed = [
        full(question=other_question),
        full(counter=counter ^ 1),
        full(pin=pin[:-1] + str(9 - int(pin[-1]))),
    ]
    assert full() not in changed
    assert len(set(changed)) == 3


def test_zero_digits_give_the_full_hmac_over_the_bytes_of_section_5() -> None:
    suite = "OCRA-1:HOTP-SHA512-0:C-QH08-PSHA1-S004-T1M"
    message = suite.encode() + b"\0" + (7).to_bytes(8, "big")
    message += bytes.fromhex("abcdef12").ljust(128, b"\0")
    message += hashlib.sha1(b"7305").digest() + b"\0\0ab" + (9).to_bytes(8, "big")
    answer = ocra.response(
        suite, KEY, question="abcdef12", counter=7, pin="7305", session="ab", timestamp=9
    )
    assert answer == hmac.new(KEY, message, "sha512").hexdigest()


def test_an_odd_number_of_nibbles_is_padded_by_a_nibble() -> None:
    suite = "OCRA-1:HOTP-SHA256-0:QH04"
    message = suite.encode() + b"\0" + b"\xab\xc0".ljust(128, b"\0")
    assert ocra.response(suite, KEY, question="abc") == hmac.new(KEY, message, "sha256").hexdigest()


@pytest.mark.parametrize("size", [1, 3, 64, 128])
def test_a_question_may_be_shorter_or_longer_than_the_suite_says(size: int) -> None:
    suite = "OCRA-1:HOTP-SHA256-0:QA08"
    message = suite.encode() + b"\0" + (b"x" * size).ljust(128, b"\0")
    expected = hmac.new(KEY, message, "sha256").hexdigest()
    assert ocra.response(suite, KEY, question="x" * size) == expected


def test_the_longest_number_that_fits_128_bytes_is_taken_and_the_next_refused() -> None:
    suite = "OCRA-1:HOTP-SHA256-8:QN64"
    assert ocra.response(suite, KEY, question=str(2**1024 - 1))
    with pytest.raises(ocra.OcraError, match="longer than 128 bytes"):
        ocra.response(suite, KEY, question=str(2**1024))


def test_session_data_may_be_text_or_bytes() -> None:
    suite = "OCRA-1:HOTP-SHA256-8:QN08-S064"
    as_text = ocra.response(suite, KEY, question="1", session="grün")
    assert as_text == ocra.response(suite, KEY, question="1", session="grün".encode())


def test_a_suite_is_parsed_once() -> None:
    suite = "OCRA-1:HOTP-SHA1-7:QA17-S128"
    assert ocra.parse(suite) is ocra.parse("".join(list(suite)))


def test_a_parsed_suite_tells_its_parts() -> None:
    suite = ocra.parse("OCRA-1:HOTP-SHA512-10:C-QH40-PSHA256-S128-T12H")
    assert (suite.hash, suite.digits, suite.counter) == ("sha512", 10, True)
    assert (suite.question_format, suite.question_length) == ("H", 40)
    assert (suite.pin_hash, suite.session_length, suite.timestep_seconds) == (
        "sha256",
        128,
        12 * 3600,
    )
