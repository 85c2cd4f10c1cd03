"""The token by SMS: what is refused of it and of the number it goes to, and how often it comes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from server.audit.events import Event
from server.db.tables import mobile_registrations
from server.verifier import Verifier
from tests.phone import REGISTRATIONS

from ..post import Hook
from ..support import (
    Card,
    ToldClock,
    add_card,
    add_user,
    wrong,
)
from . import (
    ON_RECORD,
    Run,
    events,
    keys,
    name,
    on_record,
    put_on_record,
    refused,
    start,
    state,
)

# --- the token


def test_a_wrong_token_is_counted_and_the_fifth_ends_the_registration(
    verifier: Verifier, run: Run
) -> None:
    run.number()
    right = run.token()
    for left in (4, 3, 2, 1, 0):
        answer = run.post("token", token=wrong(right))
        assert (answer.status_code, name(answer)) == (401, "token-wrong")
        assert answer.json()["tries_left"] == left
    over = run.post("token", token=right)
    assert (over.status_code, name(over)) == (410, "registration-over")
    assert state(verifier) == "ended"
    assert len(events(verifier, Event.REGISTRATION_WRONG)) == 5
    assert len(events(verifier, Event.REGISTRATION_ENDED)) == 1


def test_asking_for_another_token_gives_no_more_tries(run: Run, clock: ToldClock) -> None:
    run.number()
    right = run.token()
    for _ in range(4):
        run.post("token", token=wrong(right))
    clock.advance(30)
    run.post("again")
    assert run.post("token", token=wrong(run.token())).json()["tries_left"] == 0
    assert run.post("again").status_code == 410


def test_a_token_expires_after_ten_minutes_and_is_not_counted(
    verifier: Verifier, run: Run, clock: ToldClock
) -> None:
    run.number()
    token = run.token()
    clock.advance(600)
    answer = run.post("token", token=token)
    assert (answer.status_code, name(answer)) == (410, "token-expired")
    assert refused(verifier) == 1
    run.post("again")
    assert run.post("token", token=run.token()).status_code == 200


def test_a_token_is_right_until_the_last_moment(run: Run, clock: ToldClock) -> None:
    run.number()
    clock.advance(599)
    assert run.post("token", token=run.token()).status_code == 200


def test_a_token_is_good_once(verifier: Verifier, run: Run) -> None:
    run.number()
    token = run.token()
    assert run.post("token", token=token).status_code == 200
    again = run.post("token", token=token)
    assert (again.status_code, name(again)) == (409, "illegal-move")
    assert state(verifier) == "proved"
    assert refused(verifier) == 1


def test_the_token_of_another_registration_is_wrong(
    verifier: Verifier, gateway: Hook, run: Run
) -> None:
    run.number()
    token = run.token()
    other = start(verifier, gateway)
    other.begin()
    other.number()
    assert other.token() != token
    assert other.post("token", token=token).status_code == 401
    assert run.post("token", token=token).status_code == 200


@pytest.mark.parametrize(
    "token", ["12345", "1234567", "12 456", "abcdef", "１２３４５６", "", 123456]
)
def test_what_cannot_be_a_token_is_malformed_and_not_counted(
    verifier: Verifier, run: Run, token: object
) -> None:
    run.number()
    assert run.post("token", token=token).status_code == 422
    assert run.post("token", token=run.token()).status_code == 200


def test_half_an_hour_after_the_password_a_registration_is_over(
    run: Run, clock: ToldClock, verifier: Verifier
) -> None:
    proved = run.prove()
    body, _ = run.phone.element(run.bearer, proved)
    clock.advance(1_800)
    assert run.element(body).status_code == 410
    assert keys(verifier) == 0


def test_what_has_expired_is_wiped_when_anybody_begins_another(
    verifier: Verifier, gateway: Hook, run: Run, clock: ToldClock
) -> None:
    put_on_record(verifier, None)
    run.number(country="AU", digits="491570156")
    run.post("token", token=run.token())
    clock.advance(1_860)
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    start(verifier, gateway, "bob").begin()
    with verifier.database.reading() as connection:
        first = connection.execute(select(mobile_registrations)).first()
    assert first is not None
    assert first.state == "ended"
    assert (first.number_sealed, first.exchange_sealed, first.challenge) == (None, None, None)


def test_the_latest_three_of_a_user_stay_open(verifier: Verifier, gateway: Hook) -> None:
    runs = [start(verifier, gateway) for _ in range(4)]
    for each in runs:
        assert each.begin().status_code == 200
    assert runs[0].number().status_code == 410
    with verifier.database.reading() as connection:
        rows = select(mobile_registrations.c.state).order_by(mobile_registrations.c.id)
        states = connection.execute(rows).scalars().all()
    assert states == ["ended", "begun", "begun", "begun"]


# --- floods


def test_messages_come_no_quicker_than_the_pauses_and_no_more_than_four(
    verifier: Verifier, gateway: Hook, run: Run, clock: ToldClock
) -> None:
    assert run.post("again").status_code == 409  # none was sent yet
    assert run.number().json()["again_in"] == 30
    for pause, following in ((30, 60), (60, 120), (120, None)):
        for call in (run.number, lambda: run.post("again")):
            early = call()
            assert (early.status_code, name(early)) == (429, "too-soon")
            assert early.headers["Retry-After"] == str(pause)
        clock.advance(pause - 1)
        assert run.post("again").headers["Retry-After"] == "1"
        clock.advance(1)
        assert run.post("again").json()["again_in"] == following
    clock.advance(600)
    assert run.post("again").status_code == 409
    assert run.number().status_code == 409
    assert len({run.token() for _ in range(4)}) == 4
    assert len(gateway.came) == 4
    assert len(events(verifier, Event.REGISTRATION_SENT)) == 4


def test_no_more_than_six_go_to_one_user_in_a_day_however_often_he_begins(
    verifier: Verifier, gateway: Hook, clock: ToldClock
) -> None:
    first_at = clock.now()
    for _ in range(6):
        each = start(verifier, gateway)
        each.begin()
        assert each.number().status_code == 200
        clock.advance(60)
    each = start(verifier, gateway)
    each.begin()
    answer = each.number()
    assert (answer.status_code, name(answer)) == (429, "too-soon")
    assert int(answer.headers["Retry-After"]) == 86_400 - 360
    add_user(verifier, "bob")
    put_on_record(verifier, ON_RECORD, "bob")
    of_bob = start(verifier, gateway, "bob")
    of_bob.begin()
    assert of_bob.number().status_code == 200
    clock.advance(86_400 - (clock.now() - first_at).total_seconds())
    later = start(verifier, gateway)
    later.begin()
    assert later.number().status_code == 200


# --- a number of one's own choosing


def test_who_never_had_a_device_may_give_another_number_than_the_one_on_record(
    verifier: Verifier, run: Run
) -> None:
    assert run.begun["may_add_number"] is True
    assert run.number(country="AU", digits="491570156").status_code == 200
    assert on_record(verifier) == ON_RECORD
    proved = run.post("token", token=run.token()).json()
    body, _ = run.phone.element(run.bearer, proved)
    assert run.element(body).status_code == 200
    assert on_record(verifier) == "+61491570156"


@pytest.mark.parametrize("recorded", [ON_RECORD, None])
def test_who_had_a_device_adds_no_number_of_his_own(
    verifier: Verifier, gateway: Hook, run: Run, recorded: str | None
) -> None:
    put_on_record(verifier, recorded)
    add_card(verifier, Card())
    answer = run.number(country="AU", digits="491570156")
    assert (answer.status_code, name(answer)) == (403, "number-not-on-record")
    assert gateway.came == []


def test_a_device_that_came_meanwhile_leaves_his_own_number_worthless(
    verifier: Verifier, run: Run
) -> None:
    run.number(country="AU", digits="491570156")
    proved = run.post("token", token=run.token()).json()
    body, _ = run.phone.element(run.bearer, proved)
    add_card(verifier, Card())
    answer = run.element(body)
    assert (answer.status_code, name(answer)) == (403, "number-not-on-record")
    assert (keys(verifier), on_record(verifier)) == (0, ON_RECORD)


def test_who_had_a_device_and_has_no_number_on_record_is_sent_to_the_desk(
    verifier: Verifier, gateway: Hook
) -> None:
    add_card(verifier, Card())
    put_on_record(verifier, None)
    answer = start(verifier, gateway).begin()
    assert (answer.status_code, name(answer)) == (403, "number-not-on-record")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"number": "other"},
        {"number": "record", "country": "AU", "digits": "491570156"},
        {"country": "AU"},
        {"digits": "491570156"},
        {"country": "au", "digits": "491570156"},
        {"country": "AU", "digits": "0491570156"},
        {"country": "AU", "digits": 491570156},
        {"number": "record", "more": "1"},
    ],
)
def test_what_is_no_number_is_refused_before_anything_is_sent(
    gateway: Hook, run: Run, body: dict[str, object]
) -> None:
    answer = run.phone.post(f"{REGISTRATIONS}/number", body, run.bearer)
    assert answer.status_code == 422
    assert gateway.came == []
