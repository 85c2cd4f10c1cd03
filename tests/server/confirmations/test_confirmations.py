"""Having an action confirmed: what an application asks, and what decides it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from protocol import ocra
from server.accounts import users
from server.applications.applications import May
from server.audit.events import Event
from server.db import tables
from server.factors.mobile_key import Element
from server.login.ledger import Ledger
from server.verifier import Verifier

from ..applications.programs import Plugin, add_application, asked, is_accepted, revoke
from ..counter import issue
from ..people import BOB, add_account
from ..phones import PHONE_PIN, PUBLIC_URL, give_phone
from ..row_order import in_order, recorded
from ..support import Api, Card, ToldClock, add_card, add_user, make_verifier, wrong
from .asking import PAYMENT, Bank, digest


@pytest.fixture
def verifier(tmp_path: Path, clock: ToldClock) -> Iterator[Verifier]:
    made = make_verifier(tmp_path, clock, public_url=PUBLIC_URL)
    add_user(made)
    yield made
    made.close()


@pytest.fixture
def bank(verifier: Verifier, api: Api) -> Bank:
    return Bank(verifier, api)


def log(verifier: Verifier) -> list[Any]:
    table = tables.audit_log
    with verifier.database.reading() as connection:
        return list(connection.execute(select(table).order_by(table.c.seq)))


def states(bank: Bank, *asked_: dict[str, Any]) -> list[str]:
    return [bank.state(each).json()["state"] for each in asked_]


# --- the way it goes


def test_an_action_is_confirmed_and_the_receipt_says_so(
    bank: Bank, card: Card, verifier: Verifier, clock: ToldClock
) -> None:
    found = bank.ask()
    assert found["state"] == "open"
    assert found["page"] == f"{PUBLIC_URL}/confirmations/{found['id']}"
    assert (found["device_kind"], found["device"]) == ("card", card.serial)
    assert found["action_sha256"] == digest(found)
    assert states(bank, found) == ["open"]

    told = bank.answer(found, card.shows(found["challenge"]))
    assert told.status_code == 200, told.text
    assert told.json()["state"] == "confirmed"
    assert bank.state(found).json() == told.json()
    claims = bank.receipt(told.json())
    assert claims == {
        "iss": PUBLIC_URL,
        "aud": "bank",
        "sub": "alice",
        "jti": found["id"],
        "iat": int(clock.now().timestamp()),
        "action_sha256": digest(found),
        "device_kind": "card",
        "device": card.serial,
    }
    written = [each for each in log(verifier) if each.event.startswith("confirmation.")]
    assert [each.event for each in written] == [Event.CONFIRMATION_ASKED, Event.CONFIRMATION_GIVEN]
    assert [each.actor for each in written] == ["application:bank", "user:alice"]


def test_the_action_lies_sealed_and_nothing_of_it_is_in_the_log(
    bank: Bank, card: Card, verifier: Verifier
) -> None:
    found = bank.ask()
    bank.answer(found, card.shows(found["challenge"]))
    for path in verifier.settings.data.iterdir():
        assert "Müller".encode() not in path.read_bytes(), path.name
    assert "250" not in "".join(each.detail for each in log(verifier))


def test_a_confirmation_opens_no_session(bank: Bank, card: Card, verifier: Verifier) -> None:
    found = bank.ask()
    bank.answer(found, card.shows(found["challenge"]))
    with verifier.database.reading() as connection:
        counted = select(func.count()).select_from(tables.sessions)
        assert connection.execute(counted).scalar_one() == 0


def test_a_slot_of_its_own_with_a_longer_challenge_is_asked_first(
    bank: Bank, card: Card, verifier: Verifier
) -> None:
    own = Card(number=2, suite="OCRA-1:HOTP-SHA256-8:C-QN10-PSHA256", key=b"k" * 32)
    add_card(verifier, own)
    found = bank.ask()
    assert found["device"] == own.serial
    assert len(found["challenge"]) == 10
    assert bank.answer(found, card.shows(found["challenge"])).status_code == 401  # another key
    assert bank.answer(found, own.shows(found["challenge"])).status_code == 200


@pytest.mark.parametrize("element", Element)
def test_a_mobile_keys_passcode_confirms_too(
    bank: Bank, verifier: Verifier, api: Api, element: Element
) -> None:
    phone = give_phone(verifier, api.client, element=element)
    found = bank.ask()
    assert found["device_kind"] == "mobile_key"
    pin = PHONE_PIN if element is Element.PIN else None
    passcode = phone.keys[0].shows(found["challenge"], pin)
    told = bank.answer(found, passcode).json()
    assert bank.receipt(told)["device_kind"] == "mobile_key"


# --- an answer is worth one action


def test_the_answer_to_one_action_confirms_no_other(bank: Bank, card: Card) -> None:
    mine = bank.ask()
    other = bank.ask(action=PAYMENT | {"title": "Pay 9,250.00 EUR"})
    assert mine["challenge"] != other["challenge"]
    response = card.shows(mine["challenge"])
    assert bank.answer(other, response).status_code == 401
    assert states(bank, mine, other) == ["open", "open"]
    assert bank.answer(mine, response).status_code == 200


def test_the_same_action_asked_twice_is_two_actions(bank: Bank, card: Card) -> None:
    first, second = bank.ask(), bank.ask()
    assert first["action_sha256"] != second["action_sha256"]
    response = card.shows(first["challenge"])
    assert bank.answer(first, response).status_code == 200
    assert bank.answer(second, response).status_code == 401


def test_an_answer_confirms_once(bank: Bank, card: Card) -> None:
    found = bank.ask()
    response = card.shows(found["challenge"])
    assert bank.answer(found, response).status_code == 200
    again = bank.answer(found, response)
    assert (again.status_code, again.json()["type"]) == (409, "urn:challng:problem:login-decided")


def test_a_logins_answer_confirms_nothing_and_an_actions_answer_logs_nobody_in(
    bank: Bank, card: Card, api: Api
) -> None:
    plugin = Plugin(api)
    found = bank.ask()
    login, challenge = api.login()
    assert api.answer(login, card.shows(found["challenge"])).status_code == 401
    transaction, third = asked(plugin.password())
    assert not is_accepted(plugin.answer(transaction, card.shows(found["challenge"])))
    assert bank.answer(found, card.shows(challenge)).status_code == 401
    assert bank.answer(found, card.shows(third)).status_code == 401
    assert bank.answer(found, card.shows(found["challenge"])).status_code == 200


def test_a_confirmations_id_is_no_logins_and_the_other_way_round(
    bank: Bank, card: Card, api: Api
) -> None:
    plugin = Plugin(api)
    found = bank.ask()
    right = card.shows(found["challenge"])
    assert api.answer(found["id"], right).status_code == 404
    assert not is_accepted(plugin.answer(found["id"], right))
    assert plugin.poll(found["id"]).json()["detail"]["challenge_status"] == "pending"
    login, _ = api.login()
    assert bank.answer({"id": login}, right).status_code == 404
    assert bank.answer(found, right).status_code == 200


@pytest.mark.parametrize("what", ["another row's", "damaged", "digest", "challenge"])
def test_an_action_that_was_changed_here_cannot_be_confirmed(
    bank: Bank, card: Card, verifier: Verifier, what: str
) -> None:
    """Whoever writes to the database cannot put another action under an answer."""
    other = bank.ask(action=PAYMENT | {"title": "Pay 9,250.00 EUR"})
    found = bank.ask()
    table, logins = tables.confirmations, tables.logins
    with verifier.database.writing() as connection:
        row = connection.execute(select(table).where(table.c.id == other["id"])).one()
        prompt = json.dumps({"challenge": other["challenge"]})
        mine = update(table).where(table.c.id == found["id"])
        statement = {
            "another row's": mine.values(action_sealed=row.action_sealed),
            "damaged": mine.values(action_sealed=b"\x01" * 60),
            "digest": mine.values(digest=row.digest, nonce=row.nonce),
            "challenge": update(logins).where(logins.c.id == found["id"]).values(prompt=prompt),
        }[what]
        connection.execute(statement)
    challenge = other["challenge"] if what == "challenge" else found["challenge"]
    told = bank.answer(found, card.shows(challenge))
    assert (told.status_code, told.json()["type"]) == (409, "urn:challng:problem:illegal-move")
    last = log(verifier)[-1]
    assert (last.event, json.loads(last.detail)["why"]) == (Event.CONFIRMATION_REFUSED, "changed")
    assert bank.answer(found, card.shows(found["challenge"])).status_code == 409  # it is closed
    assert bank.answer(other, card.shows(other["challenge"])).status_code == 200


# --- refusals


def test_wrong_answers_end_it_and_count_toward_the_cards_lock(
    bank: Bank, card: Card, verifier: Verifier
) -> None:
    found = bank.ask()
    for left in (2, 1, 0):
        told = bank.answer(found, wrong(card.shows(found["challenge"])))
        assert (told.status_code, told.json()["tries_left"]) == (401, left)
    assert states(bank, found) == ["closed"]
    assert bank.answer(found, card.shows(found["challenge"])).status_code == 409
    assert [each.event for each in log(verifier)].count(Event.CONFIRMATION_WRONG) == 3
    for _ in range(2):
        found = bank.ask()
        for _ in range(3):
            bank.answer(found, wrong(card.shows(found["challenge"])))
    found = bank.ask()
    assert bank.answer(found, wrong(card.shows(found["challenge"]))).status_code == 401
    assert bank.answer(found, card.shows(found["challenge"])).status_code == 423
    refused = bank.send()
    assert (refused.status_code, refused.json()["type"]) == (
        423,
        "urn:challng:problem:device-locked",
    )


def test_what_cannot_be_an_answer_is_not_counted(bank: Bank, card: Card) -> None:
    found = bank.ask()
    for text in ("1234", "", "x" * 65, "1234567890123"):
        assert bank.answer(found, text).status_code == 422
    told = bank.answer(found, wrong(card.shows(found["challenge"])))
    assert told.json()["tries_left"] == 2


def test_it_expires(bank: Bank, card: Card, clock: ToldClock) -> None:
    found = bank.ask()
    response = card.shows(found["challenge"])
    clock.advance(300)
    assert states(bank, found) == ["expired"]
    assert bank.answer(found, response).status_code == 410
    assert states(bank, bank.ask()) == ["open"]


def test_another_application_sees_nothing_of_it(
    bank: Bank, card: Card, verifier: Verifier, api: Api
) -> None:
    found = bank.ask()
    other = Bank(verifier, api, "shop")
    assert other.state(found).status_code == 404
    assert other.answer(found, card.shows(found["challenge"])).status_code == 404
    assert states(bank, found) == ["open"]
    for strange in ("x", "A" * 22, "%00"):
        assert bank.state({"id": strange}).status_code == 404


def test_nobody_and_who_cannot_confirm_look_alike(bank: Bank, verifier: Verifier) -> None:
    add_user(verifier, "carol")
    issue(verifier, "carol")  # a temporary code is made of no challenge
    add_user(verifier, "closed")
    add_card(verifier, Card(), "closed")
    add_account(verifier, "U100", BOB, "closed")
    add_user(verifier, "short")
    add_card(verifier, Card(number=3, suite="OCRA-1:HOTP-SHA256-8:C-QN04-PSHA256"), "short")
    with verifier.database.writing() as connection:
        connection.execute(update(tables.accounts).values(closed_at=verifier.clock.now()))
    told = []
    for user in ("alice", "nobody", "not a name!", "carol", "closed", "short"):
        response = bank.send(user)
        assert response.status_code == 409
        told.append(response.json())
    assert all(each == told[0] for each in told)
    assert told[0]["type"] == "urn:challng:problem:no-confirming-device"
    refused = [each for each in log(verifier) if each.event == Event.CONFIRMATION_REFUSED]
    assert len(refused) == 6


def test_only_so_many_wait_for_one_user(bank: Bank, card: Card, clock: ToldClock) -> None:
    """Nobody asks until two actions have the same challenge."""
    for _ in range(5):
        bank.ask()
    refused = bank.send()
    assert (refused.status_code, refused.json()["type"]) == (
        409,
        "urn:challng:problem:illegal-move",
    )
    clock.advance(300)
    bank.ask()


def test_the_right_is_needed_and_a_credential(
    bank: Bank, card: Card, verifier: Verifier, api: Api
) -> None:
    found = bank.ask()
    bank.token = add_application(verifier, "cloud", May.VALIDATE)
    for response in (bank.send(), bank.state(found), bank.answer(found, "12345678")):
        assert response.status_code == 403
    assert log(verifier)[-1].event == Event.NOT_ALLOWED
    login, challenge = api.login()
    session = api.answer(login, card.shows(challenge)).json()["session"]
    for token in ("", "x", session, "cha_" + "A" * 43):
        bank.token = token
        assert bank.send().status_code == 401
    bank.token = add_application(verifier, "gone", May.CONFIRM)
    revoke(verifier, "gone")
    assert bank.send().status_code == 401


@pytest.mark.parametrize(
    "action",
    [
        None,
        {},
        {"title": "Pay"},
        {"title": "Pay", "lines": []},
        {"title": "", "lines": PAYMENT["lines"]},
        {"title": " ", "lines": PAYMENT["lines"]},
        {"title": "Pay \u202e052", "lines": PAYMENT["lines"]},
        {"title": "Pay\n1", "lines": PAYMENT["lines"]},
        {"title": "x" * 81, "lines": PAYMENT["lines"]},
        {"title": "Pay", "lines": [{"label": "To", "value": "x" * 141}]},
        {"title": "Pay", "lines": [{"label": "To", "value": 250}]},
        {"title": "Pay", "lines": [{"label": "To", "value": "a", "hidden": "b"}]},
        {"title": "Pay", "lines": [{"label": "To", "value": "a"}] * 13},
        PAYMENT | {"note": "another field"},
    ],
)
def test_what_is_no_action_is_refused(bank: Bank, card: Card, action: Any) -> None:
    response = bank.send(action=action)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].endswith(".")


def test_a_password_that_changes_ends_what_waits(
    bank: Bank, card: Card, verifier: Verifier
) -> None:
    found = bank.ask()
    with verifier.database.writing() as connection:
        Ledger().close_all(connection, users.get(connection, "alice").id, verifier.clock.now())
    assert states(bank, found) == ["closed"]


# --- the key, and the rows


def test_only_the_public_half_of_the_key_is_told(bank: Bank) -> None:
    (key,) = bank.client.get("/api/v1/confirmations/keys").json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}


def test_a_receipt_that_was_changed_is_worth_nothing(bank: Bank, card: Card) -> None:
    found = bank.ask()
    told = bank.answer(found, card.shows(found["challenge"])).json()
    head, _, end = told["receipt"].split(".")
    other = "eyJzdWIiOiJib2IifQ"
    with pytest.raises(Exception, match="signature"):
        bank.receipt({"receipt": f"{head}.{other}.{end}"})


def test_rows_are_held_in_the_order_of_a_login(bank: Bank, card: Card, verifier: Verifier) -> None:
    found = bank.ask()
    bank.answer(found, card.shows(found["challenge"]))  # the verifier's keys are read by now
    with recorded(verifier) as done:
        found = bank.ask()
        assert bank.answer(found, card.shows(found["challenge"])).status_code == 200
    held = [each for each in done if "audit" in each]
    assert len(held) == 2
    for each in held:
        assert in_order(each), each


def test_the_default_suite_takes_such_challenges(card: Card) -> None:
    assert ocra.parse(card.suite).question_length == 6
    assert len(card.shows("062500")) == 8
