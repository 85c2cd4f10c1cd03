"""The key that the page points at is the one that brings a real card further."""

from __future__ import annotations

import pytest

from device.keystore import CardKey, FileKeyStore
from device.settings import parse
from device.simulated import SimulatedCard
from protocol.ocra import DEFAULT_SUITE, response
from server.booth.hints import CLEAR, PRESS, Step, clearings, next_key, step_of

PIN, CHALLENGE = "7305", "248690"
KEY = bytes(range(32))


@pytest.fixture
def card(tmp_path):  # type: ignore[no-untyped-def]
    store = FileKeyStore(tmp_path / "store")
    store.add("A", CardKey("CH00000018", DEFAULT_SUITE, KEY, 0, "Example"))
    card = SimulatedCard(parse({}, "defaults"), store)
    yield card
    card.close()


def follow(card: SimulatedCard) -> list[tuple[Step | None, str]]:
    """Press what is pointed at, until nothing is."""
    steps = []
    while (key := next_key(card.lines(), PIN, CHALLENGE)) is not None:
        steps.append((step_of(card.lines()), key))
        assert len(steps) < 30
        if key == PRESS:
            card.press()
        else:
            card.type(key)
    return steps


def test_following_the_page_brings_the_response_onto_the_glass(card: SimulatedCard) -> None:
    steps = follow(card)
    assert [key for _, key in steps] == [PRESS, *PIN, "#", *CHALLENGE, "#"]
    assert list(dict.fromkeys(step for step, _ in steps)) == [
        Step.WAKE,
        Step.PIN,
        Step.CHALLENGE,
    ]
    expected = response(DEFAULT_SUITE, KEY, question=CHALLENGE, counter=0, pin=PIN)
    assert card.lines() == [f"{expected[:4]} {expected[4:]}"]
    assert step_of(card.lines()) is Step.RESPONSE


def test_a_wrong_digit_of_the_challenge_is_taken_back(card: SimulatedCard) -> None:
    card.press()
    card.type("7305#29")
    steps = follow(card)
    assert [key for _, key in steps] == [CLEAR, *CHALLENGE[1:], "#"]


@pytest.mark.parametrize("typed", ["", "7", "7305", "7305#", "7305#24", "7305#248690", "ok"])
def test_as_many_clears_as_are_said_leave_a_card_dark(card: SimulatedCard, typed: str) -> None:
    card.press()
    if typed == "ok":
        typed = f"{PIN}#{CHALLENGE}#"
    card.type(typed)
    assert card.lines()
    card.type(CLEAR * clearings(card.lines()))
    assert card.lines() == []
    assert clearings(card.lines()) == 0


@pytest.mark.parametrize("lines", [["E05", "COUNTER"], ["?"], ["LOW BATTERY", "4 %"], ["12 34 x"]])
def test_what_is_not_a_step_of_a_login_points_at_nothing(lines: list[str]) -> None:
    assert step_of(lines) is None
    assert next_key(lines, PIN, CHALLENGE) is None
