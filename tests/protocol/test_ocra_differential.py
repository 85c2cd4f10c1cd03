"""100,000 random suites and inputs, against an independent implementation (PyPI `oath`)."""

import random

from oath import _ocra as oath

from protocol.ocra import response

ROUNDS = 100_000
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def random_case(rng: random.Random) -> tuple[str, bytes, dict, dict]:
    """A suite, a key, and the same inputs as `response` and as `oath` call them.

    Left out, because `oath` is wrong or unable there: odd numbers of nibbles, session data
    shorter than the suite's length, and zero digits (the full HMAC).
    """
    digits = rng.choice([4, 5, 6, 7, 8, 9, 10])
    suite = f"OCRA-1:HOTP-{rng.choice(['SHA1', 'SHA256', 'SHA512'])}-{digits}:"
    ours: dict = {}
    theirs: dict = {}
    if rng.random() < 0.5:
        suite += "C-"
        ours["counter"] = theirs["C"] = rng.choice([rng.randrange(2**64), rng.randrange(2**16)])
    kind, length = rng.choice("ANH"), rng.randrange(4, 65)
    suite += f"Q{kind}{length:02}"
    size = rng.randint(1, length)
    if kind == "H":
        size += size % 2
        size = min(size, length - length % 2)
    alphabet = {"A": ALPHANUMERIC, "N": "0123456789", "H": "0123456789abcdefABCDEF"}[kind]
    ours["question"] = theirs["Q"] = "".join(rng.choices(alphabet, k=size))
    if rng.random() < 0.5:
        suite += rng.choice(["-PSHA1", "-PSHA256", "-PSHA512"])
        ours["pin"] = theirs["P"] = "".join(rng.choices(ALPHANUMERIC, k=rng.randint(1, 12)))
    if rng.random() < 0.3:
        size = rng.choice([1, 64, 128, 256, 512])
        suite += f"-S{size:03}"
        ours["session"] = theirs["S"] = "".join(rng.choices(ALPHANUMERIC, k=size))
    if rng.random() < 0.3:
        suite += rng.choice(["-T1S", "-T30S", "-T1M", "-T59M", "-T1H", "-T48H"])
        ours["timestamp"] = theirs["T_precomputed"] = rng.randrange(2**40)
    return suite, rng.randbytes(rng.randint(1, 150)), ours, theirs


def test_the_same_responses_as_an_independent_implementation() -> None:
    rng = random.Random(6287)
    for _ in range(ROUNDS):
        suite, key, ours, theirs = random_case(rng)
        expected = oath.str2ocrasuite(suite)(key, **theirs)
        assert response(suite, key, **ours) == expected, (suite, key.hex(), ours)
