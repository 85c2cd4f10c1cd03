"""Ways around a rule, through a door that was made for something else: each is closed."""

from __future__ import annotations

from typing import Any

import pytest

from server.accounts.roles import Role
from server.verifier import Verifier

from . import desk_support
from .holder import PERMANENT
from .holder import Holder as WithCodeCards
from .holders import NEW_PIN, Bench, Holder, add_holder, staff
from .support import PIN, Api, Card, add_card
from .test_provisioning import Desk, credential, logs_in
from .test_shipping import activate, ship

# --- a code card is activated where the one before it ends with it


@pytest.fixture
def printed(verifier: Verifier, card: Card) -> WithCodeCards:
    """Alice, who has printed a second code card beside the one in use."""
    alice = WithCodeCards(verifier, card)
    alice.log_in()
    alice.gets(PERMANENT)
    alice.prints_it(PERMANENT, alice.make(PERMANENT).json()["id"])
    return alice


def states(alice: WithCodeCards) -> list[str]:
    return [each["state"] for each in alice.devices() if each["kind"] == "code_card"]


def test_a_code_card_is_not_activated_as_a_card_is(printed: WithCodeCards) -> None:
    """Two would be in use, since nothing would end the first."""
    (new,) = [each for each in printed.devices() if each["state"] == "inactive"]
    refused = printed.call("POST", f"devices/{new['id']}/activate")
    assert refused.status_code == 409
    assert states(printed) == ["active", "inactive"]
    assert printed.activate(PERMANENT).status_code == 200
    assert states(printed) == ["active"]


# --- at the desk a device is given by the operator


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CUSTOMER}))
def test_with_the_password_alone_nobody_at_the_desk_makes_himself_a_device(
    verifier: Verifier, api: Api, role: Role
) -> None:
    dan = desk_support.staff(verifier, api, "dan", role, card=False)
    for path in ("/code-card", "/online-code-card"):
        assert dan.post(path, {}).status_code == 403, path
    assert dan.post("/card-requests", {"reason": "first"}).status_code == 403
    assert dan.get("/devices").json()["devices"] == []
    assert dan.log_in().access == "portal_only"


def test_who_has_a_card_at_the_desk_may_have_a_code_card_beside_it(
    verifier: Verifier, api: Api
) -> None:
    dan = desk_support.staff(verifier, api, "dan", Role.SUPPORT)
    assert dan.post("/code-card", {}).status_code == 200


# --- whoever makes cards learns no PIN


@pytest.mark.parametrize("now", [PIN, NEW_PIN])
def test_putting_a_card_in_use_again_says_nothing_of_its_pin(
    verifier: Verifier, api: Api, now: str
) -> None:
    """Neither of the one that it was put with, nor of the one that its owner has chosen since."""
    desk, made = Desk(api, credential(verifier)), Card()
    assert desk.put(made).status_code == 201
    assert desk.confirm(made).status_code == 200
    alice = Holder(verifier, api, "alice", made).log_in()
    if now != PIN:
        change(alice, made, now)
    told = [desk.put(Card(), pin=pin) for pin in (PIN, NEW_PIN, "6180")]
    assert [(each.status_code, each.json()) for each in told] == [(200, told[0].json())] * 3
    assert logs_in(api, made) == (200 if now == PIN else 401)


def change(alice: Holder, card: Card, pin: str) -> None:
    path = f"/devices/{alice.device(card.serial)}/pin"
    begun = alice.call("POST", path, {"pin": pin, "again": pin}).json()
    answer = {"answer": card.shows(begun["prompt"]["challenge"], pin)}
    assert alice.call("POST", f"{path}/{begun['proof']}", answer).status_code == 200


# --- an order


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    """A card in use, and no equity for another beside it."""
    return add_holder(verifier, api, card=Card(), equity=0)


@pytest.fixture
def logistics(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


def reasons(alice: Holder) -> Any:
    return alice.call("GET", "/card-requests").json()["reasons"]


def test_in_place_of_a_broken_card_one_is_sent(
    verifier: Verifier, api: Api, alice: Holder, logistics: Holder
) -> None:
    """It stays suspended until it has come back, and is good for no second one meanwhile."""
    broken = Card(number=2, key=b"b" * 32)
    add_card(verifier, broken)
    alice.suspend(broken.serial)
    order = alice.order("broken")
    new = Bench(verifier, api).make()
    assert ship(logistics, order).status_code == 200
    assert activate(alice, new).status_code == 200
    assert alice.state(broken.serial) == "suspended"
    assert reasons(alice) == []
    for reason in ("broken", "lost", "stolen"):
        refused = alice.call("POST", "/card-requests", {"reason": reason})
        assert refused.status_code == 403, reason


def test_a_cancelled_order_was_no_replacement(verifier: Verifier, alice: Holder) -> None:
    broken = Card(number=2, key=b"b" * 32)
    add_card(verifier, broken)
    alice.suspend(broken.serial)
    order = alice.order("broken")
    assert alice.call("POST", f"/card-requests/{order}/cancel").status_code == 200
    assert reasons(alice) == ["lost", "stolen", "broken"]


def test_an_order_whose_card_is_in_use_is_not_cancelled(verifier: Verifier, api: Api) -> None:
    """It would take the card away, and give the deposit back for a card that is kept."""
    erin = add_holder(verifier, api, "erin")
    order = erin.order()
    made = Bench(verifier, api).make()
    assert activate(erin, made).status_code == 200
    held = erin.books()
    refused = erin.call("POST", f"/card-requests/{order}/cancel")
    assert refused.status_code == 409
    assert "send it back" in refused.json()["detail"]
    assert erin.state(made.serial) == "active"
    assert erin.books() == held
    assert erin.call("GET", f"/card-requests/{order}").json()["state"] == "provisioned"
