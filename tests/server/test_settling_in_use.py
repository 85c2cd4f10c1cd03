"""A deposit is settled whose card is still in somebody's hands: the card is over, and all who wait
for it are told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from server.accounts.roles import Role
from server.db import tables
from server.lifecycle import revocation
from server.verifier import Verifier

from .desk_support import REASON
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .support import Api, Card, ToldClock, add_user, make_verifier

TAKEN, GIVEN_BACK = (-2_000, 0, 2_000), (0, 0, 0)
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


@pytest.fixture
def sent(alice: Holder, verifier: Verifier, api: Api, dan: Holder) -> Card:
    """Ordered, sent, activated."""
    order = alice.order()
    made = Bench(verifier, api).make()
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    return activated(alice, made)


def test_a_card_in_use_that_is_over_by_it_is_written_down_and_its_owner_told(
    alice: Holder, sent: Card, dan: Holder, verifier: Verifier
) -> None:
    assert settle(dan, alice.device(sent.serial), "damaged").status_code == 200
    (row,) = log(verifier, "device.ended")
    assert (row.actor, row.subject) == (f"user:{dan.user}", "alice")
    assert (sent.serial in row.detail, '"reason":"damaged"' in row.detail) == (True, True)
    assert told(verifier)[-2:] == ["device_ended", "deposit_kept"]


def test_a_suspended_card_is_written_down_and_its_owner_knows_already(
    alice: Holder, sent: Card, dan: Holder, verifier: Verifier
) -> None:
    alice.suspend(sent.serial)
    assert settle(dan, alice.device(sent.serial), "stolen").status_code == 200
    assert len(log(verifier, "device.ended")) == 1
    assert "device_ended" not in told(verifier)


def test_a_card_that_was_over_before_is_not_over_again(
    alice: Holder, sent: Card, dan: Holder, verifier: Verifier
) -> None:
    with verifier.database.writing() as connection:
        device, now = alice.device(sent.serial), verifier.clock.now()
        revocation.revoke(connection, verifier.audit, device, now, "cli:test")
    assert settle(dan, device, "faulty").status_code == 200
    assert log(verifier, "device.ended") == []
    assert "device_ended" not in told(verifier)


@pytest.mark.parametrize(("cause", "state"), [("stolen", "cancelled"), ("damaged", "received")])
def test_a_return_that_was_announced_is_expected_no_longer(
    alice: Holder, sent: Card, dan: Holder, verifier: Verifier, cause: str, state: str
) -> None:
    device = alice.device(sent.serial)
    announced = {"region": "europe", "why": "not_needed"}
    assert alice.call("PUT", f"/devices/{device}/return", announced).status_code == 200
    alice.suspend(sent.serial)
    assert settle(dan, device, cause).status_code == 200
    with verifier.database.reading() as connection:
        assert connection.execute(select(tables.returns.c.state)).scalar_one() == state
    assert len(log(verifier, f"return.{state}")) == 1


@pytest.mark.parametrize(
    ("numbers", "cause", "books", "notice"),
    [
        ({"device_fees_usd": {"card": 0}}, "lost", GIVEN_BACK, "deposit_released"),
        ({"card_deposit_usd": 0}, "faulty", GIVEN_BACK, None),
        ({"card_deposit_usd": 0, "device_fees_usd": {"card": 0}}, "lost", GIVEN_BACK, None),
    ],
)
def test_what_costs_nothing_is_settled_once_too(
    tmp_path: Path, clock: ToldClock, numbers: Any, cause: str, books: Any, notice: str | None
) -> None:
    verifier = make_verifier(tmp_path / "free", clock, **numbers)
    add_user(verifier)
    api = Api(verifier)
    alice = add_holder(verifier, api)
    dan = staff(verifier, api, Role.LOGISTICS)
    order = alice.order()
    made = Bench(verifier, api).make()
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    device = alice.device(activated(alice, made).serial)
    with verifier.database.writing() as connection:
        revocation.revoke(connection, verifier.audit, device, clock.now(), "cli:test")
    done = settle(dan, device, cause)
    assert done.status_code == 200, done.text
    assert settle(dan, device, cause).status_code == 409
    assert alice.books() == books
    assert [each for each in told(verifier) if each.startswith("deposit")] == [notice] * bool(
        notice
    )
    verifier.close()
