"""The clock is set an hour ahead, or back: what was decided stays so, and no counter goes back."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db.tables import cards
from server.verifier import Verifier

from ..support import Api, Card, ToldClock, wrong

HOUR = 3_600


def counter(verifier: Verifier) -> int:
    with verifier.database.reading() as connection:
        return int(connection.execute(select(cards.c.counter)).scalar_one())


def in_order(verifier: Verifier) -> bool:
    verifier.audit.seal(verifier.clock.now())
    return verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None


def test_ahead_open_challenges_and_idle_sessions_are_over(
    api: Api, card: Card, clock: ToldClock, verifier: Verifier
) -> None:
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    waiting, challenge = api.login()
    clock.advance(HOUR)
    assert api.answer(waiting, card.shows(challenge)).status_code == 410
    assert api.session(token).status_code == 401  # idle for more than half an hour
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    assert in_order(verifier)


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_what_was_decided_is_not_decided_again(
    api: Api, card: Card, clock: ToldClock, verifier: Verifier, step: int
) -> None:
    login, challenge = api.login()
    code = card.shows(challenge)
    assert api.answer(login, code).status_code == 200
    before = counter(verifier)
    clock.advance(step)
    assert api.answer(login, code).status_code == 409
    assert counter(verifier) == before
    login, challenge = api.login()
    assert api.answer(login, code).status_code == 401
    assert api.answer(login, card.shows(challenge)).status_code == 200
    assert counter(verifier) > before
    assert in_order(verifier)


@pytest.mark.parametrize("step", [-HOUR, HOUR])
def test_a_lock_does_not_pass(
    api: Api, card: Card, clock: ToldClock, verifier: Verifier, step: int
) -> None:
    for tries in (3, 3, 3, 1):
        login, challenge = api.login()
        bad = wrong(card.shows(challenge))
        for _ in range(tries):
            api.answer(login, bad)
    clock.advance(step)
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 423
    assert in_order(verifier)


def test_back_a_challenge_can_be_answered_once_and_not_after_its_time_by_the_clock(
    api: Api, card: Card, clock: ToldClock, verifier: Verifier
) -> None:
    login, challenge = api.login()
    clock.advance(-HOUR)
    clock.advance(HOUR + 121)
    assert api.answer(login, card.shows(challenge)).status_code == 410
    login, challenge = api.login()
    clock.advance(-HOUR)
    assert api.answer(login, card.shows(challenge)).status_code == 200
    assert api.answer(login, card.shows(challenge)).status_code == 409
    assert in_order(verifier)


def test_back_a_session_that_was_ended_stays_so_and_a_live_one_keeps_its_last_moment(
    api: Api, card: Card, clock: ToldClock, verifier: Verifier
) -> None:
    login, challenge = api.login()
    ended = api.answer(login, card.shows(challenge)).json()["session"]
    verifier.logins.log_out(ended)
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    until = clock.now().timestamp() + verifier.settings.session_seconds
    clock.advance(-HOUR)
    assert api.session(ended).status_code == 401
    assert api.session(token).status_code == 200
    for _ in range(40):  # in use all the time, past the moment that was told at its beginning
        clock.advance(1_500)
        if clock.now().timestamp() >= until:
            break
        assert api.session(token).status_code == 200
    assert api.session(token).status_code == 401
    assert in_order(verifier)


def test_back_wrong_passwords_are_still_slowed_down(
    api: Api, clock: ToldClock, verifier: Verifier
) -> None:
    for _ in range(12):
        api.password(password="not hers")
    slept = len(clock.slept)
    clock.advance(-HOUR)
    answered = api.password(password="not hers")
    assert answered.status_code == 429 or len(clock.slept) > slept
