"""Approving a login on the phone: what decides it, and how often its user is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from server.audit.events import Event
from server.db.tables import devices, outbox
from server.factors.mobile_key import Element
from server.verifier import Verifier
from tests.phone import Phone

from .approving import begin, events, standing, take
from .phones import (
    PHONE_PIN,
    PUBLIC_URL,
    approve,
    deny,
    give_phone,
    pending,
    said,
    send,
    told,
    waits,
)
from .support import Api, Card, ToldClock, add_card, add_user, make_verifier, wrong


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def phone(verifier: Verifier, api: Api) -> Phone:
    return give_phone(verifier, api.client)


@pytest.fixture
def passkey_phone(verifier: Verifier, api: Api) -> Phone:
    return give_phone(verifier, api.client, element=Element.WEBAUTHN)


# --- the way it goes


def test_an_approval_with_the_pin_opens_the_session(api: Api, phone: Phone) -> None:
    login, prompt = begin(api)
    assert set(prompt) == {"challenge", "number", "push"}
    assert prompt["push"]
    assert take(api, login).status_code == 202
    answer = approve(phone, prompt["number"])
    assert (answer.status_code, answer.json()) == (200, {"state": "approved"})
    assert pending(phone)["logins"] == []

    opened = take(api, login)
    assert opened.status_code == 200
    assert opened.json()["device_kind"] == "mobile_key"
    assert api.session(opened.json()["session"]).status_code == 200


def test_an_approval_with_the_phones_own_lock_opens_the_session(
    api: Api, passkey_phone: Phone
) -> None:
    login, prompt = begin(api)
    assert approve(passkey_phone, prompt["number"]).json() == {"state": "approved"}
    assert take(api, login).json()["device_kind"] == "mobile_key"


def test_the_phone_is_told_who_where_from_and_when(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    api.client.headers["User-Agent"] = agent
    _, prompt = begin(api)
    login = waits(phone)
    assert told(login) == {
        "v": 1,
        "login": login["login"],
        "user": "alice",
        "serial": phone.keys[0].serial,
        "from": "testclient",
        "agent": "Firefox on Linux",
        "at": "2026-03-01T12:00:00Z",
    }
    assert prompt["number"] in login["numbers"]
    assert len(set(login["numbers"])) == 3


def test_a_session_is_taken_once(api: Api, phone: Phone) -> None:
    login, prompt = begin(api)
    approve(phone, prompt["number"])
    assert take(api, login).status_code == 200
    assert take(api, login).status_code == 409


def test_the_login_that_the_phone_knows_opens_nothing(api: Api, phone: Phone) -> None:
    """The phone's name for a login is another than the one that takes its session."""
    login, prompt = begin(api)
    on_phone = waits(phone)["login"]
    assert on_phone != login
    approve(phone, prompt["number"])
    assert take(api, on_phone).status_code == 404


def test_a_denied_login_is_over_and_its_user_is_told(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    login, prompt = begin(api)
    answer = deny(phone)
    assert (answer.status_code, answer.json()) == (200, {"state": "denied"})
    assert Event.LOGIN_DENIED.value in events(verifier)
    with verifier.database.reading() as connection:
        assert connection.execute(select(outbox.c.notice)).scalars().all() == ["login_denied"]
    refusal = take(api, login)
    assert refusal.status_code == 409
    assert "login-denied" in refusal.text
    passcode = phone.keys[0].shows(prompt["challenge"], PHONE_PIN)
    assert api.answer(login, passcode).status_code == 409


def test_a_passcode_answers_the_same_login(api: Api, phone: Phone) -> None:
    login, prompt = begin(api)
    login_on_phone = waits(phone)
    assert api.answer(login, phone.keys[0].shows(prompt["challenge"], PHONE_PIN)).status_code == 200
    late = send(
        phone, login_on_phone, said(phone.keys[0], login_on_phone, "approve", prompt["number"])
    )
    assert late.status_code == 409


def test_a_passcode_of_a_phone_with_its_own_lock_has_no_pin_in_it(
    api: Api, passkey_phone: Phone
) -> None:
    login, prompt = begin(api)
    assert api.answer(login, passkey_phone.keys[0].shows(prompt["challenge"])).status_code == 200


def test_going_over_to_the_phone_asks_it_and_away_again_leaves_it_alone(
    api: Api, verifier: Verifier, clock: ToldClock
) -> None:
    card = Card()
    add_card(verifier, card)
    clock.advance(1)
    phone = give_phone(verifier, api.client)
    login, prompt = begin(api)
    assert prompt["push"]
    before = waits(phone)
    choice = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "card"})
    assert "push" not in choice.json()["prompt"]
    assert pending(phone)["logins"] == []
    late = send(phone, before, said(phone.keys[0], before, "approve", prompt["number"]))
    assert late.status_code == 404
    clock.advance(60)
    choice = api.client.post(f"/api/v1/login/{login}/factor", json={"factor": "phone-10000001"})
    approve(phone, choice.json()["prompt"]["number"])
    assert take(api, login).status_code == 200


