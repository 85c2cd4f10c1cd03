"""Malformed suites and inputs: each refused with a sentence of its own, and no secret in it."""

import pytest

from protocol.ocra import OcraError, parse, response

KEY = b"K" * 20
SUITES = {
    "": "three parts",
    "OCRA-1": "three parts",
    "OCRA-1:HOTP-SHA1-6:QN08:": "three parts",
    "OCRA-2:HOTP-SHA1-6:QN08": "begins with 'OCRA-1:'",
    "ocra-1:HOTP-SHA1-6:QN08": "begins with 'OCRA-1:'",
    " OCRA-1:HOTP-SHA1-6:QN08": "begins with 'OCRA-1:'",
    "OCRA-1:TOTP-SHA1-6:QN08": "look like HOTP-SHA256-8",
    "OCRA-1:HOTP-SHA1:QN08": "look like HOTP-SHA256-8",
    "OCRA-1:HOTP-MD5-6:QN08": "SHA1, SHA256 or SHA512, not 'MD5'",
    "OCRA-1:HOTP-sha1-6:QN08": "SHA1, SHA256 or SHA512, not 'sha1'",
    "OCRA-1:HOTP-SHA1-3:QN08": "0 or 4 to 10, not '3'",
    "OCRA-1:HOTP-SHA1-11:QN08": "0 or 4 to 10, not '11'",
    "OCRA-1:HOTP-SHA1-06:QN08": "0 or 4 to 10, not '06'",
    "OCRA-1:HOTP-SHA1-６:QN08": "0 or 4 to 10",
    "OCRA-1:HOTP-SHA1-6:": "no Q found",
    "OCRA-1:HOTP-SHA1-6:C": "no Q found",
    "OCRA-1:HOTP-SHA1-6:PSHA1": "no Q found",
    "OCRA-1:HOTP-SHA1-6:Q": "QA, QN or QH with 04 to 64, not 'Q'",
    "OCRA-1:HOTP-SHA1-6:QX08": "QA, QN or QH with 04 to 64, not 'QX08'",
    "OCRA-1:HOTP-SHA1-6:QN03": "not 'QN03'",
    "OCRA-1:HOTP-SHA1-6:QN65": "not 'QN65'",
    "OCRA-1:HOTP-SHA1-6:QN8": "not 'QN8'",
    "OCRA-1:HOTP-SHA1-6:QN08-P": "PSHA1, PSHA256 or PSHA512, not 'P'",
    "OCRA-1:HOTP-SHA1-6:QN08-PSHA2": "PSHA1, PSHA256 or PSHA512, not 'PSHA2'",
    "OCRA-1:HOTP-SHA1-6:QN08-S64": "S001 to S512, not 'S64'",
    "OCRA-1:HOTP-SHA1-6:QN08-S000": "S001 to S512, not 'S000'",
    "OCRA-1:HOTP-SHA1-6:QN08-S513": "S001 to S512, not 'S513'",
    "OCRA-1:HOTP-SHA1-6:QN08-T": "not 'T'",
    "OCRA-1:HOTP-SHA1-6:QN08-T0S": "not 'T0S'",
    "OCRA-1:HOTP-SHA1-6:QN08-T60M": "not 'T60M'",
    "OCRA-1:HOTP-SHA1-6:QN08-T49H": "not 'T49H'",
    "OCRA-1:HOTP-SHA1-6:QN08-T1D": "not 'T1D'",
    "OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1": "'PSHA1' is not in its place",
    "OCRA-1:HOTP-SHA1-6:QN08-C": "'C' is not in its place",
    "OCRA-1:HOTP-SHA1-6:QN08-QN08": "'QN08' is not in its place",
    "OCRA-1:HOTP-SHA1-6:C-C-QN08": "no Q found",
    "OCRA-1:HOTP-SHA1-6:QN08-": "'' is not in its place",
    "OCRA-1:HOTP-SHA1-6:QN08\n": "not 'QN08\\\\n'",
}

