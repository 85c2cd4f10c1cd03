"""The probe sees wires, not keys; and never makes a short by looking."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from drivers.errors import PinError
from drivers.hardware import real_pins
from drivers.header import HEADER_PINS, place
from drivers.pins import PinFactory
from drivers.probe import Look, Probe, groups
from drivers.settings import BoardSettings, DisplaySettings
from drivers.sim.clock import VirtualClock
from drivers.sim.electrical import SUPPLY
from drivers.sim.faults import FaultyWorld
from tests.drivers.fake_lgpio import FakeLgpio
from tests.drivers.rig import PAD_4X4, SETTINGS


def pairs(*some: tuple[int, int]) -> frozenset[frozenset[int]]:
    return frozenset(frozenset(pair) for pair in some)


@pytest.fixture(params=["simulated pins", "lgpio"])
def bench(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[FaultyWorld, PinFactory]]:
    """A world with its pins, by the simulated factory and by gpiozero's lgpio back end."""
    world = FaultyWorld(SETTINGS, VirtualClock())
    if request.param == "lgpio":
        monkeypatch.setitem(sys.modules, "lgpio", FakeLgpio(world.circuit))
        monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
        monkeypatch.setattr("gpiozero.pins.local.get_pi_revision", lambda: 0x902120)
        monkeypatch.setattr("drivers.hardware.header_chip", lambda: None)
        monkeypatch.setenv("LG_WD", "/tmp")
        factory = real_pins()
        yield world, factory
        factory.close()
        sys.modules.pop("gpiozero.pins.lgpio", None)
    else:
        yield world, world.factory
    assert world.shorts == []


def test_nothing_is_seen_on_a_sound_card_at_rest(bench: tuple[FaultyWorld, PinFactory]) -> None:
    _, factory = bench
    assert Probe(SETTINGS, factory).look() == Look()


def test_a_key_joins_its_row_and_its_column(bench: tuple[FaultyWorld, PinFactory]) -> None:
    world, factory = bench
    probe = Probe(SETTINGS, factory)
    world.close_key("6")
    assert probe.look() == Look(joined=pairs((6, 20)))
    world.open_key("6")
    assert probe.look() == Look()


def test_lines_on_a_rail_are_seen_and_never_driven(bench: tuple[FaultyWorld, PinFactory]) -> None:
    world, factory = bench
    world.to_ground(13)
    world.to_supply(21)
    probe = Probe(SETTINGS, factory)
    assert probe.look() == Look(ground=frozenset({13}), supply=frozenset({21}))
    world.close_key("A")  # row 1 with the column on 3.3 V
    assert probe.look() == Look(ground=frozenset({13}), supply=frozenset({5, 21}))
    world.close_press()
    assert 26 in probe.look().ground


def test_joined_lines_of_one_side_are_seen_which_a_scan_hides(
    bench: tuple[FaultyWorld, PinFactory],
) -> None:
    world, factory = bench
    world.bridge(12, 20)
    world.bridge(26, 5)
    assert Probe(SETTINGS, factory).look() == Look(joined=pairs((12, 20), (26, 5)))


def test_the_button_reads_both_rails(bench: tuple[FaultyWorld, PinFactory]) -> None:
    world, factory = bench
    world.button_to(SUPPLY)
    probe = Probe(SETTINGS, factory)
    world.close_press()
    assert probe.look() == Look(supply=frozenset({26}))


def test_a_closed_probe_leaves_inputs_without_pull(bench: tuple[FaultyWorld, PinFactory]) -> None:
    _, factory = bench
    Probe(SETTINGS, factory).close()
    assert {(factory.pin(pin).function, factory.pin(pin).pull) for pin in (5, 12, 26)} == {
        ("input", "floating")
    }


def test_a_pin_with_a_resistor_on_the_board_is_not_pulled_down() -> None:
    settings = BoardSettings(PAD_4X4, press_pin=3, display=DisplaySettings(bus=3))
    world = FaultyWorld(settings, VirtualClock())
    probe = Probe(settings, world.factory)
    assert probe.look() == Look()
    world.close_press()
    assert probe.look() == Look(ground=frozenset({3}))


def test_a_pin_that_another_program_has_is_named() -> None:
    class Busy:
        def pin(self, _name: int) -> None:
            raise OSError("GPIO busy")

    with pytest.raises(PinError, match="cannot be used: GPIO busy"):
        Probe(SETTINGS, Busy())  # type: ignore[arg-type]


def test_groups_are_what_hangs_together() -> None:
    assert groups(pairs()) == []
    assert groups(pairs((5, 12), (20, 12), (6, 16), (5, 20))) == [
        frozenset({5, 12, 20}),
        frozenset({6, 16}),
    ]
    assert groups(pairs((1, 2), (3, 4), (2, 3))) == [frozenset({1, 2, 3, 4})]


def test_every_gpio_has_its_own_pin_of_the_header() -> None:
    assert sorted(HEADER_PINS) == list(range(28))
    assert len(set(HEADER_PINS.values())) == 28
    supplies_and_grounds = {1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39}
    assert set(HEADER_PINS.values()) | supplies_and_grounds == set(range(1, 41))
    assert place(6) == "GPIO 6 (pin 31)"
    assert [HEADER_PINS[gpio] for gpio in (2, 3, 26, 21)] == [3, 5, 37, 40]