# --- wrong


def test_a_wrong_number_ends_the_login(api: Api, phone: Phone, verifier: Verifier) -> None:
    login, prompt = begin(api)
    other = next(each for each in waits(phone)["numbers"] if each != prompt["number"])
    answer = approve(phone, other)
    assert (answer.status_code, answer.json()["tries_left"]) == (401, 0)
    assert events(verifier)[-1] == Event.LOGIN_WRONG.value
    assert pending(phone)["logins"] == []
    assert take(api, login).status_code == 409


def test_a_wrong_pin_is_counted_to_the_lock(
    api: Api, phone: Phone, verifier: Verifier, clock: ToldClock
) -> None:
    left = []
    for _ in range(4):
        _, prompt = begin(api)
        while pending(phone)["logins"] and not pending(phone)["key"]["locked"]:
            answer = approve(phone, prompt["number"], "00000")
            assert answer.status_code == 401
            left.append(answer.json()["tries_left"])
        clock.advance(600)
    assert left == [2, 1, 0, 2, 1, 0, 2, 1, 0, 2]
    assert Event.DEVICE_LOCKED.value in events(verifier)
    assert pending(phone) == {
        "key": {"serial": phone.keys[0].serial, "user": "alice", "locked": True},
        "logins": [],
    }
    _, prompt = begin(api)
    assert prompt.get("push") is None  # a locked phone is not asked


def test_a_lock_comes_before_what_is_right(api: Api, phone: Phone, verifier: Verifier) -> None:
    _login, prompt = begin(api)
    shown = waits(phone)
    with verifier.database.writing() as connection:
        connection.execute(devices.update().values(locked_at=verifier.clock.now()))
    body = said(phone.keys[0], shown, "approve", prompt["number"])
    assert send(phone, shown, body).status_code == 423


def test_wrong_passcodes_and_wrong_approvals_count_to_one_lock(
    api: Api, phone: Phone, verifier: Verifier
) -> None:
    login, prompt = begin(api)
    api.answer(login, wrong(phone.keys[0].shows(prompt["challenge"], PHONE_PIN)))
    assert approve(phone, prompt["number"], "00000").json()["tries_left"] == 1
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 2
    assert approve(phone, prompt["number"]).status_code == 200
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 0


@pytest.mark.parametrize("missing", ["number", "pin_proof"])
def test_an_approval_without_a_part_is_not_counted(
    api: Api, phone: Phone, verifier: Verifier, missing: str
) -> None:
    _, prompt = begin(api)
    login = waits(phone)
    number = None if missing == "number" else prompt["number"]
    body = said(phone.keys[0], login, "approve", number) | {missing: None}
    before = standing(verifier)
    assert send(phone, login, body).status_code == 422
    assert standing(verifier) == before


# --- flooding


def test_a_user_is_asked_once_a_minute_and_three_times_in_ten(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    asked = []
    for _ in range(14):
        _login, prompt = begin(api)
        asked.append(prompt["push"])
        number = prompt["number"]
        assert (number is None) is not prompt["push"]
        clock.advance(50)
    # at 0, 100 and 200 seconds; then not before 600 are over
    assert [number * 50 for number, push in enumerate(asked) if push] == [0, 100, 200, 600]


def test_a_login_that_is_not_asked_about_takes_the_passcode_alone(
    api: Api, phone: Phone, clock: ToldClock
) -> None:
    begin(api)
    clock.advance(59)
    login, prompt = begin(api)
    assert not prompt["push"]
    assert len(pending(phone)["logins"]) == 1
    assert take(api, login).status_code == 202
    assert api.answer(login, phone.keys[0].shows(prompt["challenge"], PHONE_PIN)).status_code == 200