WHOLE = "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256-S008-T1M"
GOOD = {"question": "123456", "counter": 0, "pin": "7305", "session": "s", "timestamp": 0}
INPUTS = [
    ({"question": ""}, "at least one character"),
    ({"question": None}, "must be a string"),
    ({"question": 123456}, "must be a string"),
    ({"question": b"123456"}, "must be a string"),
    ({"question": "12345a"}, "digits 0 to 9 alone"),
    ({"question": "-12345"}, "digits 0 to 9 alone"),
    ({"question": "１２３４５６"}, "digits 0 to 9 alone"),
    ({"question": "12 456"}, "digits 0 to 9 alone"),
    ({"question": "9" * 400}, "longer than 128 bytes"),
    ({"question": "9" * 100_000}, "longer than 128 bytes"),
    ({"counter": None}, "asks for a counter"),
    ({"counter": -1}, r"0 to 2\*\*64 - 1"),
    ({"counter": 2**64}, r"0 to 2\*\*64 - 1"),
    ({"counter": "1"}, "whole number"),
    ({"counter": True}, "whole number"),
    ({"counter": 1.0}, "whole number"),
    ({"pin": None}, "asks for a PIN"),
    ({"pin": ""}, "PIN must be a string"),
    ({"pin": 7305}, "PIN must be a string"),
    ({"pin": "\ud800"}, "UTF-8"),
    ({"session": None}, "asks for session data"),
    ({"session": "123456789"}, "9 bytes, the suite allows 8"),
    ({"session": 5}, "string or bytes"),
    ({"session": "\ud800"}, "UTF-8"),
    ({"timestamp": None}, "asks for a timestamp"),
    ({"timestamp": -1}, r"0 to 2\*\*64 - 1"),
    ({"timestamp": 1.5}, "whole number"),
]


@pytest.mark.parametrize("suite", SUITES)
def test_a_malformed_suite_is_refused_and_the_reason_named(suite: str) -> None:
    with pytest.raises(OcraError, match=SUITES[suite]):
        parse(suite)


@pytest.mark.parametrize(("changed", "reason"), INPUTS)
def test_an_input_that_does_not_fit_is_refused(changed: dict, reason: str) -> None:
    with pytest.raises(OcraError, match=reason):
        response(WHOLE, KEY, **{**GOOD, **changed})


@pytest.mark.parametrize("name", ["counter", "pin", "session", "timestamp"])
def test_an_input_that_the_suite_does_not_name_is_refused(name: str) -> None:
    with pytest.raises(OcraError, match="was given, but the suite has no"):
        response("OCRA-1:HOTP-SHA256-8:QN06", KEY, question="123456", **{name: GOOD[name]})


@pytest.mark.parametrize("question", ["12:34", "é", "a b", "A" * 129])
def test_an_alphanumeric_question_that_does_not_fit_is_refused(question: str) -> None:
    with pytest.raises(OcraError, match=r"alphanumeric|128 bytes"):
        response("OCRA-1:HOTP-SHA256-8:QA08", KEY, question=question)


@pytest.mark.parametrize("question", ["xyz", "0x12", "12_3", "A" * 257])
def test_a_hexadecimal_question_that_does_not_fit_is_refused(question: str) -> None:
    with pytest.raises(OcraError, match=r"hexadecimal|128 bytes"):
        response("OCRA-1:HOTP-SHA256-8:QH08", KEY, question=question)


@pytest.mark.parametrize("key", [b"", "K" * 20, None, 5])
def test_a_key_must_be_bytes(key: object) -> None:
    with pytest.raises(OcraError, match="key must be bytes"):
        response("OCRA-1:HOTP-SHA256-8:QN06", key, question="123456")  # type: ignore[arg-type]


@pytest.mark.parametrize("suite", [None, 5, b"OCRA-1:HOTP-SHA256-8:QN06", []])
def test_a_suite_must_be_a_string(suite: object) -> None:
    with pytest.raises(OcraError, match="suite must be a string"):
        response(suite, KEY, question="123456")  # type: ignore[arg-type]


def test_no_refusal_repeats_a_secret() -> None:
    for changed, _ in INPUTS:
        with pytest.raises(OcraError) as caught:
            response(WHOLE, KEY, **{**GOOD, **changed})
        message = str(caught.value)
        assert "7305" not in message
        assert "123456" not in message
        assert "KKKK" not in message


def test_an_ocra_error_is_a_value_error() -> None:
    assert issubclass(OcraError, ValueError)
