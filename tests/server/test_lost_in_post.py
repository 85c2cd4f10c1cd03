"""A card that never arrives: reported, never active by itself, replaced, or found after all."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from . import counter
from .browser import Browser
from .desk_support import REASON, Caller
from .desk_support import staff as desk_staff
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .support import Api, Card, ToldClock

DAY = 86_400


@pytest.fixture
def card() -> Card:
    return Card(number=3, key=b"o" * 32)


@pytest.fixture
def alice(verifier: Verifier, api: Api, card: Card) -> Holder:
    """Logged in with the card that she has; another one is in the post."""
    return add_holder(verifier, api, card=card)


@pytest.fixture
def bench(verifier: Verifier, api: Api) -> Bench:
    return Bench(verifier, api)


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


@pytest.fixture
def sent(alice: Holder, bench: Bench, dan: Holder) -> Card:
    order = alice.order("additional")
    made = bench.make()
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    return made


def place(holder: Holder, card: Card, what: str = "lost") -> str:
    return f"/devices/{holder.device(card.serial)}/{what}"


def checked(verifier: Verifier, desk: Caller) -> None:
    """The desk has checked who is calling."""
    session = verifier.sessions.find(desk.token, verifier.clock.now())
    counter.check(verifier, session)


def shown(verifier: Verifier, holder: Holder, card: Card) -> Any:
    listed = holder.call("GET", "/devices").json()["devices"]
    return next(each for each in listed if each["serial"] == card.serial)


def answered(holder: Holder, card: Card, way: str) -> Any:
    begun = holder.call("POST", place(holder, card, way))
    assert begun.status_code == 201, begun.text
    answer = {"answer": card.shows(begun.json()["prompt"]["challenge"], NEW_PIN)}
    return holder.call("POST", f"{place(holder, card, way)}/{begun.json()['proof']}", answer)


def test_a_card_reported_lost_in_the_post_never_becomes_active_by_itself(
    alice: Holder, sent: Card, verifier: Verifier, clock: ToldClock, api: Api
) -> None:
    assert "lost" in shown(verifier, alice, sent)["actions"]
    done = alice.call("POST", place(alice, sent))
    assert (done.status_code, done.json()["state"]) == (200, "suspended")
    told = [notice for notice, _ in notices(verifier)]
    assert "device_suspended" in told
    assert not {"card_activates_soon", "card_activates_now"} & set(told)
    clock.advance(60 * DAY)
    alice.log_in()
    assert shown(verifier, alice, sent)["state"] == "suspended"
    assert alice.call("POST", place(alice, sent)).status_code == 409


def test_a_card_that_turned_up_after_all_is_put_into_use_by_its_answer(
    alice: Holder, sent: Card, clock: ToldClock, verifier: Verifier
) -> None:
    """Its activation and its reactivation are one: it was never active before."""
    alice.call("POST", place(alice, sent))
    assert alice.call("POST", place(alice, sent, "activate")).status_code == 409
    clock.advance(DAY)
    alice.log_in()
    done = answered(alice, sent, "reactivate")
    assert (done.status_code, done.json()["state"]) == (200, "active")
    with verifier.database.reading() as connection:
        row = connection.execute(
            select(tables.devices).where(tables.devices.c.serial == sent.serial)
        ).one()
    assert (row.activated_at, row.auto_activates_at) == (clock.now(), None)


def test_another_is_requested_in_its_place_and_ends_it(
    alice: Holder, sent: Card, bench: Bench, dan: Holder
) -> None:
    assert alice.call("POST", "/card-requests", {"reason": "lost"}).status_code == 403
    alice.call("POST", place(alice, sent))
    order = alice.order("lost")
    second = bench.make(51)
    assert alice.state(sent.serial) == "suspended"
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    assert alice.state(sent.serial) == "revoked"
    assert answered(alice, second, "activate").status_code == 200


def test_the_desk_reports_the_first_card_of_a_caller_who_has_a_password_alone(
    verifier: Verifier, api: Api, bench: Bench, dan: Holder, clock: ToldClock
) -> None:
    alice = add_holder(verifier, api)
    order = alice.order()
    made = bench.make()
    sue = desk_staff(verifier, api, "sue", Role.SUPPORT)
    checked(verifier, sue)
    suspend = f"/desk/users/alice{place(alice, made, 'suspend')}"
    assert sue.post(suspend, {"reason": REASON}).status_code == 409, "it was not sent yet"
    dan.call("POST", f"/desk/orders/{order}/ship")
    clock.advance(10 * DAY)
    alice.log_in()
    sue.log_in()
    checked(verifier, sue)
    assert alice.call("POST", place(alice, made)).status_code == 403, "a password is too little"
    assert "lost" not in shown(verifier, alice, made)["actions"]
    assert alice.state(made.serial) == "inactive"
    assert sue.post(suspend, {"reason": REASON}).status_code == 200
    clock.advance(21 * DAY)
    alice.log_in()
    assert alice.access() == "portal_only", "no device was ever in use"
    assert alice.filled("lost")


def test_a_card_in_use_or_of_somebody_else_is_not_reported_here(
    alice: Holder, sent: Card, card: Card, verifier: Verifier, api: Api
) -> None:
    assert alice.call("POST", place(alice, card)).status_code == 409
    assert alice.call("POST", "/devices/999/lost").status_code == 404
    carol = add_holder(verifier, api, "carol", Card(number=9, key=b"c" * 32))
    assert carol.call("POST", place(alice, sent)).status_code == 404
    answered(alice, sent, "activate")
    assert alice.call("POST", place(alice, sent)).status_code == 409


def test_the_page_reports_it_too(alice: Holder, sent: Card, verifier: Verifier) -> None:
    browser = Browser(verifier)
    browser.client.cookies.set("challng_session", alice.token)
    assert place(alice, sent) in browser.get("/devices").text
    assert sent.serial in browser.get(place(alice, sent)).text
    assert "Reported lost" in browser.send(place(alice, sent)).text
    assert browser.get(place(alice, sent)).status_code == 409


def test_the_pin_of_a_card_on_its_way_is_ended_and_the_new_one_puts_it_into_use(
    verifier: Verifier, api: Api, alice: Holder, sent: Card, clock: ToldClock
) -> None:
    sue = desk_staff(verifier, api, "sue", Role.SUPPORT)
    checked(verifier, sue)
    ended = f"/desk/users/alice{place(alice, sent, 'reset-pin')}"
    assert sue.post(ended, {"reason": REASON}).status_code == 200
    clock.advance(30 * DAY)
    alice.log_in()
    assert shown(verifier, alice, sent)["state"] == "suspended"
    begun = alice.call("POST", place(alice, sent, "pin"), {"pin": "6194", "again": "6194"})
    assert begun.status_code == 201, begun.text
    answer = {"answer": sent.shows(begun.json()["prompt"]["challenge"], "6194")}
    done = alice.call("POST", f"{place(alice, sent, 'pin')}/{begun.json()['proof']}", answer)
    assert (done.status_code, done.json()["state"]) == (200, "active")
