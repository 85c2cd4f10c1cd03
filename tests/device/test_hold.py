"""The press button held: each length once."""

import pytest

from device.hold import Hold, HoldTimes, KeyHold, PressHaltHeld, PressHeld, PressLongHeld


@pytest.fixture
def hold() -> Hold:
    return Hold(HoldTimes())


def test_nothing_is_due_while_the_button_is_open(hold: Hold) -> None:
    assert hold.due() is None
    assert hold.tick(100.0) == []


def test_a_short_press_is_nothing(hold: Hold) -> None:
    hold.down(10.0)
    assert hold.tick(10.49) == []
    hold.up()
    assert hold.tick(20.0) == []


def test_each_length_is_reported_once_and_on_time(hold: Hold) -> None:
    hold.down(10.0)
    assert hold.due() == 10.5
    assert hold.tick(10.5) == [PressHeld()]
    assert hold.tick(10.6) == []
    assert hold.due() == 13.0
    assert hold.tick(13.0) == [PressLongHeld()]
    assert hold.due() == 18.0
    assert hold.tick(18.0) == [PressHaltHeld()]
    assert hold.due() is None
    assert hold.tick(99.0) == []


def test_a_late_look_finds_every_length_in_order(hold: Hold) -> None:
    hold.down(0.0)
    assert hold.tick(9.0) == [PressHeld(), PressLongHeld(), PressHaltHeld()]


def test_a_new_hold_counts_from_its_own_start(hold: Hold) -> None:
    hold.down(0.0)
    hold.tick(1.0)
    hold.up()
    hold.down(50.0)
    assert hold.due() == 50.5
    assert hold.tick(50.5) == [PressHeld()]


def test_a_key_that_is_held_is_reported_once_when_its_time_has_come() -> None:
    hold = KeyHold(2.0)
    assert hold.due() is None
    hold.down(10.0)
    assert hold.due() == 12.0
    assert not hold.tick(11.99)
    assert hold.tick(12.0)
    assert not hold.tick(12.1)
    assert hold.due() is None


def test_a_key_that_goes_up_begins_anew() -> None:
    hold = KeyHold(2.0)
    hold.down(10.0)
    hold.up()
    assert not hold.tick(20.0)
    hold.down(20.0)
    assert not hold.tick(21.9)
    assert hold.tick(22.0)
