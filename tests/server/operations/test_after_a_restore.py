"""What was accepted between backup and restore is not accepted again by what was restored."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from server.db.tables import code_pairs, identity_checks
from server.factors import card as card_factor
from server.verifier import Verifier

from .. import counter
from ..approving import begin
from ..holder import PERMANENT, Holder
from ..phones import PHONE_PIN, PUBLIC_URL, give_phone
from ..support import Api, Card, ToldClock, add_user, make_verifier
from .saved import Saved


@pytest.fixture
def saved(verifier: Verifier, card: Card, tmp_path: Path) -> Saved:
    return Saved(verifier, tmp_path)


@pytest.fixture
def same_challenge(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst case: every login draws the challenge that somebody has seen answered."""
    monkeypatch.setattr(card_factor, "offer", lambda _state: {"challenge": "123456"})


def log_in(api: Api, card: Card) -> int:
    login, challenge = api.login()
    return int(api.answer(login, card.shows(challenge)).status_code)


@pytest.mark.usefixtures("same_challenge")
def test_a_code_accepted_after_the_backup_is_not_accepted_by_the_restored_verifier(
    saved: Saved, api: Api, card: Card
) -> None:
    saved.make()
    login, challenge = api.login()
    seen = card.shows(challenge)
    assert api.answer(login, seen).status_code == 200
    with saved.opened() as again:
        restored = Api(again)
        for _ in range(2):
            login, _ = restored.login()
            assert restored.answer(login, seen).status_code == 401
        card.skip(1)
        assert log_in(restored, card) == 401  # the owner's first
        login, _ = restored.login()
        assert restored.answer(login, seen).status_code == 401  # behind the counter for good
        assert log_in(restored, card) == 200
        assert log_in(restored, card) == 200  # and as ever from now on


def test_nobody_draws_a_restored_cards_challenge_again(saved: Saved, card: Card) -> None:
    """Who has seen two codes in a row needs both of their challenges, and gets one try at each."""
    saved.make()
    challenges = []
    for _ in range(2):
        with saved.opened() as again:
            api = Api(again)
            first = {api.login()[1] for _ in range(5)}
            login, challenge = api.login()
            assert api.answer(login, card.shows(challenge)).status_code == 401
            second = {api.login()[1] for _ in range(5)}
            assert len(first) == len(second) == 1
            assert log_in(api, card) == 200
            assert len({api.login()[1] for _ in range(5)}) > 1
            challenges += [*first, *second]
    assert len(set(challenges)) == 4  # another restore asks others


def test_the_owner_answers_twice_and_is_in(saved: Saved, card: Card) -> None:
    saved.make()
    card.skip(7)
    with saved.opened() as again:
        api = Api(again)
        assert [log_in(api, card) for _ in range(3)] == [401, 200, 200]


def test_the_second_answer_must_be_for_the_next_counter_and_on_another_login(
    saved: Saved, card: Card
) -> None:
    saved.make()
    with saved.opened() as again:
        api = Api(again)
        login, challenge = api.login()
        assert [api.answer(login, card.shows(challenge)).status_code for _ in range(2)] == [401] * 2
        card.skip(1)
        assert log_in(api, card) == 401
        assert log_in(api, card) == 200


def test_a_card_that_answered_twice_after_a_restore_is_asked_again_after_another(
    saved: Saved, card: Card
) -> None:
    with saved.make().opened() as first:
        api = Api(first)
        assert [log_in(api, card) for _ in range(2)] == [401, 200]
    with saved.opened() as second:
        assert log_in(Api(second), card) == 401


def test_no_session_and_no_open_login_comes_back(saved: Saved, api: Api, card: Card) -> None:
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    open_login, challenge = api.login()
    saved.make()
    assert api.session(token).status_code == 200
    with saved.opened() as again:
        restored = Api(again)
        assert restored.session(token).status_code == 401
        assert restored.answer(open_login, card.shows(challenge)).status_code == 409


def test_a_temporary_code_does_not_come_back(saved: Saved, api: Api) -> None:
    code = counter.issue(saved.verifier)
    saved.make()
    with saved.opened() as again:
        restored = Api(again)
        answered = restored.password()
        if answered.status_code == 200:
            login = answered.json()["login"]
            assert restored.answer(login, code).status_code != 200
        else:
            assert answered.status_code == 403
        with again.database.reading() as connection:
            used = connection.execute(select(identity_checks.c.used_at)).scalars().all()
        assert used
        assert None not in used


def test_a_pair_that_was_being_asked_is_not_asked_again(saved: Saved, api: Api, card: Card) -> None:
    alice = Holder(saved.verifier, card)
    alice.log_in()
    alice.gets(PERMANENT)
    asked = tuple(sorted(alice.begin(PERMANENT)["prompt"]["indexes"]))
    saved.make()
    with saved.opened() as again:
        with again.database.reading() as connection:
            pairs = connection.execute(select(code_pairs.c.low, code_pairs.c.high)).all()
        assert asked in {tuple(pair) for pair in pairs}
        alice.api = Api(again)
        assert tuple(sorted(alice.begin(PERMANENT)["prompt"]["indexes"])) != asked
        assert alice.log_in(PERMANENT)["access"] == "full"


def test_a_phone_gives_two_passcodes_too(tmp_path: Path, clock: ToldClock) -> None:
    verifier = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(verifier)
    phone = give_phone(verifier, Api(verifier).client)
    saved = Saved(verifier, tmp_path, more={"public_url": PUBLIC_URL}).make()
    found = []
    with saved.opened() as again:
        api = Api(again)
        for _ in range(3):
            login, prompt = begin(api)
            passcode = phone.keys[0].shows(prompt["challenge"], PHONE_PIN)
            found.append(api.answer(login, passcode).status_code)
    verifier.close()
    assert found == [401, 200, 200]
