"""The desk marks an order shipped; from then on time, or its owner, puts the card into use."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.roles import Role
from server.db import tables
from server.lifecycle import revocation
from server.verifier import Verifier

from .browser import Browser
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .support import Api, Card, ToldClock, add_card

DAY = 86_400


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    return add_holder(verifier, api)


@pytest.fixture
def made(alice: Holder, verifier: Verifier, api: Api) -> Card:
    alice.order()
    return Bench(verifier, api).make()


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


def ship(dan: Holder, order: int = 1) -> Any:
    return dan.call("POST", f"/desk/orders/{order}/ship")


def activate(alice: Holder, card: Card) -> Any:
    path = f"/devices/{alice.device(card.serial)}/activate"
    begun = alice.call("POST", path).json()
    answer = {"answer": card.shows(begun["prompt"]["challenge"], NEW_PIN)}
    return alice.call("POST", f"{path}/{begun['proof']}", answer)


def test_the_desk_sees_what_is_to_be_sent_and_marks_it(
    alice: Holder, made: Card, dan: Holder
) -> None:
    (order,) = dan.call("GET", "/desk/orders").json()["orders"]
    assert (order["user"], order["state"], order["serial"]) == ("alice", "provisioned", made.serial)
    assert "address" not in order
    assert ship(dan).status_code == 200
    assert dan.call("GET", "/desk/orders").json()["orders"] == []
    told = alice.call("GET", "/card-requests/1").json()
    assert (told["state"], told["serial"], told["address"]) == ("shipped", made.serial, None)
    assert ship(dan).status_code == 409


def test_a_shipped_card_is_active_by_itself_after_three_weeks(
    made: Card, dan: Holder, clock: ToldClock, api: Api
) -> None:
    ship(dan)
    clock.advance(21 * DAY - 1)
    assert api.password().json()["access"] == "portal_only"
    clock.advance(1)
    login, challenge = api.login()
    assert api.answer(login, made.shows(challenge, NEW_PIN)).status_code == 200


def test_before_that_its_owner_is_told_twice(
    made: Card, dan: Holder, verifier: Verifier, clock: ToldClock
) -> None:
    ship(dan)
    now = clock.now()
    assert notices(verifier)[1:] == [
        ("card_shipped", now),
        ("card_activates_soon", now + timedelta(days=14)),
        ("card_activates_now", now + timedelta(days=19)),
    ]


def test_who_activates_the_card_by_hand_is_not_told_any_more(
    alice: Holder, made: Card, dan: Holder, verifier: Verifier, clock: ToldClock
) -> None:
    ship(dan)
    clock.advance(3 * DAY)
    alice.log_in()
    assert activate(alice, made).status_code == 200
    told = [notice for notice, _ in notices(verifier)]
    assert told == ["card_ordered", "card_shipped", "device_activated"]


def test_a_card_that_is_taken_away_on_its_way_announces_nothing(
    alice: Holder, made: Card, dan: Holder, verifier: Verifier, api: Api
) -> None:
    ship(dan)
    desk = dan.call("POST", "/desk/returns", {"serial": made.serial})  # it could not be delivered
    assert desk.status_code == 200
    told = [notice for notice, _ in notices(verifier)]
    assert told == ["card_ordered", "card_shipped", "return_received"]


def test_a_card_that_is_fetched_and_active_before_it_ships_stays_so(
    alice: Holder, made: Card, dan: Holder, verifier: Verifier
) -> None:
    assert activate(alice, made).status_code == 200
    assert ship(dan).status_code == 200
    assert alice.state(made.serial) == "active"
    assert "card_activates_soon" not in [notice for notice, _ in notices(verifier)]


def test_only_a_made_card_is_shipped(
    alice: Holder, dan: Holder, verifier: Verifier, api: Api
) -> None:
    draft = alice.filled()
    assert ship(dan, draft).status_code == 404
    assert dan.call("GET", "/desk/orders").json()["orders"] == []
    alice.call("POST", f"/card-requests/{draft}/submit")
    assert ship(dan, draft).status_code == 409
    bench = Bench(verifier, api)
    bench.take()
    assert ship(dan, draft).status_code == 409
    card = bench.make()
    with verifier.database.writing() as connection:
        revocation.revoke(
            connection, verifier.audit, alice.device(card.serial), verifier.clock.now(), "cli:test"
        )
    assert ship(dan, draft).status_code == 409
    assert alice.call("POST", f"/card-requests/{draft}/cancel").status_code == 200


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.COMPLIANCE, Role.AUDITOR, Role.CUSTOMER])
def test_who_has_not_the_duty_marks_nothing(
    alice: Holder, made: Card, verifier: Verifier, api: Api, role: Role
) -> None:
    other = staff(verifier, api, role)
    assert ship(other).status_code == 403
    assert other.call("GET", "/desk/orders").status_code == 403
    assert alice.call("GET", "/card-requests/1").json()["state"] == "provisioned"


def test_a_lost_card_is_over_when_its_successor_ships_and_costs_its_deposit(
    verifier: Verifier, api: Api, dan: Holder
) -> None:
    alice = add_holder(verifier, api)
    alice.order()
    bench = Bench(verifier, api)
    lost = bench.make(50)
    ship(dan)
    activate(alice, lost)
    add_card(verifier, Card(number=3, key=b"o" * 32))  # another way in meanwhile
    alice.card = Card(number=3, key=b"o" * 32)
    alice.suspend(lost.serial)
    alice.token = log_in_with(api, alice.card)
    order = alice.order("lost")
    assert alice.books() == (-4_000, 4_000, 0)
    bench.make(51)
    assert alice.state(lost.serial) == "suspended"  # it may still turn up
    ship(dan, order)
    assert alice.state(lost.serial) == "revoked"
    assert alice.books() == (-4_000, 2_000, 2_000)
    assert [notice for notice, _ in notices(verifier)].count("deposit_kept") == 1
    with verifier.database.reading() as connection:
        kept = tables.outbox.c.notice == "deposit_kept"
        values = connection.execute(select(tables.outbox.c["values"]).where(kept)).scalar_one()
    assert json.loads(values) == {"serial": lost.serial, "usd": "20.00"}


def log_in_with(api: Api, card: Card) -> str:
    begun = api.password().json()
    chosen = api.client.post(
        f"/api/v1/login/{begun['login']}/factor", json={"factor": begun["factors"][-1]["id"]}
    ).json()
    shown = card.shows(chosen["prompt"]["challenge"])
    return str(api.answer(begun["login"], shown).json()["session"])


@pytest.mark.parametrize("reason", ["broken", "lost"])
def test_a_broken_card_and_one_that_turned_up_cost_nothing(
    verifier: Verifier, api: Api, dan: Holder, reason: str
) -> None:
    held = Card(number=3, key=b"o" * 32)
    alice = add_holder(verifier, api, card=held)
    old = Card(number=4, key=b"4" * 32)
    add_card(verifier, old)
    alice.suspend(old.serial)
    order = alice.order(reason)
    Bench(verifier, api).make()
    if reason == "lost":
        path = f"/devices/{alice.device(old.serial)}/reactivate"
        begun = alice.call("POST", path).json()
        answer = {"answer": old.shows(begun["prompt"]["challenge"])}
        assert alice.call("POST", f"{path}/{begun['proof']}", answer).status_code == 200
    ship(dan, order)
    assert alice.state(old.serial) == ("suspended" if reason == "broken" else "active")
    assert alice.books() == (-2_000, 2_000, 0)


def test_the_pages_of_the_desk_mark_it_too(
    alice: Holder, made: Card, dan: Holder, verifier: Verifier
) -> None:
    browser = Browser(verifier)
    browser.password(dan.user)
    assert dan.card
    browser.send(answer=dan.card.shows(browser.challenge()))
    page = browser.get("/desk/orders")
    assert made.serial in page.text
    browser.send("/desk/orders/1/ship")
    assert "No card is on order" in browser.page.text
    assert alice.call("GET", "/card-requests/1").json()["state"] == "shipped"
