"""The app's OCRA in a browser: the RFC's vectors, and the same digits as the verifier's own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from protocol.errors import OcraError
from protocol.ocra import response
from tests.protocol.test_ocra_rfc_vectors import mutual, plain, signature

from .phones import House, house

ROUNDS = 10_000
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ODD = "pässwörd 密碼 🗝"
COMPUTE = """async (cases) => {
  const ocra = await import("/mobile-key/app/ocra.js");
  const { fromHex } = await import("/mobile-key/app/bytes.js");
  const read = ({ counter, timestamp, bytes, ...rest }) => ({
    ...rest,
    ...(counter === undefined ? {} : { counter: BigInt(counter) }),
    ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
    ...(bytes === undefined ? {} : { session: fromHex(bytes) }),
  });
  const one = async ([suite, key, inputs]) => {
    try {
      return await ocra.response(suite, fromHex(key), read(inputs));
    } catch (error) {
      if (!(error instanceof ocra.OcraError)) throw error;
      return "refused";
    }
  };
  return Promise.all(cases.map(one));
}"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as made:
        yield made


@pytest.fixture
def page(served: House, visit: Callable[..., Page]) -> Page:
    opened = visit()
    opened.goto(f"{served.url}/mobile-key/")
    return opened


def case(suite: str, key: bytes, inputs: dict[str, Any]) -> list[Any]:
    """A case as it crosses into the browser: whole numbers as text, bytes as hexadecimal."""
    texts = {name: str(inputs[name]) for name in ("counter", "timestamp") if name in inputs}
    crossing = inputs | texts
    if isinstance(inputs.get("session"), bytes):
        crossing["bytes"] = crossing.pop("session").hex()
    return [suite, key.hex(), crossing]


def random_suite(rng: random.Random) -> tuple[str, dict[str, Any]]:
    """Any suite there is, with inputs for it: odd nibbles, short session data, no digits too."""
    digits = rng.choice([0, 4, 5, 6, 7, 8, 9, 10])
    suite = f"OCRA-1:HOTP-{rng.choice(['SHA1', 'SHA256', 'SHA512'])}-{digits}:"
    inputs: dict[str, Any] = {}
    if rng.random() < 0.5:
        suite += "C-"
        inputs["counter"] = rng.choice([rng.randrange(2**64), rng.randrange(2**16), 0, 2**64 - 1])
    kind, length = rng.choice("ANH"), rng.randrange(4, 65)
    suite += f"Q{kind}{length:02}"
    alphabet = {"A": LETTERS, "N": "0123456789", "H": "0123456789abcdefABCDEF"}[kind]
    inputs["question"] = "".join(rng.choices(alphabet, k=rng.randint(1, length)))
    if rng.random() < 0.5:
        suite += rng.choice(["-PSHA1", "-PSHA256", "-PSHA512"])
        inputs["pin"] = "".join(rng.choices(LETTERS + ODD, k=rng.randint(1, 12)))
    if rng.random() < 0.3:
        size = rng.choice([1, 3, 64, 128, 256, 512])
        suite += f"-S{size:03}"
        kept = rng.randint(0, size)
        text = "".join(rng.choices(LETTERS, k=kept))
        inputs["session"] = rng.choice([text, rng.randbytes(kept)])
    if rng.random() < 0.3:
        suite += rng.choice(["-T1S", "-T30S", "-T1M", "-T59M", "-T0H", "-T48H"])
        inputs["timestamp"] = rng.randrange(2**40)
    return suite, inputs


def test_every_vector_of_the_rfc(page: Page) -> None:
    vectors = plain() + mutual() + signature()
    assert len(vectors) == 70
    found = page.evaluate(COMPUTE, [case(suite, key, given) for suite, key, given, _ in vectors])
    assert found == [answer for *_, answer in vectors]


def test_the_same_responses_as_the_verifiers_own_on_random_suites_and_inputs(page: Page) -> None:
    rng = random.Random(6287)
    cases = [(*random_suite(rng), rng.randbytes(rng.randint(1, 150))) for _ in range(ROUNDS)]
    found = page.evaluate(COMPUTE, [case(suite, key, given) for suite, given, key in cases])
    for (suite, given, key), answer in zip(cases, found, strict=True):
        assert response(suite, key, **given) == answer, (suite, key.hex(), given)


def test_what_one_refuses_the_other_refuses(page: Page) -> None:
    suite, key = "OCRA-1:HOTP-SHA256-8:C-QN06-PSHA256", b"k" * 32
    good: dict[str, Any] = {"question": "123456", "counter": 1, "pin": "1234"}
    bad: list[tuple[str, bytes, dict[str, Any]]] = [
        (suite, key, good | {"question": "12a456"}),
        (suite, key, good | {"question": ""}),
        (suite, key, good | {"question": "1" * 310}),
        (suite, key, good | {"pin": ""}),
        (suite, key, good | {"counter": 2**64}),
        (suite, key, good | {"counter": -1}),
        (suite, key, good | {"timestamp": 1}),
        (suite, key, good | {"session": "x"}),
        (suite, key, {"question": "123456", "counter": 1}),
        (suite, key, {"question": "123456", "pin": "1234"}),
        (suite, b"", good),
        ("OCRA-1:HOTP-SHA256-8:QH40", key, {"question": "0g"}),
        ("OCRA-1:HOTP-SHA256-8:QA08", key, {"question": "ä"}),
        ("OCRA-1:HOTP-SHA256-8:QA08", key, {"question": "a" * 129}),
        ("OCRA-1:HOTP-SHA256-8:QA08-S001", key, {"question": "a", "session": "xx"}),
    ]
    suites = [
        *("", "OCRA-1", "OCRA-2:HOTP-SHA256-8:QN06", "OCRA-1:TOTP-SHA256-8:QN06"),
        *("OCRA-1:HOTP-MD5-8:QN06", "OCRA-1:HOTP-SHA256-3:QN06", "OCRA-1:HOTP-SHA256-08:QN06"),
        *("OCRA-1:HOTP-SHA256-8:", "OCRA-1:HOTP-SHA256-8:C", "OCRA-1:HOTP-SHA256-8:QN03"),
        *("OCRA-1:HOTP-SHA256-8:QN65", "OCRA-1:HOTP-SHA256-8:QX08", "OCRA-1:HOTP-SHA256-8:qN08"),
        *("OCRA-1:HOTP-SHA256-8:QN08-P", "OCRA-1:HOTP-SHA256-8:QN08-PMD5"),
        *("OCRA-1:HOTP-SHA256-8:QN08-S000", "OCRA-1:HOTP-SHA256-8:QN08-S513"),
        *("OCRA-1:HOTP-SHA256-8:QN08-T0S", "OCRA-1:HOTP-SHA256-8:QN08-T60M"),
        *("OCRA-1:HOTP-SHA256-8:QN08-T49H", "OCRA-1:HOTP-SHA256-8:QN08-T1M-S064"),
        *("OCRA-1:HOTP-SHA256-8:QN08-C", "OCRA-1:HOTP-SHA256-8-1:QN08", "OCRA-1:HOTP:QN08"),
        "OCRA-1:HOTP-constructor-8:QN08",
    ]
    bad += [(each, key, {"question": "12345678"}) for each in suites]
    assert page.evaluate(COMPUTE, [case(suite, key, good)]) == [response(suite, key, **good)]
    found = page.evaluate(COMPUTE, [case(*each) for each in bad])
    for (wrong, secret, given), answer in zip(bad, found, strict=True):
        assert answer == "refused", (wrong, given)
        with pytest.raises(OcraError):
            response(wrong, secret, **given)
