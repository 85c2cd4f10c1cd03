"""The simulated circuit, gpiozero's pins on it, and the clock they are tested by."""

from __future__ import annotations

import threading

import pytest
from gpiozero import Button, OutputDevice
from gpiozero.exc import PinFixedPull, PinInvalidPull, PinSetInput

from drivers.errors import SettingError
from drivers.sim.clock import VirtualClock
from drivers.sim.electrical import GND, SUPPLY, Circuit, Drive
from drivers.sim.pins import SimFactory
from drivers.sim.world import SimWorld
from tests.drivers.rig import SETTINGS, Rig


def test_a_stiff_level_wins_over_pulls_and_travels_through_contacts() -> None:
    circuit = Circuit()
    circuit.drive(1, Drive.PULL_UP)
    circuit.drive(2, Drive.PULL_UP)
    circuit.drive(3, Drive.LOW)
    circuit.join(1, 2)
    assert circuit.level(1)
    circuit.join(2, 3)
    assert not circuit.level(1)
    circuit.part(1, 2)
    assert circuit.level(1)
    assert not circuit.level(2)


def test_a_net_that_nothing_drives_keeps_its_charge() -> None:
    circuit = Circuit()
    circuit.drive(1, Drive.HIGH)
    circuit.drive(1, Drive.FLOATING)
    assert circuit.level(1)


def test_a_net_pulled_both_ways_keeps_its_level() -> None:
    circuit = Circuit()
    circuit.drive(1, Drive.PULL_DOWN)
    circuit.drive(2, Drive.PULL_UP)
    circuit.join(1, 2)
    assert (circuit.level(1), circuit.level(2)) == (False, True)


def test_two_stiff_levels_on_one_net_are_noted_as_a_short() -> None:
    circuit = Circuit()
    circuit.drive(1, Drive.HIGH)
    circuit.join(1, GND)
    assert circuit.shorts == [frozenset({1, GND})]
    assert not circuit.level(1)
    circuit.part(1, GND)
    circuit.join(1, SUPPLY)
    assert len(circuit.shorts) == 1


def test_listeners_hear_each_change_once_and_may_use_the_circuit() -> None:
    circuit = Circuit()
    heard: list[tuple[bool, bool]] = []
    circuit.listen(2, lambda level: heard.append((level, circuit.level(1))))
    circuit.drive(1, Drive.LOW)
    circuit.drive(2, Drive.PULL_UP)
    circuit.join(1, 2)
    circuit.join(1, 2)
    circuit.part(1, 2)
    assert heard == [(True, False), (False, False), (True, False)]


def test_plain_gpiozero_devices_work_on_the_simulated_pins() -> None:
    circuit = Circuit()
    factory = SimFactory(circuit)
    circuit.join(4, 17)
    with OutputDevice(4, pin_factory=factory) as output, Button(17, pin_factory=factory) as button:
        presses: list[str] = []
        button.when_pressed = lambda: presses.append("down")
        output.on()
        assert not button.is_pressed
        output.off()
        assert button.is_pressed
        assert presses == ["down"]


def test_the_pins_keep_the_rules_of_real_ones() -> None:
    factory = SimFactory(Circuit())
    pin = factory.pin(4)
    with pytest.raises(PinSetInput):
        pin.state = 1
    with pytest.raises(PinInvalidPull):
        pin.pull = "sideways"
    with pytest.raises(PinFixedPull):
        factory.pin(3).pull = "down"
    pin.function = "output"
    assert not pin.state
    with pytest.raises(PinFixedPull):
        pin.pull = "up"


def test_contacts_may_be_moved_from_another_thread() -> None:
    with Rig() as rig:
        finger = threading.Thread(target=rig.world.close_key, args=("5",))
        finger.start()
        finger.join()
        rig.run(0.1)
        assert rig.typed == "5"


def test_the_clock_runs_what_is_due_in_order_each_at_its_time() -> None:
    clock = VirtualClock(5.0)
    log: list[tuple[str, float]] = []
    clock.at(7, lambda: log.append(("b", clock())))

    def first() -> None:
        log.append(("a", clock()))
        clock.after(0.5, lambda: log.append(("c", clock())))

    clock.after(1, first)
    assert clock.next_event() == 6
    clock.advance_to(6.9)
    assert log == [("a", 6), ("c", 6.5)]
    clock.advance_to(8)
    assert log[-1] == ("b", 7)
    assert (clock.now(), clock.next_event()) == (8, None)
    clock.at(1, lambda: log.append(("late", clock())))
    clock.advance_to(8)
    assert log[-1] == ("late", 8)


def test_a_world_refuses_what_it_cannot_do() -> None:
    with pytest.raises(SettingError, match="no key 'X'"):
        SimWorld(SETTINGS).close_key("X")
    with pytest.raises(SettingError, match="VirtualClock"):
        SimWorld(SETTINGS, clock=lambda: 0.0).tap("5")
    with pytest.raises(SettingError, match="cannot bounce"):
        SimWorld(SETTINGS).tap("5", 0.01, 0.02)


def test_the_same_seed_gives_the_same_world() -> None:
    def story(seed: int) -> list[object]:
        with Rig(seed=seed) as rig:
            rig.world.tap("5", 0.08, 0.02)
            rig.run(0.3)
            return [*rig.keys, [bytes(page) for page in rig.world.controller.ram]]

    assert story(4) == story(4)
