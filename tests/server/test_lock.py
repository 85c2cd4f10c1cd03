"""Ten wrong answers in a row lock the card; only the support desk unlocks it."""

from __future__ import annotations

from server.factors import cards
from server.verifier import Verifier

from .support import Api, Card, add_card, wrong


def give_wrong(api: Api, card: Card, count: int) -> list[int]:
    codes: list[int] = []
    while len(codes) < count:
        login, challenge = api.login()
        bad = wrong(card.shows(challenge))
        codes += [api.answer(login, bad).status_code for _ in range(min(3, count - len(codes)))]
    return codes


def test_the_tenth_wrong_answer_locks_the_card(api: Api, card: Card) -> None:
    assert give_wrong(api, card, 10) == [401] * 10
    login, challenge = api.login()  # a locked card is still asked: a stranger learns nothing
    locked = api.answer(login, card.shows(challenge))
    assert locked.status_code == 423
    assert "support desk" in locked.json()["detail"]


def test_an_answer_to_a_locked_card_uses_up_no_try(
    api: Api, card: Card, verifier: Verifier
) -> None:
    login, challenge = api.login()
    give_wrong(api, card, 10)
    shown = card.shows(challenge)
    assert [api.answer(login, shown).status_code for _ in range(5)] == [423] * 5
    with verifier.database.writing() as connection:
        assert cards.unlock(connection, card.serial)
    assert api.answer(login, shown).status_code == 200


def test_a_right_answer_ends_the_run(api: Api, card: Card) -> None:
    give_wrong(api, card, 9)
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    assert give_wrong(api, card, 9) == [401] * 9
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200


def test_decided_comes_before_locked(api: Api, card: Card) -> None:
    done, challenge = api.login()
    api.answer(done, card.shows(challenge))
    give_wrong(api, card, 10)
    assert api.answer(done, "12345678").status_code == 409


def test_one_locked_card_leaves_the_other_usable(api: Api, card: Card, verifier: Verifier) -> None:
    give_wrong(api, card, 10)
    second = Card(number=2, key=b"k" * 32)
    add_card(verifier, second)
    begun = api.password().json()
    assert begun["factor"] == "card-2"
    shown = second.shows(begun["prompt"]["challenge"])
    assert api.answer(begun["login"], shown).status_code == 200
