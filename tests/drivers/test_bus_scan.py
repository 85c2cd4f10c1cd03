"""A scan of the bus says who answers, or why nobody can be asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.bus_scan import BusLook, BusState, scan
from drivers.sim.clock import VirtualClock
from drivers.sim.faults import FaultyWorld
from tests.drivers.rig import SETTINGS


@pytest.fixture
def world() -> Iterator[FaultyWorld]:
    world = FaultyWorld(SETTINGS, VirtualClock())
    world.attach()
    yield world
    world.detach()


def test_the_display_answers_and_shows_nothing_of_it(world: FaultyWorld) -> None:
    ram = [bytes(page) for page in world.controller.ram]
    assert scan(1) == BusLook(1, BusState.OPEN, (0x3C,))
    assert [bytes(page) for page in world.controller.ram] == ram
    assert world.controller.unknown == []


def test_every_address_that_answers_is_found(world: FaultyWorld) -> None:
    for address in (0x08, 0x36, 0x50, 0x77):
        world.bus.devices[address] = world.controller
    assert scan(1).addresses == (0x08, 0x36, 0x3C, 0x50, 0x77)


def test_an_empty_bus_is_open(world: FaultyWorld) -> None:
    world.unplug_display()
    assert scan(1) == BusLook(1, BusState.OPEN, ())


def test_a_missing_bus(world: FaultyWorld) -> None:
    world.bus.present = False
    assert scan(1) == BusLook(1, BusState.MISSING)


def test_a_bus_that_may_not_be_opened(world: FaultyWorld) -> None:
    world.bus.permitted = False
    assert scan(1) == BusLook(1, BusState.FORBIDDEN)


def test_a_bus_with_a_wire_on_ground_is_asked_once() -> None:
    world = FaultyWorld(SETTINGS, VirtualClock())
    world.hold_bus()
    world.attach()
    try:
        assert scan(1) == BusLook(1, BusState.HELD)
    finally:
        world.detach()
