"""Pairing begins with one gesture: OK held two seconds where it would do nothing. Nothing else."""

import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from device.keystore import FileKeyStore
from device.settings import parse
from device.simulated import CLEAR, OK, SimulatedCard
from tests.device.pairing_rig import SpyCable, at_once


@pytest.fixture
def spy() -> SpyCable:
    return SpyCable()


@pytest.fixture
def empty(store: FileKeyStore) -> FileKeyStore:
    """A store without a key."""
    (store.directory / "slot-A").unlink()
    return store


Powered = Callable[..., SimulatedCard]


@pytest.fixture
def power(store: FileKeyStore, spy: SpyCable) -> Iterator[Powered]:
    cards: list[SimulatedCard] = []

    def on(*held: str, cable: SpyCable | None = spy) -> SimulatedCard:
        card = SimulatedCard(parse({}, "test"), store, cable=cable, sleep=at_once, held=held)
        cards.append(card)
        return card

    yield on
    for card in cards:
        card.close()


OFFERS = ["60", "PAIRING BY CABLE"]


def test_ok_held_on_an_empty_pin_offers_pairing(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    assert spy.opened == 0
    card.hold(OK)
    assert card.lines() == OFFERS
    assert spy.listening


@pytest.mark.usefixtures("empty")
def test_ok_held_on_a_blank_card_offers_pairing(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    assert card.lines() == ["E01", "NO KEY LOADED"]
    card.hold(OK)
    assert card.lines() == OFFERS
    assert spy.opened == 1


def test_digits_taken_back_leave_an_empty_field(power: Powered) -> None:
    card = power()
    card.press()
    card.type("73**")
    card.hold(OK)
    assert card.lines() == OFFERS


def test_the_offer_ends_by_itself_and_the_port_with_it(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.hold(OK)
    card.run(59)
    assert spy.listening
    assert card.lines() == ["1", "PAIRING BY CABLE"]
    card.run(2)
    assert not spy.listening
    assert card.lines() == ["E12", "PAIRING TIMED OUT"]
    card.hold(OK)
    assert card.lines() == []
    assert spy.opened == 1


def test_one_hold_is_one_gesture(power: Powered, spy: SpyCable) -> None:
    """A finger that stays on OK begins nothing anew, wherever the card goes meanwhile."""
    card = power()
    card.press()
    card.world.close_key(OK)
    card.run(70)
    assert card.lines() == ["E12", "PAIRING TIMED OUT"]
    card.run(40)
    card.press()
    card.run(10)
    assert card.lines() == ["PIN>", "_"]
    assert spy.opened == 1


# Near misses: each leaves the port closed and the screen as it should be.


def test_a_hold_that_is_too_short_is_nothing(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    for seconds in (0.08, 1.0, 1.9):
        card.hold(OK, seconds)
        assert card.lines() == ["PIN>", "_"]
    assert spy.opened == 0


def test_short_holds_do_not_add_up(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    for _ in range(4):
        card.hold(OK, 1.2)
    assert spy.opened == 0


@pytest.mark.parametrize("digits", ["7", "730"])
def test_ok_held_behind_digits_is_nothing(digits: str, power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.type(digits)
    card.hold(OK, 4)
    assert card.lines() == ["PIN>", "*" * len(digits) + "_"]
    assert spy.opened == 0


def test_ok_held_on_a_full_pin_is_an_ok(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.type("7305")
    card.hold(OK, 4)
    assert card.lines() == ["CHALLNG>", "_"]
    assert spy.opened == 0


@pytest.mark.parametrize("keys", ["7305#", "7305#2486", "7305#248690#"])
def test_ok_held_later_in_a_login_is_nothing(keys: str, power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.type(keys)
    before = card.lines()
    card.hold(OK, 4)
    assert card.lines() == before
    assert spy.opened == 0


def test_ok_held_on_a_dark_card_is_nothing(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.hold(OK, 4)
    assert card.lines() == []
    assert spy.opened == 0


@pytest.mark.parametrize("key", "0123456789*ABCD")
def test_every_other_key_held_begins_nothing(key: str, power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.hold(key, 4)
    assert spy.opened == 0


def test_a_second_key_beside_it_ends_the_hold(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.world.close_key(OK)
    card.run(1)
    card.world.tap("5", hold=0.2)
    card.run(5)
    card.world.open_key(OK)
    card.run(1)
    assert card.lines() == ["PIN>", "_"]
    assert spy.opened == 0


def test_a_contact_that_opens_for_a_moment_begins_anew(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.world.close_key(OK)
    card.run(1.5)
    card.world.open_key(OK)
    card.run(0.03)
    card.world.close_key(OK)
    card.run(1.5)
    assert spy.opened == 0
    card.run(0.6)
    assert spy.opened == 1


@pytest.mark.parametrize("store_kind", ["loaded", "empty"])
def test_an_ok_that_is_stuck_at_power_on_begins_nothing(
    store_kind: str, power: Powered, spy: SpyCable, request: pytest.FixtureRequest
) -> None:
    if store_kind == "empty":
        request.getfixturevalue("empty")
    card = power(OK)
    assert card.lines() == ["E05", "KEY IS STUCK"]
    card.press()
    card.run(10)
    assert spy.opened == 0


def test_an_ok_that_went_down_before_the_screen_came_begins_nothing(
    power: Powered, spy: SpyCable
) -> None:
    card = power()
    card.world.close_key(OK)
    card.run(0.5)
    card.press()
    card.run(10)
    assert card.lines() == ["PIN>", "_"]
    assert spy.opened == 0


def test_a_press_in_the_midst_of_the_hold_begins_nothing(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.world.close_key(OK)
    card.run(1)
    card.press()
    card.run(10)
    assert card.lines() == ["PIN>", "_"]
    assert spy.opened == 0


def test_a_card_without_a_cable_has_no_gesture(power: Powered) -> None:
    card = power(cable=None)
    card.press()
    card.hold(OK, 5)
    assert card.lines() == ["PIN>", "_"]


@pytest.mark.usefixtures("empty")
def test_a_blank_card_without_a_cable_goes_dark_when_ok_goes_down(power: Powered) -> None:
    card = power(cable=None)
    card.press()
    card.world.close_key(OK)
    card.run(0.1)
    assert card.lines() == []


@pytest.mark.usefixtures("empty")
def test_a_short_ok_and_clear_close_the_blank_cards_code(power: Powered, spy: SpyCable) -> None:
    card = power()
    card.press()
    card.world.close_key(OK)
    card.run(0.1)
    assert card.lines() == ["E01", "NO KEY LOADED"]
    card.world.open_key(OK)
    card.run(0.1)
    assert card.lines() == []
    card.press()
    card.type(CLEAR)
    assert card.lines() == []
    assert spy.opened == 0


def test_another_code_is_closed_when_ok_goes_down(
    power: Powered, store: FileKeyStore, spy: SpyCable
) -> None:
    (store.directory / "slot-A").write_bytes(b"junk")
    card = power()
    card.press()
    assert card.lines() == ["E02", "STORE DAMAGED"]
    card.hold(OK, 4)
    assert card.lines() == []
    assert spy.opened == 0


def test_a_spent_battery_begins_no_pairing(store: FileKeyStore, spy: SpyCable) -> None:
    gauge = parse({"battery": {"gauge": "max17048"}}, "test")
    card = SimulatedCard(gauge, store, cable=spy, sleep=at_once)
    assert card.world.battery is not None
    card.world.battery.percent = 2
    card.press()
    card.hold(OK, 4)
    assert spy.opened == 0
    card.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_no_fast_fingers_ever_open_the_port(seed: int, power: Powered, spy: SpyCable) -> None:
    """Any keys, also several at once and any time apart, with OK never down for two seconds."""
    chance = random.Random(seed)
    card = power()
    for _ in range(chance.randint(5, 25)):
        key = chance.choice(("press", OK, OK, OK, *"01*AD"))
        if key == "press":
            card.world.hold_press(chance.choice((0.1, 0.7, 0.7, 3.2)))
        else:
            card.world.tap(key, hold=chance.uniform(0.03, 1.9), chatter=chance.uniform(0, 0.02))
        card.run(chance.choice((0.02, 0.5, 2.0, 2.0)) if key != OK else 2.0)
    assert spy.opened == 0
    card.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_whatever_is_pressed_the_port_is_open_only_while_the_glass_says_so(
    seed: int, power: Powered, spy: SpyCable
) -> None:
    chance = random.Random(seed)
    card = power()
    for _ in range(chance.randint(5, 25)):
        key = chance.choice(("press", "press", OK, OK, *"7*A"))
        if key == "press":
            card.world.hold_press(chance.choice((0.1, 0.7, 0.7, 3.2)))
        else:
            card.world.tap(key, hold=chance.choice((0.08, 0.08, 1.9, 2.5)), chatter=0.005)
        card.run(chance.choice((0.5, 3.0, 3.0, 20.0)))
        assert spy.listening == (card.lines()[-1:] == ["PAIRING BY CABLE"])
    card.close()
