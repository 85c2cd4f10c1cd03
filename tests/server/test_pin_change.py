"""A PIN is changed by an answer given with the new one; until then the old one is in force."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from server.db import tables
from server.verifier import Verifier

from .browser import Browser
from .holders import NEW_PIN, Holder, add_holder, notices
from .support import PIN, Api, Card, ToldClock, add_card, add_user


@pytest.fixture
def held() -> Card:
    return Card()


@pytest.fixture
def alice(verifier: Verifier, api: Api, held: Card) -> Holder:
    return add_holder(verifier, api, card=held)


def begin(alice: Holder, card: Card, pin: str = NEW_PIN, again: str | None = None) -> Any:
    body = {"pin": pin, "again": pin if again is None else again}
    return alice.call("POST", f"/devices/{alice.device(card.serial)}/pin", body)


def finish(alice: Holder, card: Card, begun: Any, answer: str) -> Any:
    path = f"/devices/{alice.device(card.serial)}/pin/{begun.json()['proof']}"
    return alice.call("POST", path, {"answer": answer})


def shown(card: Card, begun: Any, pin: str = NEW_PIN) -> str:
    return card.shows(begun.json()["prompt"]["challenge"], pin)


def logs_in(api: Api, card: Card, pin: str) -> int:
    login, challenge = api.login()
    return int(api.answer(login, card.shows(challenge, pin)).status_code)


def test_the_new_pin_is_in_force_when_it_has_answered_and_not_before(
    alice: Holder, held: Card, api: Api
) -> None:
    begun = begin(alice, held)
    assert begun.status_code == 201
    assert logs_in(api, held, PIN) == 200
    assert finish(alice, held, begun, shown(held, begun)).status_code == 200
    assert logs_in(api, held, NEW_PIN) == 200
    assert logs_in(api, held, PIN) == 401
    assert [notice for notice, _ in notices(alice.verifier)] == ["pin_changed"]


def test_an_answer_with_the_old_pin_changes_nothing_and_counts(
    alice: Holder, held: Card, api: Api
) -> None:
    begun = begin(alice, held)
    refused = finish(alice, held, begun, shown(held, begun, PIN))
    assert (refused.status_code, refused.json()["tries_left"]) == (401, 2)
    assert logs_in(api, held, PIN) == 200


def test_a_change_that_is_not_finished_in_time_is_none(
    alice: Holder, held: Card, api: Api, clock: ToldClock
) -> None:
    begun = begin(alice, held)
    clock.advance(120)
    assert finish(alice, held, begun, shown(held, begun)).status_code == 410
    assert logs_in(api, held, PIN) == 200


def test_one_answer_changes_the_pin_once(alice: Holder, held: Card, api: Api) -> None:
    first, second = begin(alice, held), begin(alice, held, "6180")
    right = shown(held, first)
    assert finish(alice, held, first, right).status_code == 200
    assert finish(alice, held, first, right).status_code == 409
    assert finish(alice, held, second, shown(held, second, "6180")).status_code == 200
    assert logs_in(api, held, "6180") == 200


@pytest.mark.parametrize(
    ("pin", "again", "field"),
    [
        (NEW_PIN, "8153", "again"),
        ("1234", "1234", "pin"),
        ("815", "815", "pin"),
        ("2902", "2902", "pin"),  # the 29th of February
        ("1980", "1980", "pin"),
        ("5501", "5501", "pin"),  # of the phone number
        ("0110", "0110", "pin"),  # of the postal code
        ("9999", "9999", "pin"),
    ],
)
def test_a_pin_that_cannot_be_is_refused_beside_its_field(
    alice: Holder, held: Card, pin: str, again: str, field: str
) -> None:
    refused = begin(alice, held, pin, again)
    assert refused.status_code == 422
    assert refused.json()["field"] == field
    assert pin not in refused.text


def test_whoever_tries_what_is_on_record_is_stopped(
    alice: Holder, held: Card, clock: ToldClock
) -> None:
    """A stranger at an open session could read the record by asking which PINs are refused."""
    known = ("1202", "2025", "0255", "2555", "5550", "5501", "5012", "1980", "2902", "0229")
    for pin in known:
        assert "known about you" in begin(alice, held, pin).text
    for pin in (NEW_PIN, "2190"):
        stopped = begin(alice, held, pin)
        assert stopped.status_code == 422
        assert "Wait" in stopped.json()["detail"]
    clock.advance(900)
    assert begin(alice, held).status_code == 201


def test_the_new_pin_is_nowhere_in_the_clear(alice: Holder, held: Card, verifier: Verifier) -> None:
    begun = begin(alice, held)
    assert NEW_PIN not in begun.text.replace(begun.json()["prompt"]["challenge"], "")
    with verifier.database.reading() as connection:
        row = connection.execute(
            select(tables.logins).where(tables.logins.c.purpose == "pin_change")
        ).one()
        assert NEW_PIN.encode() not in row.detail_sealed
        finish(alice, held, begun, shown(held, begun))
        log = connection.execute(select(tables.audit_log.c.detail)).scalars().all()
    assert not any(NEW_PIN in detail for detail in log)


def test_somebody_elses_card_is_not_there_and_not_told_of(
    alice: Holder, held: Card, verifier: Verifier
) -> None:
    add_user(verifier, "bob")
    theirs = Card(number=9, key=b"b" * 32)
    add_card(verifier, theirs, "bob")
    for pin in (NEW_PIN, "1234"):
        assert begin(alice, theirs, pin).status_code == 404
    begun = begin(alice, held)
    assert finish(alice, theirs, begun, shown(held, begun)).status_code == 404


@pytest.mark.parametrize("values", [{"state": "suspended"}, {"kind": "code_card"}])
def test_only_a_card_in_use_has_a_pin_to_change(
    alice: Holder, held: Card, verifier: Verifier, values: dict[str, str]
) -> None:
    second = Card(number=9, key=b"s" * 32)
    add_card(verifier, second)
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices).where(tables.devices.c.serial == second.serial).values(**values)
        )
    assert begin(alice, second).status_code == 409


def test_the_pages_change_it_too(alice: Holder, held: Card, verifier: Verifier, api: Api) -> None:
    browser = Browser(verifier)
    browser.password()
    browser.send(answer=held.shows(browser.challenge()))
    start = f"/devices/{alice.device(held.serial)}/pin"
    browser.get(start)
    refused = browser.send(start, pin="1234", again="1234")
    assert refused.status_code == 422
    assert 'id="pin-problem"' in refused.text
    assert "1234" not in refused.text.replace("such as 1234", "").replace("1234 5678", "")
    browser.send(start, pin=NEW_PIN, again=NEW_PIN)
    action = browser.page.url.path
    browser.send(action, answer=held.shows(browser.challenge(), NEW_PIN))
    assert "The new PIN is in force" in browser.page.text
    assert logs_in(api, held, NEW_PIN) == 200
