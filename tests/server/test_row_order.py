"""Rows are held in one order, whoever holds them: login, device, card, audit; a user before all."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError

import server
from server.accounts.roles import Role
from server.accounts.users import holding
from server.db import tables
from server.errors import SessionUnknown
from server.lifecycle import revocation, suspension
from server.login import password
from server.verifier import Verifier

from .browser import Browser
from .desk_support import REASON, Caller
from .holders import NEW_PIN, Bench, Holder, add_holder, staff
from .row_order import in_order, in_postgresql, recorded
from .support import Api, Card
from .test_sharing import alice, second  # noqa: F401

SOURCES = sorted(Path(server.__file__).parent.rglob("*.py"))


# --- users


def test_a_held_user_is_not_in_the_way_of_what_refers_to_him() -> None:
    """`FOR UPDATE` would be: each login, device and notice that is added holds him for its key."""
    held = in_postgresql(holding(select(tables.users.c.id)))
    assert held.endswith("FOR NO KEY UPDATE")
    assert in_postgresql(password._STILL_STANDS.statement).endswith("FOR NO KEY UPDATE")


def test_users_are_held_in_no_other_way() -> None:
    for source in SOURCES:
        text = source.read_text()
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "with_for_update":
                assert "select(users" not in (ast.get_source_segment(text, call) or ""), source


def test_a_user_is_held_before_the_proof_that_may_change_him(
    verifier: Verifier,
    api: Api,
    alice: Caller,  # noqa: F811
) -> None:
    asked = alice.post("/opt-out").json()
    assert alice.card
    answer = {"answer": alice.card.shows(asked["prompt"]["challenge"])}
    with recorded(verifier) as done:
        assert alice.post(f"/opt-out/{asked['proof']}", answer).status_code == 200
    (held,) = [each for each in done if "logins" in each and "audit" in each]
    assert held[:3] == ["users", "logins", "devices"]
    assert in_order(held)


# --- what is decided by a card's state claims that state


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


@pytest.fixture
def bob(verifier: Verifier, api: Api) -> Holder:
    return add_holder(verifier, api, "bob", Card(number=9, key=b"b" * 32))


@pytest.fixture
def sent(bob: Holder, verifier: Verifier, api: Api, dan: Holder) -> Card:
    """In the post, with a deposit."""
    order = bob.order("additional")
    made = Bench(verifier, api).make()
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    return made


def be(verifier: Verifier, card: Card, state: str) -> None:
    with verifier.database.writing() as connection:
        put(connection, card, state)


def put(connection: Connection, card: Card, state: str) -> None:
    devices = tables.devices
    connection.execute(update(devices).where(devices.c.serial == card.serial).values(state=state))


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, card: Card, state: str
) -> None:
    """Somebody else moves the card just after it was read, before this step."""
    step = getattr(module, name)

    def overtaken(connection: Connection, *given: Any, **named: Any) -> Any:
        put(connection, card, state)
        return step(connection, *given, **named)

    monkeypatch.setattr(module, name, overtaken)


def test_a_card_that_is_back_in_use_meanwhile_is_not_settled_as_lost(
    verifier: Verifier, bob: Holder, sent: Card, dan: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(verifier, sent, "suspended")
    books = bob.books()
    meanwhile(monkeypatch, revocation, "revoke", sent, "active")
    body = {"cause": "lost", "reason": REASON}
    place = f"/desk/returns/deposits/{bob.device(sent.serial)}"
    assert dan.call("POST", place, body).status_code == 409
    assert bob.books() == books
    assert bob.state(sent.serial) == "suspended"  # all of it was undone, ours too


def test_a_card_that_is_back_in_use_meanwhile_outlives_its_successors_shipment(
    verifier: Verifier, api: Api, bob: Holder, sent: Card, dan: Holder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    be(verifier, sent, "suspended")
    order = bob.order("lost", replaces=bob.device(sent.serial))
    Bench(verifier, api, "another").make(51)
    books = bob.books()
    meanwhile(monkeypatch, revocation, "revoke", sent, "active")
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    assert bob.state(sent.serial) == "active"
    assert bob.books() == books


def test_a_card_that_is_activated_meanwhile_is_not_suspended_as_lost_in_the_post(
    bob: Holder, sent: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, suspension, "close_logins", sent, "active")
    assert bob.call("POST", f"/devices/{bob.device(sent.serial)}/lost").status_code == 409


@pytest.mark.parametrize("what", ["settled", "returned", "shipped", "lost"])
def test_money_returns_and_cards_are_held_in_one_order(
    verifier: Verifier, api: Api, bob: Holder, sent: Card, dan: Holder, what: str
) -> None:
    device = bob.device(sent.serial)
    if what in {"settled", "shipped"}:
        be(verifier, sent, "suspended")
    if what == "shipped":
        order = bob.order("lost", replaces=device)
        Bench(verifier, api, "another").make(51)
    bob.call("PUT", f"/devices/{device}/return", {"region": "europe", "why": "broken"})
    with recorded(verifier) as done:
        if what == "settled":
            body = {"cause": "damaged", "reason": REASON}
            answer = dan.call("POST", f"/desk/returns/deposits/{device}", body)
        elif what == "returned":
            answer = dan.call("POST", "/desk/returns", {"serial": sent.serial})
        elif what == "shipped":
            answer = dan.call("POST", f"/desk/orders/{order}/ship")
        else:
            answer = bob.call("POST", f"/devices/{device}/lost")
        assert answer.status_code == 200, answer.text
    (held,) = [each for each in done if {"logins", "devices", "audit"} <= {*each}]
    assert in_order(held), held


# --- sessions


def test_a_session_is_renewed_in_the_order_of_a_proof(verifier: Verifier, alice: Caller) -> None:  # noqa: F811
    found = verifier.sessions.find(alice.token, verifier.clock.now())
    with recorded(verifier) as done:
        assert verifier.sessions.renew(found)
    assert done == [["logins", "sessions"]]


def test_a_session_that_is_over_is_neither_renewed_nor_proved(
    verifier: Verifier,
    alice: Caller,  # noqa: F811
) -> None:
    alice.post("/opt-out")
    found = verifier.sessions.find(alice.token, verifier.clock.now())
    asked = select(tables.logins.c.session_hash).where(tables.logins.c.purpose == "opt_out")
    with verifier.database.writing() as connection:
        verifier.sessions.end(connection, alice.token)
    assert verifier.sessions.renew(found) is None
    with verifier.database.reading() as connection:
        assert connection.execute(asked).scalar_one() == found.token_hash  # undone too
    with pytest.raises(SessionUnknown), verifier.database.writing() as connection:
        verifier.sessions.prove(connection, found.token_hash, 1)


def test_a_session_that_cannot_be_renewed_does_not_hide_what_was_done(
    verifier: Verifier, bob: Holder, sent: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = Browser(verifier)
    browser.client.cookies.set("challng_session", bob.token)

    def fails(_session: Any) -> str:
        raise OperationalError("update", {}, Exception("deadlock detected"))

    monkeypatch.setattr(verifier.sessions, "renew", fails)
    place = f"/devices/{bob.device(sent.serial)}/activate"
    browser.get(place)
    browser.send(place)
    assert browser.send(answer=sent.shows(browser.challenge(), NEW_PIN)).status_code == 200
    assert bob.state(sent.serial) == "active"
    assert browser.get("/devices").status_code == 200
