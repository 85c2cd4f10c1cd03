"""Faults are in the wiring alone: without one, the card works as ever; with one, as badly."""

from __future__ import annotations

from drivers.events import KeysStuck
from drivers.sim.faults import FaultyWorld
from tests.drivers.rig import SETTINGS, Rig


class FaultyRig(Rig):
    """A card with the firmware's own keypad on a world with faults."""

    def __init__(self) -> None:
        super().__init__()
        self.world: FaultyWorld = FaultyWorld(SETTINGS, self.clock)


def typed(rig: FaultyRig, keys: str) -> str:
    with rig:
        for key in keys:
            rig.run_until(rig.world.tap(key, chatter=0.004) + 0.06)
    return rig.typed


def test_without_a_fault_it_is_a_card_like_any_other() -> None:
    assert typed(FaultyRig(), "123A456B789C*0#D") == "123A456B789C*0#D"


def test_a_cut_wire_silences_a_row() -> None:
    rig = FaultyRig()
    rig.world.cut(6)
    assert typed(rig, "1425") == "12"


def test_swapped_wires_change_the_keys() -> None:
    rig = FaultyRig()
    rig.world.swap(5, 6)
    assert typed(rig, "147") == "417"


def test_a_scan_cannot_tell_a_bridge_from_two_fingers() -> None:
    """This is what the probe is for."""
    rig = FaultyRig()
    rig.world.bridge(12, 20)
    assert typed(rig, "13") == ""
    assert typed(FaultyRig(), "13") == "13"


def test_a_stuck_key_stays_closed_under_the_finger() -> None:
    rig = FaultyRig()
    rig.world.stick("5")
    rig.power_on()
    assert rig.key_events == [KeysStuck(frozenset("5"))]
    assert typed(rig, "5") == ""


def test_the_button_has_a_wire_too() -> None:
    rig = FaultyRig()
    with rig:
        rig.run_until(rig.world.hold_press(0.2) + 0.1)
        assert len(rig.press_events) == 2
        rig.world.cut(26)
        rig.run_until(rig.world.hold_press(0.2) + 0.1)
        assert len(rig.press_events) == 2
