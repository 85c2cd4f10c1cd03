"""Every vector of RFC 6287 appendix C."""

import pytest

from protocol.ocra import response

KEY_20 = b"12345678901234567890"
KEY_32 = b"12345678901234567890123456789012"
KEY_64 = b"1234567890" * 6 + b"1234"
T = 0x132D0B6  # Mar 25 2008, 12:06:30 GMT, in minutes


def plain() -> list[tuple]:
    """C.1: (suite, key, inputs, response)."""
    repeated = [str(n) * 8 for n in range(10)]
    vectors = []
    answers = "237653 243178 653583 740991 608993 388898 816933 224598 750600 294470"
    for question, answer in zip(repeated, answers.split(), strict=True):
        vectors.append(("OCRA-1:HOTP-SHA1-6:QN08", KEY_20, {"question": question}, answer))
    answers = (
        "65347737 86775851 78192410 71565254 10104329 65983500 70069104 91771096 75011558 08522129"
    )
    for counter, answer in enumerate(answers.split()):
        inputs = {"counter": counter, "question": "12345678", "pin": "1234"}
        vectors.append(("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1", KEY_32, inputs, answer))
    answers = "83238735 01501458 17957585 86776967 86807031"
    for question, answer in zip(repeated, answers.split(), strict=False):
        inputs = {"question": question, "pin": "1234"}
        vectors.append(("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", KEY_32, inputs, answer))
    answers = (
        "07016083 63947962 70123924 25341727 33203315 34205738 44343969 51946085 20403879 31409299"
    )
    for counter, answer in enumerate(answers.split()):
        inputs = {"counter": counter, "question": repeated[counter]}
        vectors.append(("OCRA-1:HOTP-SHA512-8:C-QN08", KEY_64, inputs, answer))
    answers = "95209754 55907591 22048402 24218844 36209546"
    for question, answer in zip(repeated, answers.split(), strict=False):
        inputs = {"question": question, "timestamp": T}
        vectors.append(("OCRA-1:HOTP-SHA512-8:QN08-T1M", KEY_64, inputs, answer))
    return vectors


def mutual() -> list[tuple]:
    """C.2: the server's answer is over client + server challenge, the client's the other way."""
    sha256, sha512 = "OCRA-1:HOTP-SHA256-8:QA08", "OCRA-1:HOTP-SHA512-8:QA08"
    pin = {"pin": "1234"}
    table = [
        (sha256, KEY_32, "CS", {}, "28247970 01984843 65387857 03351211 83412541"),
        (sha256, KEY_32, "SC", {}, "15510767 90175646 33777207 95285278 28934924"),
        (sha512, KEY_64, "CS", {}, "79496648 76831980 12250499 90856481 12761449"),
        (f"{sha512}-PSHA1", KEY_64, "SC", pin, "18806276 70020315 01600026 18951020 32528969"),
    ]
    vectors = []
    for suite, key, order, more, answers in table:
        for n, answer in enumerate(answers.split()):
            challenges = {"C": f"CLI2222{n}", "S": f"SRV1111{n}"}
            question = challenges[order[0]] + challenges[order[1]]
            vectors.append((suite, key, {"question": question, **more}, answer))
    return vectors


def signature() -> list[tuple]:
    """C.3."""
    vectors = []
    for n, answer in enumerate(["53095496", "04110475", "31331128", "76028668", "46554205"]):
        question = f"SIG1{n}000"
        vectors.append(("OCRA-1:HOTP-SHA256-8:QA08", KEY_32, {"question": question}, answer))
    for n, answer in enumerate(["77537423", "31970405", "10235557", "95213541", "65360607"]):
        inputs = {"question": f"SIG1{n}00000", "timestamp": T}
        vectors.append(("OCRA-1:HOTP-SHA512-8:QA10-T1M", KEY_64, inputs, answer))
    return vectors


@pytest.mark.parametrize(("suite", "key", "inputs", "answer"), plain() + mutual() + signature())
def test_appendix_c(suite: str, key: bytes, inputs: dict, answer: str) -> None:
    assert response(suite, key, **inputs) == answer


def test_appendix_c_is_whole() -> None:
    assert (len(plain()), len(mutual()), len(signature())) == (40, 20, 10)
