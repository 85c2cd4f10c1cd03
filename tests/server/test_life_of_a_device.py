"""A device's state as time and moves make it, and how its user stands before a login."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from server.accounts import people, users
from server.db.tables import accounts, devices
from server.db.tables import users as users_table
from server.errors import IllegalMove
from server.lifecycle import accounts as account_life
from server.lifecycle import devices as life
from server.lifecycle import revocation
from server.states.device import DEVICE, DeviceMove, DeviceState
from server.states.lives import MACHINES
from server.verifier import Verifier

from .support import Api, Card, ToldClock, add_card

WEEKS = timedelta(days=21)


def own(verifier: Verifier) -> life.Device:
    with verifier.database.reading() as connection:
        alice = users.get(connection, "alice")
        (device,) = life.own(connection, alice.id, verifier.clock.now())
    return device


def set_state(verifier: Verifier, **values: object) -> None:
    with verifier.database.writing() as connection:
        connection.execute(update(devices).values(**values))


def move(verifier: Verifier, what: DeviceMove) -> DeviceState:
    with verifier.database.writing() as connection:
        return life.move(connection, own(verifier).id, what, verifier.clock.now())


@pytest.fixture
def shipped(verifier: Verifier, card: Card, clock: ToldClock) -> Card:
    """A card on its way, which will be active by itself in three weeks."""
    set_state(verifier, state="inactive", activated_at=None, auto_activates_at=clock.now() + WEEKS)
    return card


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_state_can_be_reached_and_some_are_final(machine: object) -> None:
    reached = {machine.begins} | set(machine.moves.values())  # type: ignore[attr-defined]
    assert reached == set(type(machine.begins))  # type: ignore[attr-defined]
    assert machine.final()  # type: ignore[attr-defined]


def test_a_shipped_card_is_active_by_itself_after_three_weeks_to_the_second(
    verifier: Verifier, shipped: Card, clock: ToldClock, api: Api
) -> None:
    clock.advance(WEEKS.total_seconds() - 1)
    assert own(verifier).state is DeviceState.INACTIVE
    assert api.password().json()["access"] == "portal_only"
    clock.advance(1)
    assert own(verifier).state is DeviceState.ACTIVE
    login, challenge = api.login()
    assert api.answer(login, shipped.shows(challenge)).json()["access"] == "full"


def test_a_card_that_was_active_by_itself_is_remembered_as_one(
    verifier: Verifier, shipped: Card, clock: ToldClock, api: Api
) -> None:
    clock.advance(WEEKS.total_seconds())
    assert move(verifier, DeviceMove.SUSPENDED) is DeviceState.SUSPENDED
    assert api.password().status_code == 403


def test_a_card_revoked_after_it_was_active_by_itself_leaves_no_way_in(
    verifier: Verifier, shipped: Card, clock: ToldClock, api: Api
) -> None:
    clock.advance(WEEKS.total_seconds())
    with verifier.database.writing() as connection:
        assert revocation.revoke(
            connection, verifier.audit, own(verifier).id, clock.now(), "cli:test"
        )
    assert api.password().status_code == 403


def test_a_card_revoked_before_it_was_ever_active_counts_for_nothing(
    verifier: Verifier, shipped: Card, clock: ToldClock, api: Api
) -> None:
    with verifier.database.writing() as connection:
        assert revocation.revoke(
            connection, verifier.audit, own(verifier).id, clock.now(), "cli:test"
        )
    clock.advance(2 * WEEKS.total_seconds())
    assert api.password().json()["access"] == "portal_only"


def test_a_move_that_the_table_has_not_is_refused_and_changes_nothing(
    verifier: Verifier, card: Card
) -> None:
    for what in DeviceMove:
        if DEVICE.allows(DeviceState.ACTIVE, what):
            continue
        with pytest.raises(IllegalMove):
            move(verifier, what)
    assert own(verifier).state is DeviceState.ACTIVE


def test_a_session_ends_with_the_device_that_opened_it(
    verifier: Verifier, card: Card, api: Api
) -> None:
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    assert api.session(token).status_code == 200
    move(verifier, DeviceMove.SUSPENDED)
    assert api.session(token).status_code == 401


def test_a_suspended_card_answers_no_login_that_was_open_before(
    verifier: Verifier, card: Card, api: Api
) -> None:
    login, challenge = api.login()
    move(verifier, DeviceMove.SUSPENDED)
    assert api.answer(login, card.shows(challenge)).status_code == 409


def test_a_temporary_device_opens_everything_then_a_little_then_nothing(
    verifier: Verifier, card: Card, clock: ToldClock, api: Api
) -> None:
    """The times are a device's own, whatever its kind; a card stands in for one here."""
    day = 86_400
    set_state(
        verifier,
        limited_from=clock.now() + timedelta(days=2),
        valid_until=clock.now() + timedelta(days=12),
    )

    def access() -> object:
        login, challenge = api.login()
        return api.answer(login, card.shows(challenge)).json()["access"]

    clock.advance(2 * day - 1)
    assert access() == "full"
    clock.advance(1)
    assert access() == "online_code_card_only"
    clock.advance(10 * day - 1)
    assert access() == "online_code_card_only"
    clock.advance(1)
    assert api.password().status_code == 403


def test_what_a_session_may_do_changes_while_it_is_open(
    verifier: Verifier, card: Card, clock: ToldClock, api: Api
) -> None:
    login, challenge = api.login()
    token = api.answer(login, card.shows(challenge)).json()["session"]
    set_state(verifier, limited_from=clock.now() + timedelta(minutes=5))
    assert api.session(token).json()["access"] == "full"
    clock.advance(300)
    assert api.session(token).json()["access"] == "online_code_card_only"


def test_who_opted_out_or_whose_account_is_closed_needs_no_device(
    verifier: Verifier, card: Card, clock: ToldClock, api: Api
) -> None:
    with verifier.database.writing() as connection:
        told = people.Identification(clock.now().date(), "CH", "CH", "passport", "X1")
        entity = people.add_entity(connection, verifier.keyring, "Alice A.", told, clock.now())
        account_life.open_(connection, "U1000001", entity, 0, clock.now())
        account_life.join(connection, "U1000001", "alice", is_primary=True)
        connection.execute(update(users_table).values(opted_out_at=clock.now()))
    opted_out = api.password().json()
    assert opted_out["access"] == "restricted"
    assert opted_out["limits"]["per_day"] == 50_000
    with verifier.database.writing() as connection:
        connection.execute(update(accounts).values(closed_at=clock.now()))
    assert api.password().json()["access"] == "read_only"


def test_a_locked_device_is_offered_last(verifier: Verifier, card: Card, api: Api) -> None:
    add_card(verifier, Card(number=2))
    with verifier.database.writing() as connection:
        connection.execute(
            update(devices)
            .where(devices.c.serial == card.serial)
            .values(locked_at=verifier.clock.now())
        )
    assert api.password().json()["factor"] == "card-2"
