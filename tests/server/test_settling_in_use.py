"""A deposit is settled whose card is still in somebody's hands: the card is over, and all who wait
for it are told.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.roles import Role
from server.db import tables
from server.verifier import Verifier

from .desk_support import REASON
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .support import Api, Card

HELD, TAKEN, GIVEN_BACK = (-2_000, 2_000, 0), (-2_000, 0, 2_000), (0, 0, 0)
"""What is available, held, and the house's."""


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    return add_holder(verifier, api)


@pytest.fixture
def fetched(alice: Holder, verifier: Verifier, api: Api) -> Card:
    """Ordered, fetched at the bench and activated: its order waits to be shipped."""
    alice.order()
    return activated(alice, Bench(verifier, api).make())


def activated(holder: Holder, made: Card) -> Card:
    path = f"/devices/{holder.device(made.serial)}/activate"
    begun = holder.call("POST", path).json()
    answer = {"answer": made.shows(begun["prompt"]["challenge"], NEW_PIN)}
    assert holder.call("POST", f"{path}/{begun['proof']}", answer).status_code == 200
    return made


def settle(dan: Holder, device: int, cause: str) -> Any:
    body = {"cause": cause, "reason": REASON}
    return dan.call("POST", f"/desk/returns/deposits/{device}", body)


def cancel(dan: Holder, order: int = 1) -> Any:
    return dan.call("POST", f"/desk/orders/{order}/cancel", {"reason": REASON})


def told(verifier: Verifier) -> list[str]:
    return [notice for notice, _ in notices(verifier)]


def log(verifier: Verifier, event: str) -> list[Any]:
    with verifier.database.reading() as connection:
        rows = connection.execute(select(tables.audit_log).where(tables.audit_log.c.event == event))
        return list(rows.all())


def test_a_card_that_was_in_use_before_its_order_was_shipped_is_settled_when_it_is_lost(
    alice: Holder, fetched: Card, dan: Holder
) -> None:
    device = alice.device(fetched.serial)
    alice.suspend(fetched.serial)
    assert cancel(dan).status_code == 409  # it was in use, and what is held waits for it
    assert settle(dan, device, "lost").status_code == 200
    assert (alice.state(fetched.serial), alice.books()) == ("revoked", TAKEN)
    assert cancel(dan).json()["state"] == "cancelled"
    assert alice.books() == TAKEN


def test_a_card_that_was_never_in_use_is_cancelled_with_its_order(
    alice: Holder, verifier: Verifier, api: Api, dan: Holder
) -> None:
    alice.order()
    made = Bench(verifier, api).make()
    refused = settle(dan, alice.device(made.serial), "damaged")
    assert (refused.status_code, "cancel its order" in refused.json()["detail"]) == (409, True)
    assert cancel(dan).status_code == 200
    assert alice.books() == GIVEN_BACK
