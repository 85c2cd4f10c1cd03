"""The desk settles a deposit: once, for a cause of the list, and the books balance."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update

from server.accounts import users
from server.accounts.roles import Role
from server.db import tables
from server.lifecycle import revocation
from server.support.settling import Cause
from server.verifier import Verifier

from .browser import Browser
from .desk_support import REASON
from .holders import NEW_PIN, Bench, Holder, add_holder, notices, staff
from .support import Api, Card, ToldClock, add_card

DAY = 86_400
PLACE = "/desk/returns/deposits"
GIVEN_BACK, TAKEN = (0, 0, 0), (-2_000, 0, 2_000)
"""What is available, held, and the house's."""


@pytest.fixture
def dan(verifier: Verifier, api: Api) -> Holder:
    return staff(verifier, api, Role.LOGISTICS)


@pytest.fixture
def alice(verifier: Verifier, api: Api) -> Holder:
    return add_holder(verifier, api)


@pytest.fixture
def card(alice: Holder, verifier: Verifier, api: Api, dan: Holder) -> Card:
    """Ordered, sent, activated: 20 USD are held for it."""
    order = alice.order()
    made = Bench(verifier, api).make()
    assert dan.call("POST", f"/desk/orders/{order}/ship").status_code == 200
    path = f"/devices/{alice.device(made.serial)}/activate"
    begun = alice.call("POST", path).json()
    answer = {"answer": made.shows(begun["prompt"]["challenge"], NEW_PIN)}
    assert alice.call("POST", f"{path}/{begun['proof']}", answer).status_code == 200
    assert alice.books() == (-2_000, 2_000, 0)
    return made


def revoke(verifier: Verifier, alice: Holder, card: Card) -> None:
    with verifier.database.writing() as connection:
        revocation.revoke(
            connection, verifier.audit, alice.device(card.serial), verifier.clock.now(), "cli:test"
        )


def close(verifier: Verifier, api: Api) -> None:
    admin = staff(verifier, api, Role.ADMIN, number=91)
    account = first_account(verifier)
    body = {"reason": REASON}
    assert admin.call("POST", f"/desk/accounts/{account}/close", body).status_code == 200


def first_account(verifier: Verifier) -> str:
    with verifier.database.reading() as connection:
        return str(connection.execute(select(tables.accounts.c.number)).scalars().first())


def settle(dan: Holder, device: int, cause: str, reason: str = REASON) -> Any:
    return dan.call("POST", f"{PLACE}/{device}", {"cause": cause, "reason": reason})


def transfers_balance(verifier: Verifier) -> bool:
    sums: Counter[str] = Counter()
    with verifier.database.reading() as connection:
        for row in connection.execute(select(tables.ledger)):
            sums[row.transfer] += row.cents
    return set(sums.values()) <= {0}


@pytest.mark.parametrize(
    ("cause", "decision", "books"),
    [
        ("came_back", "release", GIVEN_BACK),
        ("faulty", "release", GIVEN_BACK),
        ("mistake", "release", GIVEN_BACK),
        ("lost", "keep", TAKEN),
        ("stolen", "keep", TAKEN),
        ("damaged", "keep", TAKEN),
    ],
)
def test_the_deposit_of_a_revoked_card_is_settled_once(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier, cause: str, decision: str,
    books: tuple[int, int, int],
) -> None:  # fmt: skip
    revoke(verifier, alice, card)
    refused = dan.call("POST", "/desk/returns", {"serial": card.serial})
    assert (refused.status_code, refused.json()["field"]) == (422, "serial")
    assert "Settle its deposit" in refused.json()["detail"]
    (hold,) = dan.call("GET", PLACE).json()["deposits"]
    assert (hold["user"], hold["held_cents"], hold["fee_cents"]) == ("alice", 2_000, 2_000)
    done = settle(dan, hold["device"], cause)
    assert done.json() == {"serial": card.serial, "decision": decision, "cents": 2_000}
    assert alice.books() == books
    for again in Cause:
        assert settle(dan, hold["device"], again.value).status_code == 409
    assert alice.books() == books
    assert transfers_balance(verifier)
    assert dan.call("GET", PLACE).json()["deposits"] == []
    told = "deposit_kept" if decision == "keep" else "deposit_released"
    assert [notice for notice, _ in notices(verifier)].count(told) == 1


