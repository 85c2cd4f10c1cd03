"""An order that is cancelled: by the desk, or by closing its account."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from .browser import Browser
from .desk_support import REASON
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .support import Api, Card
from .test_opting import close


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    return add_holder(verifier, api)


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


@pytest.fixture
def bench(verifier: Verifier, api: Api) -> Bench:
    return Bench(verifier, api)


def cancel(dan: Holder, order: int, reason: str = REASON) -> Any:
    return dan.call("POST", f"/desk/orders/{order}/cancel", {"reason": reason})


def ship(dan: Holder, order: int) -> Any:
    return dan.call("POST", f"/desk/orders/{order}/ship")


def account_of(verifier: Verifier, user: str = "alice") -> str:
    with verifier.database.reading() as connection:
        return str(
            connection.execute(
                select(tables.accounts.c.number)
                .join(tables.users, tables.users.c.account_id == tables.accounts.c.id)
                .where(tables.users.c.name == user)
            ).scalar_one()
        )


def log(verifier: Verifier, event: str) -> list[Any]:
    with verifier.database.reading() as connection:
        return list(
            connection.execute(select(tables.audit_log).where(tables.audit_log.c.event == event))
        )


def bring_to(stage: str, order: int, bench: Bench) -> Card | None:
    """Take an order as far as a stage; returns the card that the bench then holds."""
    card = Card(number=50, key=bytes([50]) * 32)
    if stage == "waiting":
        return None
    assert bench.take()["id"] == order
    if stage == "taken":
        return None
    assert bench.put(card, order).status_code == 201
    if stage == "provisioned":
        assert bench.confirm(card).status_code == 200
    return card


@pytest.mark.parametrize("stage", ["waiting", "taken", "prepared", "provisioned"])
@pytest.mark.parametrize("by", ["desk", "closing"])
def test_an_order_is_cancelled_in_any_state_before_it_is_shipped(
    alice: Holder, dan: Holder, bench: Bench, verifier: Verifier, stage: str, by: str
) -> None:
    order = alice.order()
    card = bring_to(stage, order, bench)
    if by == "desk":
        done = cancel(dan, order)
        assert (done.status_code, done.json()["state"]) == (200, "cancelled")
        assert "order_cancelled" in [notice for notice, _ in notices(verifier)]
    else:
        close(verifier, account_of(verifier))
    assert alice.books() == (0, 0, 0)
    (row,) = log(verifier, "order.cancelled")
    assert (row.subject, '"owner":"alice"' in row.detail) == (f"order:{order}", True)
    assert (REASON if by == "desk" else account_of(verifier)) in row.detail
    assert dan.call("GET", "/desk/orders").json()["orders"] == []
    assert ship(dan, order).status_code == 409
    assert cancel(dan, order).status_code == 409
    with verifier.database.reading() as connection:
        kept = tables.devices.c.state.in_(["pending", "inactive"])
        assert connection.execute(select(tables.devices.c.serial).where(kept)).all() == []
    if card is not None:  # what the bench holds is worth nothing, and it is told so
        assert bench.confirm(card).status_code == 404
        assert bench.put(card, order).status_code == 404
    assert bench.call("POST", "orders/next").json()["order"] is None


def test_its_card_can_be_made_into_another(
    alice: Holder, dan: Holder, bench: Bench, verifier: Verifier
) -> None:
    """One that was only prepared was never here; one that was made needs a new key."""
    card = bring_to("prepared", alice.order(), bench)
    assert card is not None
    cancel(dan, 1)
    again = alice.order()
    bench.take()
    assert bench.put(card, again).status_code == 201
    assert bench.confirm(card).json()["state"] == "inactive"
    cancel(dan, again)
    third = alice.order()
    bench.take()
    assert bench.put(card, third).status_code == 409
    new = Card(number=50, key=b"n" * 32)
    assert bench.put(new, third, key_id="key-50-again").status_code == 201


def test_a_card_that_was_fetched_and_is_in_use_stays_with_its_deposit(
    alice: Holder, dan: Holder, bench: Bench, verifier: Verifier
) -> None:
    order = alice.order()
    card = bench.make()
    path = f"/devices/{alice.device(card.serial)}/activate"
    begun = alice.call("POST", path).json()
    answer = {"answer": card.shows(begun["prompt"]["challenge"], NEW_PIN)}
    assert alice.call("POST", f"{path}/{begun['proof']}", answer).status_code == 200
    assert cancel(dan, order).status_code == 409
    close(verifier, account_of(verifier))
    assert alice.state(card.serial) == "active"
    assert alice.books() == (-2_000, 2_000, 0)
    received = dan.call("POST", "/desk/returns", {"serial": card.serial})
    assert received.status_code == 200
    assert alice.books() == (0, 0, 0)


def test_its_owner_cancels_no_order_that_is_just_being_made(
    alice: Holder, bench: Bench, dan: Holder
) -> None:
    order = alice.order()
    bring_to("taken", order, bench)
    refused = alice.call("POST", f"/card-requests/{order}/cancel")
    assert (refused.status_code, "call the support desk" in refused.json()["detail"]) == (409, True)
    assert dan.call("GET", "/desk/orders").json()["orders"][0]["state"] == "taken"


def test_nothing_is_sent_to_a_closed_account(
    alice: Holder, dan: Holder, bench: Bench, verifier: Verifier
) -> None:
    order = alice.order()
    card = bench.make()
    with verifier.database.writing() as connection:  # at the same moment, on another worker
        connection.execute(update(tables.accounts).values(closed_at=verifier.clock.now()))
    refused = ship(dan, order)
    assert (refused.status_code, "account" in refused.json()["detail"]) == (409, True)
    assert alice.state(card.serial) == "inactive"
    assert cancel(dan, order).status_code == 200


def test_who_may_not_cancel_cancels_nothing(
    alice: Holder, dan: Holder, verifier: Verifier, api: Api
) -> None:
    draft = alice.filled()
    assert cancel(dan, draft).status_code == 404
    assert alice.call("POST", f"/card-requests/{draft}/submit").status_code == 200
    assert cancel(dan, 99).status_code == 404
    assert cancel(dan, draft, "x").json()["field"] == "reason"
    assert dan.call("POST", f"/desk/orders/{draft}/cancel", {}).status_code == 422
    for number, role in enumerate((Role.SUPPORT, Role.COMPLIANCE, Role.AUDITOR), 92):
        assert cancel(staff(verifier, api, role, number=number), draft).status_code == 403
    assert cancel(alice, draft).status_code == 403
    assert alice.call("GET", f"/card-requests/{draft}").json()["state"] == "waiting"


def test_nobody_cancels_his_own_order_at_the_desk(
    alice: Holder, dan: Holder, verifier: Verifier
) -> None:
    order = alice.order()
    with verifier.database.writing() as connection:
        mine = select(tables.users.c.id).where(tables.users.c.name == dan.user).scalar_subquery()
        connection.execute(update(tables.orders).values(user_id=mine))
    assert cancel(dan, order).status_code == 403
    assert alice.books() == (-2_000, 2_000, 0)


def test_the_page_cancels_it_too(alice: Holder, dan: Holder, verifier: Verifier) -> None:
    order = alice.order()
    browser = Browser(verifier)
    browser.client.cookies.set("challng_session", dan.token)
    browser.get("/desk/orders")
    refused = browser.send(f"/desk/orders/{order}/cancel", reason="x")
    assert (refused.status_code, 'value="x"' in refused.text) == (422, True)
    done = browser.send(f"/desk/orders/{order}/cancel", reason=REASON)
    assert "No card is on order" in done.text
    assert alice.books() == (0, 0, 0)
