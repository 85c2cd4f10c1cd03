"""The ledger balances, whatever happens in whatever order."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from server.accounts import people, users
from server.db import tables
from server.factors.kinds import DeviceKind
from server.lifecycle import accounts, deposits
from server.lifecycle.deposits import Book, Why
from server.verifier import Verifier

from .people import ALICE, identification
from .support import Card, add_card, add_user, make_verifier

FEE = 2_000


def rows(verifier: Verifier) -> list[tuple[str, str, int]]:
    with verifier.database.reading() as connection:
        found = connection.execute(
            select(tables.ledger.c.transfer, tables.ledger.c.book, tables.ledger.c.cents)
        )
        return [tuple(row) for row in found]  # type: ignore[misc]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    verifier = make_verifier(tmp_path_factory.mktemp("bank"))
    add_user(verifier)
    now = verifier.clock.now()
    with verifier.database.writing() as connection:
        entity = people.add_entity(
            connection, verifier.keyring, "Alice Doe", identification(ALICE), now
        )
        accounts.open_(connection, "U1", entity, 0, now)
        accounts.join(connection, "U1", "alice")
    return verifier


def new_order(bank: Verifier, number: int) -> tuple[int, int, int]:
    """An order, its device and its account."""
    add_card(bank, Card(number=number, key=number.to_bytes(32, "big")))
    with bank.database.writing() as connection:
        device = (
            connection.execute(select(tables.devices.c.id).order_by(tables.devices.c.id.desc()))
            .scalars()
            .first()
        )
        account = connection.execute(select(tables.accounts.c.id)).scalar_one()
        user = users.get(connection, "alice")
        order = connection.execute(
            insert(tables.orders)
            .values(
                user_id=user.id,
                account_id=account,
                reason="first",
                state="shipped",
                deposit_cents=FEE,
                shipping="tracked",
                asked_at=bank.clock.now(),
                device_id=device,
            )
            .returning(tables.orders.c.id)
        ).scalar_one()
    return order, device, account  # type: ignore[return-value]


_numbers = iter(range(1_000, 9_999_999))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    deposit=st.integers(0, 5_000),
    fee=st.integers(0, 20_000),
    steps=st.lists(st.sampled_from(["hold", "release", "return", "keep"]), max_size=8),
)
@example(deposit=FEE, fee=FEE, steps=["hold", "release", "keep"])
@example(deposit=FEE, fee=FEE, steps=["hold", "return", "keep"])
def test_every_transfer_sums_to_zero_and_nothing_is_settled_twice(
    bank: Verifier, deposit: int, fee: int, steps: list[str]
) -> None:
    order, device, account = new_order(bank, next(_numbers))
    before = balances(bank, account)
    held, kept, settled = 0, 0, False
    for step in steps:
        with bank.database.writing() as connection:
            now = bank.clock.now()
            if step == "hold":
                deposits.hold(connection, account, order, deposit, now)
                held += deposit
            elif step == "release":
                assert deposits.release(connection, order, Why.CANCELLED, now) == held
                held, settled = 0, True
            elif step == "return":
                given = deposits.release_device(connection, device, Why.RETURNED, now)
                assert given == (None if settled else held)
                held, settled = held - (given or 0), True
            else:
                taken = deposits.keep(connection, device, fee, now)
                assert taken == (None if settled else fee)
                held, settled, kept = (held if settled else 0), True, kept + (taken or 0)
            assert deposits.held_for(connection, order) == held
    sums: Counter[str] = Counter()
    for transfer, _, cents in rows(bank):
        sums[transfer] += cents
    assert set(sums.values()) <= {0}
    after = balances(bank, account)
    moved = {book: after[book] - before[book] for book in Book}
    assert moved[Book.HELD] == held
    assert moved[Book.HOUSE] == kept
    assert sum(moved.values()) == 0
    assert kept in {0, fee}


def balances(bank: Verifier, account: int) -> dict[Book, int]:
    with bank.database.reading() as connection:
        return {book: deposits.balance(connection, account, book) for book in Book}


def test_money_moves_forward_only(bank: Verifier) -> None:
    with bank.database.writing() as connection, pytest.raises(ValueError, match="forward"):
        deposits.transfer(connection, 1, Book.HELD, Book.HOUSE, -1, Why.KEPT, bank.clock.now())


@pytest.mark.parametrize(
    ("kind", "serial", "usd"),
    [
        (DeviceKind.CODE_CARD, "CC1", 0),
        (DeviceKind.CARD, "CH00000018", 20),
        (DeviceKind.CARD, "CH00000503", 150),
        (DeviceKind.ONLINE_CODE_CARD, "OC1", 0),
    ],
)
def test_what_a_device_costs_that_stays_away(
    tmp_path: Path, kind: DeviceKind, serial: str, usd: int
) -> None:
    verifier = make_verifier(tmp_path, premium_serials=(("CH00000500", "CH00000599"),))
    verifier.close()
    assert deposits.fee_cents(verifier.settings, kind, serial) == usd * 100


def test_a_card_that_came_without_an_order_is_paid_by_its_owners_account(bank: Verifier) -> None:
    number = next(_numbers)
    card = Card(number=number, key=number.to_bytes(32, "big"))
    add_card(bank, card)
    with bank.database.writing() as connection:
        device = connection.execute(
            select(tables.devices.c.id).where(tables.devices.c.serial == card.serial)
        ).scalar_one()
        now = bank.clock.now()
        assert deposits.keep(connection, device, 15_000, now) == 15_000
        assert deposits.keep(connection, device, 15_000, now) is None
        assert deposits.release_device(connection, device, Why.RETURNED, now) is None