def test_who_settled_for_whom_and_why_is_written_down(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier
) -> None:
    revoke(verifier, alice, card)
    settle(dan, alice.device(card.serial), "faulty", "the battery had leaked")
    with verifier.database.reading() as connection:
        row = connection.execute(
            select(tables.audit_log).where(tables.audit_log.c.event == "deposit.settled")
        ).one()
    assert (row.actor, row.subject) == (f"user:{dan.user}", card.serial)
    for told in ('"owner":"alice"', '"cause":"faulty"', '"decision":"release"', "leaked", "2000"):
        assert told in row.detail


def test_a_card_that_comes_back_damaged_on_purpose_costs_its_fee(
    alice: Holder, card: Card, dan: Holder
) -> None:
    device = alice.device(card.serial)
    alice.call("PUT", f"/devices/{device}/return", {"region": "europe", "why": "broken"})
    (hold,) = dan.call("GET", f"{PLACE}?serial={card.serial}").json()["deposits"]
    assert settle(dan, hold["device"], "damaged").json()["decision"] == "keep"
    assert alice.state(card.serial) == "revoked"
    assert alice.books() == TAKEN
    assert dan.call("GET", "/desk/returns").json()["returns"] == []
    with alice.verifier.database.reading() as connection:
        assert connection.execute(select(tables.returns.c.state)).scalar_one() == "received"


def test_what_is_in_use_keeps_its_deposit(alice: Holder, card: Card, dan: Holder) -> None:
    device = alice.device(card.serial)
    for cause in ("came_back", "faulty", "mistake", "lost", "stolen", "never_arrived"):
        assert settle(dan, device, cause).status_code == 409
    assert alice.state(card.serial) == "active"
    assert alice.books() == (-2_000, 2_000, 0)
    alice.suspend(card.serial)
    for cause in ("came_back", "faulty", "mistake", "never_arrived"):
        assert settle(dan, device, cause).status_code == 409
    assert settle(dan, device, "lost").status_code == 200
    assert alice.state(card.serial) == "revoked"


def test_a_card_is_called_not_returned_only_long_after_the_account_was_closed(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier, api: Api, clock: ToldClock
) -> None:
    device = alice.device(card.serial)
    clock.advance(365 * DAY)
    dan.log_in()
    assert settle(dan, device, "not_returned").status_code == 409, "the account is open"
    close(verifier, api)
    (hold,) = dan.call("GET", PLACE).json()["deposits"]
    assert (hold["state"], hold["closed_at"] is not None) == ("active", True)
    clock.advance(30 * DAY - 1)
    dan.log_in()
    refused = settle(dan, device, "not_returned")
    assert (refused.status_code, "30 days" in refused.json()["detail"]) == (409, True)
    assert alice.books() == (-2_000, 2_000, 0)
    clock.advance(1)
    assert settle(dan, device, "not_returned").status_code == 200
    assert (alice.state(card.serial), alice.books()) == ("revoked", TAKEN)


def test_a_card_that_was_lost_in_the_post_is_left_to_the_desk(
    verifier: Verifier, api: Api, dan: Holder
) -> None:
    own = Card(number=3, key=b"o" * 32)
    alice = add_holder(verifier, api, card=own)
    bench = Bench(verifier, api)
    first = alice.order("additional")
    sent = bench.make()
    device = alice.device(sent.serial)
    assert settle(dan, device, "damaged").status_code == 409, "it was not sent yet"
    dan.call("POST", f"/desk/orders/{first}/ship")
    alice.call("POST", f"/devices/{device}/lost")
    second = alice.order("lost")
    bench.make(51)
    dan.call("POST", f"/desk/orders/{second}/ship")
    assert alice.state(sent.serial) == "revoked"
    assert alice.books() == (-4_000, 4_000, 0)
    assert settle(dan, device, "never_arrived").json()["decision"] == "release"
    assert alice.books() == (-2_000, 2_000, 0)


def test_two_at_the_desk_settle_it_once(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier, api: Api
) -> None:
    revoke(verifier, alice, card)
    device, causes = alice.device(card.serial), ["faulty", "lost"] * 4
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda cause: settle(dan, device, cause).status_code, causes))
    assert Counter(answers) == {200: 1, 409: 7}
    assert alice.books() in (GIVEN_BACK, TAKEN)
    with verifier.database.reading() as connection:
        moved = connection.execute(
            select(func.count()).where(tables.ledger.c.device_id == device)
        ).scalar_one()
    assert moved == 2
    assert transfers_balance(verifier)


