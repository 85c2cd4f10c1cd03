"""Approving on the phone while a RADIUS client waits, and clients that cannot be challenged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from server.clock import SystemClock
from server.db.tables import devices
from server.radius.clients import Rules
from server.verifier import Verifier
from tests.phone import Phone
from tests.server.apps import client_of
from tests.server.counter import issue
from tests.server.phones import PHONE_PIN, PUBLIC_URL, approve, deny, give_phone, waits
from tests.server.support import PASSWORD, Card, ToldClock, add_card, add_user, make_verifier

from .support import ACCEPT, CHALLENGE, REJECT, Nas, add_client, digits_in, says, serving

TOGETHER = Rules(separator=",")


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def phone(verifier: Verifier) -> Phone:
    return give_phone(verifier, client_of(verifier))


@pytest.fixture
def nas(verifier: Verifier) -> Iterator[Nas]:
    add_client(verifier)
    with serving(verifier) as (port, _, _):
        yield Nas(port)


@pytest.fixture
def together(verifier: Verifier) -> Iterator[Nas]:
    add_client(verifier, TOGETHER)
    with serving(verifier) as (port, _, _):
        yield Nas(port)


def number_in(text: str) -> str:
    found = re.search(r"Choose ([0-9]{2}) on your phone", text)
    assert found, text
    return found[1]


# --- a client that can be challenged


def test_an_empty_answer_after_the_approval_lets_in(nas: Nas, phone: Phone) -> None:
    text, state = nas.challenge()
    assert approve(phone, number_in(text)).status_code == 200
    assert nas.ask(password="", state=state).code == ACCEPT
    assert nas.ask(password="", state=state).code == REJECT


def test_the_phone_is_told_which_client_asks(nas: Nas, phone: Phone) -> None:
    nas.challenge()
    assert "RADIUS vpn" in waits(phone)["details"]


def test_a_request_that_waits_is_answered_when_the_phone_approves(tmp_path: Path) -> None:
    """With the machine's own clock: the request is under way while the phone approves."""
    made = make_verifier(
        tmp_path / "real",
        SystemClock(),
        public_url=PUBLIC_URL,
        radius_wait_seconds=110,
        radius_look_seconds=0.05,
    )
    add_user(made)
    phone = give_phone(made, client_of(made))
    add_client(made)
    replies: list[Any] = []
    with serving(made) as (port, _, _):
        nas = Nas(port)
        text, state = nas.challenge()
        thread = Thread(target=lambda: replies.append(nas.ask(password="", state=state)))
        thread.start()
        assert approve(phone, number_in(text)).status_code == 200
        thread.join(120)
    assert [each.code for each in replies] == [ACCEPT]
    made.close()


def test_a_request_waits_no_longer_than_it_may_and_is_asked_again(
    nas: Nas, phone: Phone, clock: ToldClock, verifier: Verifier
) -> None:
    text, state = nas.challenge()
    reply = nas.ask(password="", state=state)
    assert reply.code == CHALLENGE
    assert sum(clock.slept) >= verifier.settings.radius_wait_seconds
    assert number_in(says(reply)) == number_in(text)
    assert approve(phone, number_in(text)).status_code == 200
    assert nas.ask(password="", state=reply[24][0]).code == ACCEPT


@pytest.mark.parametrize("rules", [Rules(), TOGETHER], ids=["challenged", "together"])
def test_an_approval_of_the_last_second_outlives_the_challenge(
    verifier: Verifier, phone: Phone, clock: ToldClock, rules: Rules
) -> None:
    add_client(verifier, rules)
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        asked = nas.ask()
        clock.advance(119)
        assert approve(phone, number_in(says(asked))).status_code == 200
        clock.advance(2)
        if rules.separator:
            assert nas.ask().code == ACCEPT
        else:
            assert nas.ask(password="", state=asked[24][0]).code == ACCEPT


def test_a_login_denied_on_the_phone_is_refused(nas: Nas, phone: Phone) -> None:
    _, state = nas.challenge()
    assert deny(phone).status_code == 200
    reply = nas.ask(password="", state=state)
    assert reply.code == REJECT
    assert "denied" in says(reply)


def test_a_passcode_is_as_good_as_the_approval(nas: Nas, phone: Phone) -> None:
    text, state = nas.challenge()
    passcode = phone.keys[0].shows(digits_in(text), PHONE_PIN)
    assert nas.ask(password=passcode, state=state).code == ACCEPT


def test_a_passcode_typed_after_the_approval_does_not_undo_it(nas: Nas, phone: Phone) -> None:
    text, state = nas.challenge()
    assert approve(phone, number_in(text)).status_code == 200
    assert nas.ask(password="12345678", state=state).code == ACCEPT


# --- one that cannot


