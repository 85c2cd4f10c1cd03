"""A new card is activated by its own answer; one that turned up again is reactivated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from server.accounts import users
from server.accounts.roles import Role
from server.db import tables
from server.factors import cards
from server.factors.kinds import DeviceKind
from server.states.device import DeviceState
from server.verifier import Verifier

from .browser import Browser
from .holders import Holder, add_holder, notices
from .people import add_staff
from .support import PIN, Api, Card, ToldClock, add_card, add_user, wrong


def give(verifier: Verifier, card: Card, state: DeviceState, user: str = "alice") -> None:
    with verifier.database.writing() as connection:
        owner = users.get(connection, user)
        now = verifier.clock.now()
        cards.import_card(connection, verifier.keyring, card.record(), owner, PIN, now, state=state)


def begin(holder: Holder, card: Card, way: str = "activate") -> Any:
    return holder.call("POST", f"/devices/{holder.device(card.serial)}/{way}")


def finish(holder: Holder, card: Card, begun: Any, answer: str, way: str = "activate") -> Any:
    path = f"/devices/{holder.device(card.serial)}/{way}/{begun.json()['proof']}"
    return holder.call("POST", path, {"answer": answer})


def shown(card: Card, begun: Any) -> str:
    return card.shows(begun.json()["prompt"]["challenge"])


@pytest.fixture
def new() -> Card:
    return Card(number=7, key=b"n" * 32)


@pytest.fixture
def alice(verifier: Verifier, api: Api, new: Card) -> Holder:
    """A new user, whose first card has come by post."""
    give(verifier, new, DeviceState.INACTIVE)
    return add_holder(verifier, api)


def test_a_first_card_is_activated_and_the_session_is_under_it(
    alice: Holder, new: Card, api: Api
) -> None:
    assert alice.access() == "portal_only"
    begun = begin(alice, new)
    assert begun.status_code == 201
    done = finish(alice, new, begun, shown(new, begun))
    assert (done.status_code, done.json()["state"]) == (200, "active")
    assert alice.access() == "full"
    login, challenge = api.login()
    assert api.answer(login, new.shows(challenge)).json()["device_kind"] == "card"
    assert [notice for notice, _ in notices(alice.verifier)] == ["device_activated"]


def test_a_wrong_answer_activates_nothing_and_counts(alice: Holder, new: Card) -> None:
    begun = begin(alice, new)
    right = shown(new, begun)
    refused = finish(alice, new, begun, wrong(right))
    assert (refused.status_code, refused.json()["tries_left"]) == (401, 2)
    assert alice.state(new.serial) == "inactive"
    assert finish(alice, new, begun, right).status_code == 200


def test_an_active_card_is_not_activated_again(alice: Holder, new: Card) -> None:
    begun = begin(alice, new)
    again = begin(alice, new)
    right = shown(new, begun)
    assert finish(alice, new, begun, right).status_code == 200
    assert finish(alice, new, begun, right).status_code == 409
    assert finish(alice, new, again, shown(new, again)).status_code == 409
    assert begin(alice, new).status_code == 409
    assert begin(alice, new, "reactivate").status_code == 409


def test_a_temporary_device_ends_when_the_card_is_activated_and_not_before(
    alice: Holder, new: Card, verifier: Verifier, clock: ToldClock
) -> None:
    """A session that the temporary device opened goes on, under the card."""
    code = Card(number=8, key=b"t" * 32)  # stands in for a temporary code
    add_card(verifier, code)
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == code.serial)
            .values(valid_until=clock.now() + timedelta(days=12))
        )
    alice.card = code
    alice.log_in()
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == code.serial)
            .values(kind=DeviceKind.TEMPORARY_CODE.value)
        )
    begun = begin(alice, new)
    assert alice.state(code.serial) == "active"
    assert finish(alice, new, begun, shown(new, begun)).status_code == 200
    assert alice.state(code.serial) == "revoked"
    assert alice.access() == "full"


def test_a_card_that_turned_up_again_is_reactivated(
    verifier: Verifier, api: Api, card: Card, new: Card
) -> None:
    alice = Holder(verifier, api, "alice", card)
    give(verifier, new, DeviceState.ACTIVE)
    alice.log_in()
    alice.suspend(new.serial)
    assert begin(alice, new).status_code == 409  # it is no new one
    begun = begin(alice, new, "reactivate")
    done = finish(alice, new, begun, shown(new, begun), "reactivate")
    assert (done.status_code, done.json()["state"]) == (200, "active")
    assert [notice for notice, _ in notices(verifier)] == ["device_reactivated"]


def test_a_card_that_rests_while_another_is_shared_comes_back(
    verifier: Verifier, api: Api, card: Card, new: Card
) -> None:
    alice = Holder(verifier, api, "alice", card).log_in()
    give(verifier, new, DeviceState.SET_ASIDE)
    begun = begin(alice, new, "reactivate")
    done = finish(alice, new, begun, shown(new, begun), "reactivate")
    assert done.json()["state"] == "active"


def test_reactivating_unlocks_nothing(
    verifier: Verifier, api: Api, card: Card, new: Card, clock: ToldClock
) -> None:
    alice = Holder(verifier, api, "alice", card).log_in()
    give(verifier, new, DeviceState.SUSPENDED)
    begun = begin(alice, new, "reactivate")
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.serial == new.serial)
            .values(locked_at=clock.now())
        )
    assert finish(alice, new, begun, shown(new, begun), "reactivate").status_code == 423
    assert begin(alice, new, "reactivate").status_code == 423
    assert alice.state(new.serial) == "suspended"


def test_the_tenth_wrong_answer_in_a_row_locks_the_new_card(alice: Holder, new: Card) -> None:
    statuses = []
    for _ in range(5):
        begun = begin(alice, new)
        if begun.status_code != 201:
            statuses.append(begun.status_code)
            continue
        statuses += [finish(alice, new, begun, "00000000").status_code for _ in range(2)]
    begun = begin(alice, new)
    assert statuses == [401] * 10
    assert begun.status_code == 423


def test_somebody_elses_card_is_not_there(alice: Holder, new: Card, verifier: Verifier) -> None:
    add_user(verifier, "bob")
    theirs = Card(number=9, key=b"b" * 32)
    give(verifier, theirs, DeviceState.INACTIVE, "bob")
    mine = begin(alice, new)
    for way in ("activate", "reactivate"):
        assert begin(alice, theirs, way).status_code == 404
        assert finish(alice, theirs, mine, shown(new, mine), way).status_code == 404
    for made_up in ("0", "-1", "99999999999999999999999", "x", "１"):
        assert alice.call("POST", f"/devices/{made_up}/activate").status_code == 404
    assert alice.state(theirs.serial) == "inactive"


def test_one_cards_answer_activates_no_other(alice: Holder, new: Card, verifier: Verifier) -> None:
    second = Card(number=9, key=b"s" * 32)
    give(verifier, second, DeviceState.INACTIVE)
    begun = begin(alice, new)
    refused = finish(alice, second, begun, shown(new, begun))
    assert refused.status_code == 404
    assert [alice.state(each.serial) for each in (new, second)] == ["inactive", "inactive"]


@pytest.mark.parametrize("state", [DeviceState.PENDING, DeviceState.REVOKED])
def test_a_card_that_is_not_confirmed_or_is_over_cannot_be_activated(
    alice: Holder, new: Card, verifier: Verifier, state: DeviceState
) -> None:
    with verifier.database.writing() as connection:
        connection.execute(update(tables.devices).values(state=state.value))
    assert begin(alice, new).status_code == 409


def test_a_card_that_activated_itself_while_it_was_asked_needs_no_answer(
    alice: Holder, new: Card, verifier: Verifier, clock: ToldClock
) -> None:
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices).values(auto_activates_at=clock.now() + timedelta(seconds=60))
        )
    begun = begin(alice, new)
    clock.advance(60)
    assert finish(alice, new, begun, shown(new, begun)).status_code == 401


def test_the_pages_activate_it_too(alice: Holder, new: Card, verifier: Verifier) -> None:
    browser = Browser(verifier)
    browser.password()
    start = f"/devices/{alice.device(new.serial)}/activate"
    assert new.serial in browser.get(start).text
    browser.send(start)
    action = browser.page.url.path
    assert action.startswith(f"{start}/")
    right = new.shows(browser.challenge())
    refused = browser.send(action, answer=wrong(right))
    assert refused.status_code == 401
    assert "not right" in refused.text
    browser.send(action, answer=right)
    assert browser.page.status_code == 200
    assert "This device is in use" in browser.page.text
    assert browser.get(action).status_code == 409  # and back: it is said that it is over


def test_who_only_works_at_the_desk_reaches_no_device_of_anothers(
    alice: Holder, new: Card, verifier: Verifier, api: Api
) -> None:
    add_staff(verifier, "dan", Role.ADMIN)
    dan_card = Card(number=11, key=b"d" * 32)
    add_card(verifier, dan_card, "dan")
    dan = Holder(verifier, api, "dan", dan_card).log_in()
    assert begin(dan, new).status_code == 404
