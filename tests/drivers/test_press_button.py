"""The press button at pin level."""

from __future__ import annotations

import pytest

from drivers.events import ButtonDown, ButtonStuck, ButtonUp
from drivers.settings import BoardSettings
from tests.drivers.rig import PAD_4X4, Rig

WIRINGS = [
    BoardSettings(PAD_4X4, press_pin=26, press_active_low=True),
    BoardSettings(PAD_4X4, press_pin=26, press_active_low=False),
    BoardSettings(PAD_4X4, press_pin=3, press_active_low=True),  # wakes a Pi from halt
]


@pytest.mark.parametrize("wiring", WIRINGS)
def test_a_press_goes_down_once_and_up_once(wiring: BoardSettings) -> None:
    with Rig(wiring) as rig:
        start = rig.clock.now()
        rig.world.hold_press(0.5, chatter=0.02)
        rig.run(1)
        assert rig.press_events == [ButtonDown(), ButtonUp()]
        down, up = (time - start for time, _ in rig.presses)
        assert 0 < down < 0.04
        assert 0.5 < up < 0.54


@pytest.mark.parametrize("seed", range(20))
def test_chatter_of_the_button_never_counts_twice(seed: int) -> None:
    with Rig(seed=seed) as rig:
        at = rig.clock.now()
        for _ in range(5):
            at = rig.world.hold_press(0.05, chatter=0.02, at=at) + 0.03
        rig.run_until(at)
        assert rig.press_events == [ButtonDown(), ButtonUp()] * 5


def test_a_button_held_at_power_on_is_reported_and_ignored_until_it_opens() -> None:
    rig = Rig()
    rig.world.close_press()
    with rig.power_on():
        rig.run(20)
        assert rig.press_events == [ButtonStuck()]
        rig.world.open_press()
        rig.run(0.1)
        rig.world.hold_press(0.1)
        rig.run(0.3)
        assert rig.press_events == [ButtonStuck(), ButtonDown(), ButtonUp()]


def test_a_waiting_button_and_a_held_one_cost_next_to_nothing() -> None:
    with Rig() as rig:
        rig.run(1)
        rig.world.pins.reset()
        rig.run(60)
        assert rig.world.pins.total == 0
        rig.world.close_press()
        rig.run(1)
        rig.world.pins.reset()
        rig.run(60)
        assert rig.world.pins.total == 0


def test_button_and_keys_do_not_disturb_each_other() -> None:
    with Rig() as rig:
        rig.world.hold_press(0.4)
        rig.world.tap("5", at=rig.clock.now() + 0.1)
        rig.run(1)
        assert rig.typed == "5"
        assert rig.press_events == [ButtonDown(), ButtonUp()]
