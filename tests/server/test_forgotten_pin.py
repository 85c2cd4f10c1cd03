"""A forgotten PIN: the desk ends it and knows none afterwards, and the owner chooses anew."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from .desk_support import (
    WHY,
    Caller,
    customer,
    device,
    device_id,
    events,
    identify,
    serial,
    staff,
    with_card,
)
from .holders import NEW_PIN, notices
from .people import BOB, join
from .support import PIN, Api, Card, add_card, add_user
from .test_sharing import log_in_with, prove


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Caller:
    return customer(verifier, api, "alice", "U100")


@pytest.fixture
def carol(verifier: Verifier, api: Api) -> Caller:
    """Support."""
    return staff(verifier, api, "carol", Role.SUPPORT)


@pytest.fixture
def helped(verifier: Verifier, api: Api, alice: Caller, carol: Caller) -> Caller:
    """Alice, whose PIN the desk has ended, logged in with the temporary code."""
    end_pin(verifier, carol, alice)
    code = carol.post("/desk/users/alice/temporary-code", WHY).json()["code"]
    login = api.password("alice").json()
    assert login["factor"] == "temporary-code"
    told = api.answer(login["login"], code).json()
    return Caller(api, "alice", alice.card, told["session"], told["access"])


def end_pin(verifier: Verifier, desk: Caller, user: Caller) -> None:
    identify(desk, user.name)
    answer = desk.post(device(verifier, user, "reset-pin"), WHY)
    assert answer.json() == {"serial": serial(user), "done": "reset-pin"}


def place(verifier: Verifier, user: Caller) -> str:
    return f"/devices/{device_id(verifier, serial(user))}/pin"


def choose(verifier: Verifier, user: Caller, pin: str = NEW_PIN) -> Any:
    return user.post(place(verifier, user), {"pin": pin, "again": pin})


def answer(verifier: Verifier, user: Caller, asked: Any, pin: str = NEW_PIN) -> Any:
    assert user.card
    shown = user.card.shows(asked.json()["prompt"]["challenge"], pin)
    path = f"{place(verifier, user)}/{asked.json()['proof']}"
    return user.post(path, {"answer": shown})


def card_of(user: Caller) -> Any:
    (card,) = [each for each in user.get("/devices").json()["devices"] if each["kind"] == "card"]
    return card


def pin_of(verifier: Verifier, user: Caller) -> bytes:
    cards, number = tables.cards, device_id(verifier, serial(user))
    with verifier.database.reading() as connection:
        sealed = connection.execute(
            select(cards.c.pin_sealed).where(cards.c.device_id == number)
        ).scalar_one()
    return verifier.keyring.open(sealed, f"cards.pin_sealed:{number}")


def test_the_desk_ends_a_pin_and_knows_none_afterwards(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    end_pin(verifier, carol, alice)
    kept = pin_of(verifier, alice)
    assert len(kept) == 32  # no card takes that, and nobody has seen it
    assert PIN.encode() != kept
    assert alice.get("/session").status_code == 401
    assert api.password("alice").status_code == 403
    assert events(verifier)[-2:] == ["pin.reset", "login.without-device"]


def test_its_owner_chooses_anew_and_the_answer_takes_the_card_into_use(
    verifier: Verifier, api: Api, helped: Caller
) -> None:
    asked = choose(verifier, helped)
    assert asked.status_code == 201
    assert card_of(helped)["state"] == "suspended"
    done = answer(verifier, helped, asked)
    assert (done.status_code, done.json()["state"]) == (200, "active")
    assert pin_of(verifier, helped) == NEW_PIN.encode()
    assert helped.get("/session").json()["device_kind"] == "card"
    assert events(verifier)[-1] == "pin.chosen-after-reset"
    assert [notice for notice, _ in notices(verifier)][-1] == "pin_changed"
    login = api.password("alice").json()
    assert [each["kind"] for each in login["factors"]] == ["card"]  # the temporary code is over
    assert helped.card
    right = helped.card.shows(login["prompt"]["challenge"], NEW_PIN)
    assert api.answer(login["login"], right).json()["access"] == "full"


def test_who_may_not_change_security_chooses_anew_after_the_desk_and_not_again(
    verifier: Verifier, helped: Caller
) -> None:
    """The desk has checked who he is; without a PIN he would have no device for good."""
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.users)
            .where(tables.users.c.name == "alice")
            .values(may_change_security=False)
        )
    page = place(verifier, helped)
    asked = choose(verifier, helped)
    assert asked.status_code == 201, asked.text
    assert answer(verifier, helped, asked).status_code == 200
    assert card_of(helped)["state"] == "active"
    refused = helped.post(page, {"pin": "6180", "again": "6180"})
    assert refused.status_code == 403
    assert "right to change security settings" in refused.json()["detail"]


def test_the_card_is_not_reactivated_but_given_a_new_pin(
    verifier: Verifier, helped: Caller
) -> None:
    refused = helped.post(place(verifier, helped).replace("/pin", "/reactivate"))
    assert refused.status_code == 409
    assert "choose a new one" in refused.json()["detail"]
    assert "new_pin" in card_of(helped)["actions"]
    assert "reactivate" not in card_of(helped)["actions"]


def test_the_old_pin_does_not_answer_and_each_try_counts(
    verifier: Verifier, helped: Caller
) -> None:
    asked = choose(verifier, helped)
    for left in (2, 1, 0):
        refused = answer(verifier, helped, asked, PIN)
        assert (refused.status_code, refused.json()["tries_left"]) == (401, left)
    assert answer(verifier, helped, asked).status_code == 409
    assert card_of(helped)["state"] == "suspended"


def test_one_answer_chooses_once_and_the_same_way_changes_it_from_then_on(
    verifier: Verifier, api: Api, helped: Caller
) -> None:
    first, second = choose(verifier, helped), choose(verifier, helped, "6180")
    assert answer(verifier, helped, first).status_code == 200
    assert answer(verifier, helped, first).status_code == 409
    assert answer(verifier, helped, second, "6180").status_code == 200
    assert events(verifier)[-2:] == ["pin.chosen-after-reset", "pin.changed"]
    assert pin_of(verifier, helped) == b"6180"


def test_a_change_begun_before_the_desk_ended_the_pin_is_over(
    verifier: Verifier, alice: Caller, carol: Caller
) -> None:
    asked = choose(verifier, alice)
    end_pin(verifier, carol, alice)
    assert answer(verifier, alice, asked).status_code == 401
    assert pin_of(verifier, alice) != NEW_PIN.encode()


def test_a_card_that_was_lost_is_given_no_pin(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    spare = Card(number=77, key=b"s" * 32)
    add_card(verifier, spare, "alice")
    identify(carol, "alice")
    carol.post(device(verifier, Caller(api, "alice", spare), "suspend"), WHY)
    assert choose(verifier, Caller(api, "alice", spare, alice.token)).status_code == 409


def test_a_card_of_another_has_no_place_for_a_pin(
    verifier: Verifier, api: Api, helped: Caller
) -> None:
    bob = customer(verifier, api, "bob", "U200", BOB)
    path = place(verifier, helped)
    assert bob.post(path, {"pin": NEW_PIN, "again": NEW_PIN}).status_code == 404


def test_who_uses_a_shared_device_cancels_that_first(
    verifier: Verifier, api: Api, alice: Caller, carol: Caller
) -> None:
    """His own rest as long as the share lasts, and come back with its end."""
    add_user(verifier, "erin")
    join(verifier, "U100", "erin")
    erin = with_card(verifier, api, "erin")
    proved = prove(erin, alice).json()
    assert erin.post(f"/shares/{proved['id']}/submit").json()["state"] == "active"
    end_pin(verifier, carol, erin)
    assert alice.card
    erin.token = log_in_with(api, "erin", alice.card).json()["session"]
    refused = choose(verifier, erin)
    assert refused.status_code == 409
    assert "cancel that first" in refused.json()["detail"]
