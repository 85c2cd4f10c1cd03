"""The look-ahead window, and the way back of a card that ran away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import AnswerMalformed
from server.factors import card as factor
from server.factors.card import CardRules, CardState

from .support import PIN, SUITE, Api, Card

RULES = CardRules(window=20, far=1_000)


def test_a_card_20_ahead_is_accepted_and_21_is_not(api: Api, card: Card) -> None:
    card.skip(20)
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    card.skip(21)
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 401


def test_two_right_answers_on_two_logins_bring_a_lost_card_back(api: Api, card: Card) -> None:
    card.skip(900)
    first, challenge = api.login()
    assert api.answer(first, card.shows(challenge)).status_code == 401
    second, challenge = api.login()
    assert api.answer(second, card.shows(challenge)).status_code == 200
    third, challenge = api.login()
    assert api.answer(third, card.shows(challenge)).status_code == 200


def test_two_right_answers_on_one_login_do_not(api: Api, card: Card) -> None:
    card.skip(900)
    login, challenge = api.login()
    assert [api.answer(login, card.shows(challenge)).status_code for _ in range(3)] == [401] * 3
    other, challenge = api.login()  # but the last of them counts as the first on another login
    assert api.answer(other, card.shows(challenge)).status_code == 200


def test_the_second_must_be_the_very_next_counter(api: Api, card: Card) -> None:
    card.skip(500)
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 401
    card.skip(1)
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 401


def test_beyond_1000_a_card_stays_lost(api: Api, card: Card) -> None:
    card.skip(1_001)
    for _ in range(3):
        login, challenge = api.login()
        assert api.answer(login, card.shows(challenge)).status_code == 401


def state(counter: int = 0, **more: object) -> CardState:
    return CardState(SUITE, counter, bytes(range(32)), PIN, **more)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**40), st.integers(-30, 60), st.integers(100_000, 999_999))
def test_just_the_window_is_accepted_and_the_counter_ends_behind_it(
    expected: int, ahead: int, challenge: int
) -> None:
    used = max(0, expected + ahead)
    held = Card(counter=used)
    shown = held.shows(str(challenge))
    verdict = factor.check(RULES, state(expected), {"challenge": str(challenge)}, shown, "a-login")
    assert verdict.right == (expected <= used <= expected + 20)
    assert verdict.state.counter == (used + 1 if verdict.right else expected)
    if verdict.right:
        again = factor.check(
            RULES, verdict.state, {"challenge": str(challenge)}, shown, "another-login"
        )
        assert not again.right


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=12), st.randoms())
def test_the_expected_counter_never_goes_back(
    presses: list[tuple[int, bool]], random: object
) -> None:
    held, now = Card(), state()
    accepted: list[int] = []
    for number, (skipped, right) in enumerate(presses):
        held.skip(skipped)
        used = held.counter
        prompt = factor.offer(now)
        shown = held.shows(str(prompt["challenge"]), PIN if right else "9999")
        verdict = factor.check(RULES, now, prompt, shown, f"login-{number}")
        assert verdict.state.counter >= now.counter
        if verdict.right:
            assert right
            accepted.append(used)
        now = verdict.state
    assert accepted == sorted(set(accepted))


def test_challenges_have_no_leading_zero_and_use_the_whole_range() -> None:
    drawn = [str(factor.offer(state())["challenge"]) for _ in range(2_000)]
    assert all(len(each) == 6 and each[0] != "0" for each in drawn)
    assert {each[0] for each in drawn} == set("123456789")
    assert len(set(drawn)) > 1_980


@pytest.mark.parametrize("text", ["", " ", "1234 567", "12345 678", "1234-5678", "1234 56789"])
def test_what_cannot_be_a_response_is_malformed(text: str) -> None:
    with pytest.raises(AnswerMalformed, match="8 digits"):
        factor.read(state(), text)
