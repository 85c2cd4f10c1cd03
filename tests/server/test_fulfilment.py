"""An order in the hands of whoever makes its card, and cut off anywhere."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.db import tables
from server.provisioning import provisioners
from server.verifier import Verifier

from .holders import NEW_PIN, Bench, Holder, add_holder
from .people import BOB
from .support import PIN, Api, Card, ToldClock

LEASE = 3_600


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    return add_holder(verifier, api)


@pytest.fixture
def bench(verifier: Verifier, api: Api) -> Bench:
    return Bench(verifier, api)


def card(number: int = 50) -> Card:
    return Card(number=number, key=bytes([number]) * 32)


def order_state(alice: Holder, order: int) -> str:
    return str(alice.call("GET", f"/card-requests/{order}").json()["state"])


def serials(verifier: Verifier) -> list[tuple[str, str]]:
    with verifier.database.reading() as connection:
        rows = connection.execute(
            select(tables.devices.c.serial, tables.devices.c.state).order_by(tables.devices.c.id)
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


def test_nothing_waits_before_anything_is_ordered(bench: Bench, alice: Holder) -> None:
    assert bench.take() is None
    alice.filled()
    assert bench.take() is None  # a draft is no order


def test_whoever_takes_an_order_is_told_the_address_and_never_the_pin(
    bench: Bench, alice: Holder
) -> None:
    order = alice.order()
    taken = bench.take()
    assert taken["id"] == order
    assert taken["address"] == ["Alice Doe", "1 Main Street", "01101 Springfield MA", "US"]
    assert taken["return_to"]["address"][-1] == "United States and Canada"
    assert taken["card"] is None
    assert NEW_PIN not in str(taken)
    assert order_state(alice, order) == "taken"


def test_a_made_card_waits_to_be_activated_and_knows_the_orders_pin(
    bench: Bench, alice: Holder, api: Api
) -> None:
    order = alice.order()
    made = bench.make()
    assert order_state(alice, order) == "provisioned"
    assert alice.state(made.serial) == "inactive"
    assert api.password().json()["access"] == "portal_only"
    begun = alice.call("POST", f"/devices/{alice.device(made.serial)}/activate").json()
    answer = {"answer": made.shows(begun["prompt"]["challenge"], NEW_PIN)}
    done = alice.call(
        "POST", f"/devices/{alice.device(made.serial)}/activate/{begun['proof']}", answer
    )
    assert done.status_code == 200
    with alice.verifier.database.reading() as connection:
        assert connection.execute(select(tables.orders.c.pin_sealed)).scalar_one() is None


def test_orders_are_made_in_the_order_they_came(
    bench: Bench, alice: Holder, verifier: Verifier, api: Api, clock: ToldClock
) -> None:
    first = alice.order()
    clock.advance(60)
    second = add_holder(verifier, api, "bob", person=BOB).order()
    bench.make(50)
    assert bench.take()["id"] == second
    assert first < second


# --- cut off


def test_the_same_credential_gets_the_same_order_again(bench: Bench, alice: Holder) -> None:
    order = alice.order()
    assert [bench.take()["id"] for _ in range(3)] == [order] * 3


def test_an_order_whose_taker_is_not_heard_of_comes_back_after_a_while(
    bench: Bench, alice: Holder, verifier: Verifier, api: Api, clock: ToldClock
) -> None:
    order = alice.order()
    crashed = Bench(verifier, api, "other")
    assert crashed.take()["id"] == order
    lost = card(40)
    assert crashed.put(lost, order).status_code == 201
    clock.advance(LEASE - 1)
    assert bench.take() is None
    clock.advance(1)
    taken = bench.take()
    assert (taken["id"], taken["card"]["serial"]) == (order, lost.serial)
    # the crashed one wakes up: what it has is not its own any more
    assert crashed.confirm(lost).status_code == 404
    assert crashed.put(card(41), order).status_code == 404
    assert crashed.call("POST", f"orders/{order}/give-back").status_code == 404
    bench.make()
    assert serials(verifier) == [(card().serial, "inactive")]
    assert crashed.confirm(lost).status_code == 404


def test_who_takes_an_order_up_again_sees_the_card_it_was_making(
    bench: Bench, alice: Holder
) -> None:
    order = alice.order()
    bench.take()
    half = card()
    bench.put(half, order)
    assert bench.take()["card"] == {"serial": half.serial, "key_id": half.record().key_id}
    assert bench.confirm(half).json()["state"] == "inactive"
    assert bench.take() is None


def test_another_card_takes_the_place_of_the_one_that_was_begun(
    bench: Bench, alice: Holder, verifier: Verifier
) -> None:
    order = alice.order()
    bench.take()
    bench.put(card(50), order)
    assert bench.put(card(51), order).status_code == 201
    assert serials(verifier) == [(card(51).serial, "pending")]
    assert bench.confirm(card(50)).status_code == 404
    assert bench.confirm(card(51)).status_code == 200


def test_every_call_may_be_made_twice(bench: Bench, alice: Holder, verifier: Verifier) -> None:
    order = alice.order()
    bench.take()
    assert [bench.put(card(), order).status_code for _ in range(2)] == [201, 200]
    assert [bench.confirm(card()).json()["state"] for _ in range(2)] == ["inactive"] * 2
    assert order_state(alice, order) == "provisioned"
    assert serials(verifier) == [(card().serial, "inactive")]


def test_what_is_given_back_waits_again_without_a_card(
    bench: Bench, alice: Holder, verifier: Verifier, api: Api
) -> None:
    order = alice.order()
    bench.take()
    bench.put(card(), order)
    assert bench.call("POST", f"orders/{order}/give-back").status_code == 200
    assert serials(verifier) == []
    assert order_state(alice, order) == "waiting"
    assert bench.call("POST", f"orders/{order}/give-back").status_code == 404
    other = Bench(verifier, api, "other")
    assert other.take()["id"] == order
    assert bench.take() is None


def test_a_revoked_credential_makes_nothing_and_its_order_comes_back(
    bench: Bench, alice: Holder, verifier: Verifier, api: Api, clock: ToldClock
) -> None:
    order = alice.order()
    bench.take()
    with verifier.database.writing() as connection:
        provisioners.revoke(connection, "bench", clock.now())
    assert bench.put(card(), order).status_code == 401
    clock.advance(LEASE)
    assert Bench(verifier, api, "next").take()["id"] == order


# --- abuse


def test_a_session_is_no_provisioning_credential_nor_the_other_way_round(
    bench: Bench, alice: Holder
) -> None:
    order = alice.order()
    assert alice.call("POST", "/provisioning/orders/next").status_code == 401
    headers = bench.headers
    for call in ("/api/v1/card-requests", "/api/v1/desk/orders"):
        assert bench.api.client.get(call, headers=headers).status_code == 401
    assert order_state(alice, order) == "waiting"


def test_a_card_is_not_put_for_an_order_that_is_not_taken(bench: Bench, alice: Holder) -> None:
    order = alice.order()
    for number in (order, 999):
        assert bench.put(card(), number).status_code == 404
    assert order_state(alice, order) == "waiting"


@pytest.mark.parametrize("more", [{"user": "alice"}, {"pin": PIN}, {"user": "alice", "pin": PIN}])
def test_an_order_has_its_own_user_and_pin(
    bench: Bench, alice: Holder, verifier: Verifier, more: dict[str, Any]
) -> None:
    order = alice.order()
    bench.take()
    assert bench.put(card(), order, **more).status_code == 422
    assert serials(verifier) == []


def test_the_pin_of_an_order_cannot_be_guessed_by_putting_its_card_again(
    bench: Bench, alice: Holder
) -> None:
    alice.order()
    made = bench.make()
    answers = set()
    for pin in (NEW_PIN, PIN, "6180"):
        record = {"user": "alice", "pin": pin, "order": None}
        refused = bench.put(made, 1, **record)
        answers.add((refused.status_code, refused.text))
    assert len(answers) == 1
    assert answers.pop()[0] == 409


def test_a_card_of_the_desks_own_is_still_active_at_once(bench: Bench, alice: Holder) -> None:
    own = {"user": "alice", "pin": PIN, "order": None}
    assert bench.put(card(), 0, **own).status_code == 201
    assert bench.confirm(card()).json()["state"] == "active"


@pytest.mark.parametrize("order", [0, -1, "1", 1.5, True, 2**63, [1]])
def test_a_malformed_order_number_is_told_as_such(bench: Bench, alice: Holder, order: Any) -> None:
    alice.order()
    bench.take()
    assert bench.put(card(), order).status_code == 422