def test_a_settlement_that_somebody_else_made_meanwhile_moves_nothing(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row itself decides, not what was read before."""
    revoke(verifier, alice, card)
    settling = verifier.desk.settling
    fit = settling._fit

    def overtaken(connection: Any, device: Any, *others: Any) -> Any:
        found = fit(connection, device, *others)
        connection.execute(update(tables.devices).values(settled_at=verifier.clock.now()))
        return found

    monkeypatch.setattr(settling, "_fit", overtaken)
    assert settle(dan, alice.device(card.serial), "lost").status_code == 409
    assert alice.books() == (-2_000, 2_000, 0)


def test_nobody_settles_his_own_and_who_has_not_the_duty_settles_nothing(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier, api: Api
) -> None:
    revoke(verifier, alice, card)
    device = alice.device(card.serial)
    for number, role in enumerate((Role.SUPPORT, Role.COMPLIANCE, Role.AUDITOR), 92):
        other = staff(verifier, api, role, number=number)
        assert settle(other, device, "faulty").status_code == 403
        assert other.call("GET", PLACE).status_code == 403
    assert settle(alice, device, "faulty").status_code in {401, 403}
    with verifier.database.writing() as connection:
        connection.execute(
            update(tables.devices)
            .where(tables.devices.c.id == device)
            .values(owner_id=users.get(connection, dan.user).id)
        )
    assert settle(dan, device, "faulty").status_code == 403
    assert alice.books() == (-2_000, 2_000, 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"cause": "because", "reason": REASON}, "cause"),
        ({"cause": "faulty", "reason": "x"}, "reason"),
        ({"cause": "faulty", "reason": "tab\there"}, "reason"),
        ({"cause": 7, "reason": REASON}, None),
        ({"cause": "faulty", "reason": REASON, "cents": 1}, None),
    ],
)
def test_what_cannot_be_taken_changes_nothing(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier, body: Any, field: str | None
) -> None:
    revoke(verifier, alice, card)
    refused = dan.call("POST", f"{PLACE}/{alice.device(card.serial)}", body)
    assert (refused.status_code, refused.json().get("field")) == (422, field)
    assert dan.call("POST", f"{PLACE}/999", {"cause": "lost", "reason": REASON}).status_code == 404
    assert dan.call("GET", f"{PLACE}?serial=CH1").status_code == 422
    assert alice.books() == (-2_000, 2_000, 0)


def test_a_card_without_a_deposit_has_nothing_to_give_back(
    verifier: Verifier, api: Api, dan: Holder
) -> None:
    alice = add_holder(verifier, api)
    given = Card(number=4, key=b"g" * 32)
    add_card(verifier, given)
    revoke(verifier, alice, given)
    assert dan.call("GET", PLACE).json()["deposits"] == []
    assert settle(dan, alice.device(given.serial), "faulty").status_code == 409
    assert settle(dan, alice.device(given.serial), "lost").json()["cents"] == 2_000
    assert alice.books() == TAKEN


def test_the_page_settles_it_too(
    alice: Holder, card: Card, dan: Holder, verifier: Verifier
) -> None:
    browser = Browser(verifier)
    browser.client.cookies.set("challng_session", dan.token)
    assert "/desk/returns/deposits" in browser.get("/desk/returns").text
    assert "Nothing is to be settled" in browser.get(PLACE).text
    assert browser.get(f"{PLACE}?serial=CH1").status_code == 422
    assert card.serial in browser.get(f"{PLACE}?serial={card.serial}").text
    action = f"{PLACE}/{alice.device(card.serial)}"
    refused = browser.send(action, cause="stolen", reason=REASON)
    assert (refused.status_code, "not over" in refused.text) == (409, True)
    assert '<option value="stolen" selected>' in refused.text
    assert REASON in refused.text
    assert browser.send(action, cause="damaged", reason="").status_code == 422
    assert "It is settled" in browser.send(action, cause="damaged", reason=REASON).text
    assert alice.books() == TAKEN