def test_password_and_response_in_one_after_the_challenge_was_told(
    together: Nas, card: Card
) -> None:
    told = together.ask()
    assert told.code == REJECT
    assert "password,response" in says(told)
    response = card.shows(digits_in(says(told)))
    assert together.ask(password=f"{PASSWORD},{response}").code == ACCEPT
    assert together.ask(password=f"{PASSWORD},{response}").code == REJECT


def test_a_wrong_password_with_a_right_response_decides_nothing(together: Nas, card: Card) -> None:
    response = card.shows(digits_in(says(together.ask())))
    assert together.ask(password=f"wrong one,{response}").code == REJECT
    assert together.ask(password=f"{PASSWORD},{response}").code == ACCEPT


def test_a_response_to_a_challenge_that_is_over_is_not_counted_against_the_card(
    together: Nas, card: Card, clock: ToldClock, verifier: Verifier
) -> None:
    response = card.shows(digits_in(says(together.ask())))
    clock.advance(121)
    reply = together.ask(password=f"{PASSWORD},{response}")
    assert reply.code == REJECT
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 0
    fresh = card.shows(digits_in(says(reply)))
    assert together.ask(password=f"{PASSWORD},{fresh}").code == ACCEPT


def test_a_response_belongs_to_the_client_that_asked_for_it(
    verifier: Verifier, together: Nas, card: Card
) -> None:
    """What the API has begun is not answered here, though the user is the same."""
    api = client_of(verifier)
    begun = api.post("/api/v1/login", json={"username": "alice", "password": PASSWORD}).json()
    response = card.shows(begun["prompt"]["challenge"])
    reply = together.ask(password=f"{PASSWORD},{response}")
    assert reply.code == REJECT
    assert digits_in(says(reply)) != begun["prompt"]["challenge"]  # a login of its own
    answer = api.post(f"/api/v1/login/{begun['login']}/answer", json={"answer": response})
    assert answer.status_code == 200


def test_another_device_is_chosen_behind_the_separator(
    together: Nas, card: Card, verifier: Verifier
) -> None:
    second = Card(number=2, key=bytes(32))
    add_card(verifier, second)
    text = says(together.ask())
    other, held = ("card-2", second) if "password,card-2" in text else ("card", card)
    assert f"password,{other}" in text
    reply = together.ask(password=f"{PASSWORD},{other}")
    assert reply.code == REJECT
    answer = held.shows(digits_in(says(reply)))
    assert together.ask(password=f"{PASSWORD},{answer}").code == ACCEPT


def test_a_wrong_response_is_counted_and_the_challenge_told_again(
    together: Nas, card: Card, verifier: Verifier
) -> None:
    challenge = digits_in(says(together.ask()))
    reply = together.ask(password=f"{PASSWORD},00000000")
    assert reply.code == REJECT
    assert "2 more tries" in says(reply)
    assert digits_in(says(reply)) == challenge
    with verifier.database.reading() as connection:
        assert connection.execute(select(devices.c.wrong_run)).scalar_one() == 1


def test_a_password_with_the_separator_in_it_has_one_more_behind_it(
    verifier: Verifier, card: Card
) -> None:
    add_user(verifier, "carol", "comma, in the middle")
    add_card(verifier, Card(number=3), "carol")
    add_client(verifier, TOGETHER)
    with serving(verifier) as (port, _, _):
        nas = Nas(port)
        assert "Challenge" not in says(nas.ask("carol", "comma, in the middle"))
        assert "Challenge" in says(nas.ask("carol", "comma, in the middle,"))


def test_after_the_approval_the_password_alone_lets_in(together: Nas, phone: Phone) -> None:
    told = together.ask()
    assert told.code == REJECT
    again = together.ask()  # the same login: the phone is not asked twice
    assert number_in(says(again)) == number_in(says(told))
    assert approve(phone, number_in(says(told))).status_code == 200
    assert together.ask().code == ACCEPT
    assert together.ask().code == REJECT


def test_an_approval_that_nobody_took_in_time_is_forgotten(
    together: Nas, phone: Phone, clock: ToldClock
) -> None:
    told = together.ask()
    assert approve(phone, number_in(says(told))).status_code == 200
    clock.advance(121)
    reply = together.ask()
    assert reply.code == REJECT
    assert number_in(says(reply))


def test_a_temporary_code_needs_no_challenge(together: Nas, verifier: Verifier) -> None:
    code = issue(verifier)
    assert together.ask(password=f"{PASSWORD},{code}").code == ACCEPT
    assert together.ask(password=f"{PASSWORD},{code}").code == ACCEPT
    assert together.ask().code == REJECT


def test_a_temporary_code_is_typed_unseen(nas: Nas, verifier: Verifier) -> None:
    code = issue(verifier)
    reply = nas.ask()
    assert reply["Prompt"] == ["No-Echo"]
    assert nas.ask(password=code, state=reply[24][0]).code == ACCEPT
