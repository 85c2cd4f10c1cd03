"""The keypad at pin level: contacts of a simulated pad, the real gpiozero and matrixkeypad."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from drivers.debounce import OPEN_SPAN
from drivers.events import KeyDown, KeysRefused, KeysStuck, KeyUp
from drivers.keypad import SAMPLE_PERIOD
from drivers.settings import BoardSettings, PadLayout
from drivers.sim.electrical import Drive, Net
from tests.drivers.rig import PAD_3X4, PAD_4X4, Rig

ALL_KEYS = "".join(PAD_4X4.keys)


@pytest.mark.parametrize("pad", [PAD_4X4, PAD_3X4])
def test_every_key_types_itself(pad: PadLayout) -> None:
    settings = BoardSettings(pad, press_pin=26)
    keys = "".join(settings.pad.keys)
    with Rig(settings) as rig:
        for key in keys:
            rig.world.tap(key)
            rig.run(0.15)
        assert rig.typed == keys
        assert [type(event) for event in rig.key_events] == [KeyDown, KeyUp] * len(keys)


@pytest.mark.parametrize("seed", range(150))
def test_fast_presses_with_short_chatter_are_all_typed(seed: int) -> None:
    chance = random.Random(seed)
    with Rig(seed=seed) as rig:
        pressed, at = "", rig.clock.now() + chance.uniform(0, 0.02)
        for _ in range(8):
            key = chance.choice(ALL_KEYS)
            chatter = chance.choice((0, 0.001, 0.005))
            at = rig.world.tap(key, 0.025, chatter, at=at) - chatter + 0.025
            at += chance.choice((0, 0, chance.uniform(0, 0.05)))
            pressed += key
        rig.run_until(at + 0.1)
        assert rig.typed == pressed


@pytest.mark.parametrize("seed", range(150))
def test_long_chatter_never_types_twice(seed: int) -> None:
    chance = random.Random(seed)
    with Rig(seed=seed) as rig:
        pressed, at = "", rig.clock.now()
        for _ in range(4):
            key = chance.choice(ALL_KEYS)
            hold = chance.uniform(0.04, 0.12)
            at = rig.world.tap(key, hold, chance.uniform(0, 0.02), at=at) + 0.03
            pressed += key
        rig.run_until(at + 0.1)
        assert rig.typed == pressed


@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_typed_that_was_not_pressed_alone(seed: int) -> None:
    """Fingers everywhere: each typed key was at that moment the only one closed."""
    chance = random.Random(seed)
    with Rig(seed=seed) as rig:
        closed: set[str] = set()
        alone: set[tuple[float, str]] = set()
        for _ in range(40):
            key = chance.choice("12456")
            if key in closed:
                rig.world.open_key(key)
                closed.discard(key)
            else:
                rig.world.close_key(key)
                closed.add(key)
            start = rig.clock.now()
            rig.run(chance.uniform(0, 0.03))
            if len(closed) == 1:
                alone |= {(time, key) for time, _ in rig.keys if time >= start for key in closed}
        down = {(time, event.key) for time, event in rig.keys if isinstance(event, KeyDown)}
        assert down <= alone


def test_three_corners_of_a_square_make_a_ghost_and_type_nothing() -> None:
    with Rig() as rig:
        for key in "124":
            rig.world.close_key(key)
        rig.run(0.1)
        assert rig.key_events == [KeysRefused(frozenset("1245"))]
        for key in "412":
            rig.world.open_key(key)
            rig.run(0.1)
        assert rig.typed == ""
        rig.world.tap("5")
        rig.run(0.1)
        assert rig.typed == "5"


def test_two_keys_of_one_row_or_one_column_type_nothing() -> None:
    for keys in ("12", "14", "1D"):
        with Rig() as rig:
            for key in keys:
                rig.world.close_key(key)
            rig.run(0.1)
            assert rig.key_events == [KeysRefused(frozenset(keys))]


def test_a_held_key_does_not_repeat() -> None:
    with Rig() as rig:
        rig.world.close_key("7")
        rig.run(30)
        assert rig.key_events == [KeyDown("7")]
        rig.world.open_key("7")
        rig.run(0.05)
        assert rig.key_events == [KeyDown("7"), KeyUp("7")]


def test_a_key_held_at_power_on_is_reported_once_and_ignored_until_it_opens() -> None:
    rig = Rig()
    rig.world.close_key("5")
    with rig.power_on():
        rig.run(10)
        assert rig.key_events == [KeysStuck(frozenset("5"))]
        rig.world.open_key("5")
        rig.run(0.1)
        rig.world.tap("5")
        rig.run(0.1)
        assert rig.typed == "5"


def test_a_stuck_key_that_chatters_open_for_a_moment_types_nothing() -> None:
    rig = Rig()
    rig.world.close_key("5")
    with rig.power_on():
        rig.run(1)
        rig.world.open_key("5")
        rig.clock.after(0.004, lambda: rig.world.close_key("5"))
        rig.run(1)
        assert rig.typed == ""


def test_keys_in_other_columns_type_at_once_beside_a_stuck_one() -> None:
    rig = Rig()
    rig.world.close_key("5")
    with rig.power_on():
        rig.run(1)
        for key in "19#":
            rig.world.tap(key, 0.03)
            rig.run(0.1)
        assert rig.typed == "19#"


def test_a_key_in_the_column_of_a_stuck_one_types_within_a_second() -> None:
    rig = Rig()
    rig.world.close_key("5")
    with rig.power_on():
        rig.run(1)
        rig.world.close_key("8")
        rig.run(1.1)
        assert rig.typed == "8"


def test_a_waiting_keypad_costs_no_pin_operation_and_no_wake_up() -> None:
    with Rig() as rig:
        rig.run(1)
        rig.world.pins.reset()
        wakes = rig.wakes
        assert rig.board is not None
        assert rig.board.keypad.due() is None
        rig.run(3600)
        assert rig.world.pins.total == 0
        assert rig.wakes == wakes


def test_a_held_key_costs_one_look_a_second() -> None:
    with Rig() as rig:
        rig.world.close_key("7")
        rig.run(1)
        rig.world.pins.reset()
        rig.run(60)
        assert 0 < rig.world.pins.read <= 60 * 2 * (16 + 4)


def test_a_parked_matrix_is_left_alone_by_its_own_scan() -> None:
    """Scanning moves the columns; that must not wake the card again."""
    with Rig() as rig:
        rig.world.tap("5")
        rig.run(0.2)
        wakes = rig.wakes
        rig.run(10)
        assert rig.wakes == wakes == 2, "one for closing, one for opening"


def scans_of(rig: Rig) -> list[float]:
    """The times of the scans to come."""
    assert rig.board is not None
    matrix = rig.board.keypad._matrix
    scan, times = matrix.scan, []

    def counted() -> frozenset[str]:
        times.append(rig.clock.now())
        return scan()

    matrix.scan = counted  # type: ignore[method-assign]
    return times


def test_a_clean_press_takes_four_scans_and_nothing_in_between() -> None:
    """Closed, closed for long enough, open, open for long enough."""
    with Rig() as rig:
        rig.run(1)
        scans = scans_of(rig)
        rig.world.pins.reset()
        start = rig.clock.now()
        rig.world.tap("5", 0.1)
        rig.run(1)
        assert [round(time - start, 3) for time in scans] == [0, 0.011, 0.1, 0.111]
        assert rig.world.pins.total <= 4 * 60


def test_an_edge_that_no_scan_confirms_costs_one_scan() -> None:
    with Rig() as rig:
        rig.run(1)
        scans = scans_of(rig)
        rig.world.close_key("5")
        rig.world.open_key("5")
        assert rig.board is not None
        rig.run(1)
        assert len(scans) == 1
        assert rig.board.keypad.due() is None
        assert rig.key_events == []


def test_a_line_that_never_rests_types_nothing_and_is_not_scanned_all_the_time() -> None:
    """A bad contact, closed for three quarters of the time but never for long."""
    with Rig() as rig:
        rig.run(1)
        scans = scans_of(rig)
        for tick in range(2000):
            at = rig.clock.now() + tick * 0.0004
            rig.clock.at(at, lambda: rig.world.close_key("5"))
            rig.clock.at(at + 0.0003, lambda: rig.world.open_key("5"))
        rig.run(1)
        assert rig.typed == ""
        assert len(scans) <= 1 / SAMPLE_PERIOD


def test_a_contact_that_opens_between_two_scans_begins_its_span_anew() -> None:
    """Both scans see it closed; the edges between them tell that it was not."""
    with Rig() as rig:
        rig.run(1)
        start = rig.clock.now()
        rig.world.close_key("5")
        rig.clock.at(start + 0.008, lambda: rig.world.open_key("5"))
        rig.clock.at(start + 0.0081, lambda: rig.world.close_key("5"))
        rig.run(0.015)
        assert rig.typed == ""
        rig.run(0.01)
        assert rig.typed == "5"


def on_drive(rig: Rig, after: Callable[[Net], None]) -> None:
    """Call `after` with the net after each thing the firmware does to a pin."""
    circuit = rig.world.circuit
    drive = circuit.drive

    def watched(net: Net, how: Drive) -> None:
        drive(net, how)
        after(net)

    circuit.drive = watched  # type: ignore[method-assign]


def test_a_key_that_closes_while_the_matrix_parks_is_not_lost() -> None:
    """The contact closes when the rows are low and the columns not yet watched: no edge tells."""
    with Rig() as rig:
        parked = []

        def close_a_key(net: Net) -> None:
            rows_low = not any(rig.world.circuit.level(row) for row in PAD_4X4.rows)
            opened = bool(rig.key_events) and rig.clock.now() > start + 0.06 + OPEN_SPAN
            if net == PAD_4X4.rows[-1] and rows_low and opened and not parked:
                parked.append(rig.clock.now())
                rig.world.close_key("9")

        on_drive(rig, close_a_key)
        start = rig.clock.now()
        rig.world.tap("1", 0.06)
        rig.run(0.15)
        assert parked
        assert rig.typed == "19"


@pytest.mark.parametrize("moment", range(1, 33))
def test_a_key_let_go_in_the_middle_of_a_scan_is_typed_at_most_once(moment: int) -> None:
    with Rig() as rig:
        rig.world.close_key("5")
        rig.run(0.01)
        steps = itertools.count(1)
        on_drive(rig, lambda _: rig.world.open_key("5") if next(steps) == moment else None)
        rig.run(0.2)
        assert rig.typed in ("", "5")
        typed = rig.typed
        rig.world.tap("6")
        rig.run(0.2)
        assert rig.typed == typed + "6"


def test_closing_gives_the_pins_back() -> None:
    with Rig() as rig:
        pass
    rig.world.close_key("5")
    assert rig.wakes == 0
    row, column = PAD_4X4.crossing("5")
    assert rig.world.factory.pin(row).function == "input"
    assert rig.world.factory.pin(column).pull == "floating"
