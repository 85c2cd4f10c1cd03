"""The code card as a factor: its values, what is asked, and what is accepted."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest

from server.errors import AnswerMalformed, LoginDecided, NoUsableDevice
from server.factors import code_card
from server.factors.code_card import ALPHABET, ENTRIES, PAIRS, CodeCardState


def right(state: CodeCardState) -> str:
    assert state.asked is not None
    return "".join(state.values[index - 1] for index in state.asked)


@pytest.fixture
def state() -> CodeCardState:
    return code_card.offer(CodeCardState(code_card.draw())).state


def test_a_card_has_224_values_of_three_characters() -> None:
    values = code_card.draw()
    assert len(values) == 224
    assert all(len(value) == 3 and set(value) <= set(ALPHABET) for value in values)


def test_the_alphabet_has_no_look_alikes_and_makes_no_words() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 19
    assert not set("0OQ1IL2Z5S8BGUV") & set(ALPHABET)
    assert not set("AEIOU") & set(ALPHABET)


def test_every_character_comes_up_equally_often_in_every_place() -> None:
    """Chi-square with 18 degrees of freedom: above 60 once in a million even draws."""
    cards = [code_card.draw() for _ in range(60)]
    for place in range(3):
        counts = Counter(value[place] for card in cards for value in card)
        expected = 60 * ENTRIES / len(ALPHABET)
        distance = sum((counts[each] - expected) ** 2 / expected for each in ALPHABET)
        assert distance < 60


def test_every_index_is_asked_equally_often_first_and_second() -> None:
    """Chi-square with 223 degrees of freedom: above 340 once in a million even draws."""
    pairs = [code_card.offer(CodeCardState(("",) * ENTRIES)).state.asked for _ in range(20_000)]
    assert all(pair is not None and pair[0] != pair[1] for pair in pairs)
    for place in range(2):
        counts = Counter(pair[place] for pair in pairs if pair)
        assert set(counts) == set(range(1, ENTRIES + 1))
        expected = len(pairs) / ENTRIES
        assert sum((count - expected) ** 2 / expected for count in counts.values()) < 340


def test_a_pair_stays_asked_until_it_is_answered_right(state: CodeCardState) -> None:
    again = code_card.offer(state)
    assert again.state == state
    wrong = code_card.check(state, again.prompt, "333333" if right(state) != "333333" else "444444")
    assert (wrong.right, wrong.state) == (False, state)
    accepted = code_card.check(state, again.prompt, right(state))
    assert accepted.right
    assert accepted.state.asked is None


def test_an_accepted_pair_is_never_asked_again() -> None:
    one_left = (7, 204)
    used = frozenset(combinations(range(1, ENTRIES + 1), 2)) - {one_left}
    state = CodeCardState(code_card.draw(), None, used)
    assert sorted(code_card.offer(state).state.asked or ()) == list(one_left)


def test_a_card_whose_pairs_are_all_used_asks_for_a_new_card() -> None:
    used = frozenset(combinations(range(1, ENTRIES + 1), 2))
    assert len(used) == PAIRS
    with pytest.raises(NoUsableDevice, match="used up"):
        code_card.offer(CodeCardState(code_card.draw(), None, used))


def test_an_answer_to_a_pair_that_another_login_has_answered_is_refused(
    state: CodeCardState,
) -> None:
    prompt = code_card.offer(state).prompt
    for later in (replace(state, asked=None), code_card.offer(replace(state, asked=None)).state):
        with pytest.raises(LoginDecided):
            code_card.check(later, prompt, right(state))


def test_the_order_of_the_two_values_counts(state: CodeCardState) -> None:
    answer = right(state)
    swapped = answer[3:] + answer[:3]
    prompt = code_card.offer(state).prompt
    assert code_card.check(state, prompt, swapped).right is (swapped == answer)


@pytest.mark.parametrize("typed", ["K4MC7X", "k4mc7x", "K4M C7X", "k4m   C7x", " K4MC7X "])
def test_small_letters_and_spaces_between_the_values_are_taken(typed: str) -> None:
    assert code_card.read(typed) == "K4MC7X"


@pytest.mark.parametrize(
    "typed", ["", "K4MC7", "K4MC7XX", "K4 MC7X", "K4M-C7X", "K4MC7O", "K4MC7\u0665", "K4MC7X\n"]
)
def test_anything_else_is_malformed(typed: str) -> None:
    with pytest.raises(AnswerMalformed):
        code_card.read(typed)


def test_values_are_in_no_print_of_the_state(state: CodeCardState) -> None:
    assert state.values[0] not in repr(state)
