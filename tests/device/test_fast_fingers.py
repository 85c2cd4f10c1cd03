"""Fast fingers on a slow bus: a picture of 0.1 s must not hide a press of 25 ms.

The bus takes its time by the virtual clock, and contacts go on moving meanwhile.
"""

import random

import pytest

from device.keystore import FileKeyStore
from device.screens import grouped
from device.settings import parse as settings_of
from device.simulated import SimulatedCard
from drivers.events import KeyEvent
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld
from protocol.ocra import DEFAULT_SUITE, response
from tests.device.conftest import KEY

SHORTEST, CHATTER = 0.025, 0.005
SLOW, FAST = 100_000, 400_000
GLASSES = [("ssd1306", "128x64"), ("sh1106", "128x64"), ("ssd1306", "128x32"), ("sh1106", "128x32")]


def take_time(world: SimWorld, clock: VirtualClock, hertz: int) -> list[float]:
    """Let each message take as long as it does on a wire; returns how long each took."""
    write, took = world.bus.write, []

    def slow(address: int, payload: bytes) -> None:
        write(address, payload)
        seconds = ((1 + len(payload)) * 9 + 2) / hertz
        took.append(seconds)
        clock.advance_to(clock.now() + seconds)

    world.bus.write = slow  # type: ignore[method-assign]
    return took


@pytest.mark.parametrize("hertz", [SLOW, FAST])
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("glass", GLASSES, ids="-".join)
def test_a_login_typed_as_fast_as_is_promised_loses_no_key(
    store: FileKeyStore, glass: tuple[str, str], seed: int, hertz: int
) -> None:
    driver, size = glass
    settings = settings_of({"display": {"driver": driver, "size": size}}, "test")
    card = SimulatedCard(settings, store, seed=seed)
    take_time(card.world, card.clock, hertz)
    chance = random.Random(seed)
    card.press()
    at = card.clock.now() + chance.uniform(0, 0.02)
    for key in "7305#248690#":
        card.world.tap(key, SHORTEST, chance.uniform(0, CHATTER), at=at)
        at += 2 * SHORTEST
    card.run(at - card.clock.now() + 0.5)
    expected = response(DEFAULT_SUITE, KEY, question="248690", counter=0, pin="7305")
    assert card.lines() == [grouped(expected)]
    card.close()


@pytest.mark.parametrize("glass", GLASSES, ids="-".join)
def test_the_bus_never_keeps_the_keys_waiting_for_long(
    store: FileKeyStore, glass: tuple[str, str]
) -> None:
    """Looks must come less than 4.5 ms late; scanning itself takes a part of that."""
    driver, size = glass
    card = SimulatedCard(settings_of({"display": {"driver": driver, "size": size}}, "test"), store)
    took = take_time(card.world, card.clock, SLOW)
    waits: list[float] = []
    poll = card.firmware._board.keypad.poll

    def watched(now: float) -> list[KeyEvent]:
        waits.append(sum(took))
        took.clear()
        return poll(now)

    card.firmware._board.keypad.poll = watched  # type: ignore[method-assign]
    card.press()
    card.type("7305#248690#")
    assert sum(waits) > 0.05, "the bus is slow, and that is seen"
    assert max(waits) < 0.0036
    card.close()
