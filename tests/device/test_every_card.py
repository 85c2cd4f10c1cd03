"""Every card that can be built, through whole key scripts, and what it costs while nothing happens.

Pads of 4x4 and 3x4, any pins, a press button to ground or to the supply, one to four slots.
"""

import io
import itertools
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from device.keystore import FileKeyStore
from device.loop import Firmware, run
from device.play import play
from device.screens import grouped
from device.script import parse as script
from device.settings import Settings, parse
from device.simulated import SimulatedCard
from device.wake import Waker
from drivers.board import Mode, open_board
from drivers.sim.clock import VirtualClock
from drivers.sim.world import SimWorld
from protocol.ocra import DEFAULT_SUITE, response
from tests.device.conftest import card_key

SLOTS = "ABCD"
PADS = {
    "4x4": ["123A", "456B", "789C", "*0#D"],
    "4x4 printed otherwise": ["D#0*", "C987", "B654", "A321"],
    "3x4": ["123", "456", "789", "*0#"],
}
# Rows, columns and press: as in the manual, shuffled, and with the pins of other buses.
PINS = {
    "usual": ((5, 6, 13, 19), (12, 16, 20, 21), 26),
    "shuffled": ((21, 4, 27, 18), (23, 6, 17, 5), 22),
    "of SPI and UART": ((7, 8, 9, 10), (11, 14, 15, 24), 25),
}
CARDS = list(itertools.product(PADS, PINS, (True, False)))


def settings_for(pad: str, pins: str, active_low: bool) -> Settings:
    rows, columns, press = PINS[pins]
    keys = PADS[pad]
    keypad = {"rows": list(rows), "columns": list(columns[: len(keys[0])]), "keys": keys}
    return parse({"keypad": keypad, "press": {"pin": press, "active_low": active_low}}, "test")


def key_of(slot: str) -> bytes:
    return slot.encode() * 32


def expected(slot: str, counter: int) -> str:
    return grouped(
        response(DEFAULT_SUITE, key_of(slot), question="248690", counter=counter, pin="7305")
    )


@pytest.mark.parametrize("slots", [1, 2, 3, 4])
@pytest.mark.parametrize("card", CARDS, ids=lambda card: "-".join(map(str, card)))
def test_a_card_logs_in_with_each_of_its_keys(
    card: tuple[str, str, bool], slots: int, tmp_path: Path
) -> None:
    store = FileKeyStore(tmp_path / "store")
    for slot in SLOTS[:slots]:
        store.add(slot, card_key(key=key_of(slot)))
    simulated = SimulatedCard(settings_for(*card), store, seed=slots)
    # A pad without letters has the first key only; a card with one key needs no choice.
    letters = [slot for slot in SLOTS[:slots] if slots > 1 and simulated.has(slot)] or ["A"]
    for slot in letters:
        choice = f"{slot}\n" if len(letters) > 1 else ""
        show = f"press\n{choice}7305\nok\n248690\nok\nexpect {expected(slot, 0)}\n"
        play(simulated, script(f"{show}clear\nexpect (dark)".splitlines(), "test"), io.StringIO())
    assert [store.load(slot).counter for slot in letters] == [1] * len(letters)
    simulated.close()
    assert simulated.world.shorts == []


class VirtualWaker(Waker):
    """Sleeps on a virtual clock, and counts: the loop above it is the real one."""

    def __init__(self, clock: VirtualClock, end: float) -> None:
        super().__init__()
        self._clock = clock
        self._end = end
        self._set = False
        self.times: list[float] = []

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def wait(self, until: float | None, clock: Callable[[], float]) -> None:
        """Let time go by until something wakes the card."""
        due = math.inf if until is None else until
        while not self._set and self._clock.now() < min(due, self._end):
            following = self._clock.next_event()
            ahead = min(due, self._end, math.inf if following is None else following)
            self._clock.advance_to(max(ahead, self._clock.now()))
        self.wakes += 1
        self.times.append(self._clock.now())


@pytest.fixture
def bench(store: FileKeyStore) -> Callable[..., tuple[VirtualWaker, SimWorld]]:
    def run_until(
        end: float, prepare: Callable[[SimWorld], object] = lambda world: None
    ) -> tuple[VirtualWaker, SimWorld]:
        settings = parse({}, "test")
        clock = VirtualClock()
        world, waker = SimWorld(settings.board, clock), VirtualWaker(clock, end)
        board = open_board(settings.board, Mode.SIM, clock=clock, wake=waker.set, world=world)
        firmware = Firmware(board, store, settings, clock=clock, halt=lambda: None)
        prepare(world)
        # The pins are given back at the end; what counts is what was done until then.
        clock.at(end - 0.001, lambda: operations.append(world.pins.total))
        operations: list[int] = []
        run(firmware, waker, clock, lambda: clock.now() >= end)
        world.pins.reset()
        world.pins.read = operations[0]
        waker.close()
        return waker, world

    return run_until


def within(waker: VirtualWaker, begin: float, end: float) -> int:
    return sum(begin < time < end for time in waker.times)


def test_a_sleeping_card_wakes_for_nothing_and_touches_no_pin(
    bench: Callable[..., tuple[VirtualWaker, SimWorld]],
) -> None:
    _, early = bench(1)
    waker, late = bench(24 * 3600)
    assert within(waker, 1, 24 * 3600) == 0
    assert late.pins.total == early.pins.total


def test_a_card_that_waits_for_a_key_wakes_to_dim_and_to_go_off_and_touches_no_pin(
    bench: Callable[..., tuple[VirtualWaker, SimWorld]],
) -> None:
    def press(world: SimWorld) -> None:
        world.hold_press(0.7, at=0.1)

    waker, before = bench(1.2, press)
    waker, after = bench(60, press)
    assert after.pins.total == before.pins.total
    assert within(waker, 1.2, 29) == 1, "it dims"
    assert within(waker, 29, 60) == 1, "it goes off"


def test_a_key_that_is_held_costs_one_wake_up_a_second(
    bench: Callable[..., tuple[VirtualWaker, SimWorld]],
) -> None:
    waker, _ = bench(100, lambda world: world.close_key("5"))
    assert 0 < within(waker, 10, 100) <= 90 + 1


def test_a_press_button_that_is_held_costs_the_steps_of_a_hold_and_no_more(
    bench: Callable[..., tuple[VirtualWaker, SimWorld]],
) -> None:
    waker, _ = bench(100, lambda world: world.hold_press(90, at=1))
    assert within(waker, 1.2, 90) <= 5


def test_a_whole_login_wakes_the_card_a_few_times_a_key(
    bench: Callable[..., tuple[VirtualWaker, SimWorld]],
) -> None:
    keys = "7305#248690#"

    def login(world: SimWorld) -> None:
        world.hold_press(0.7, at=0.1)
        for number, key in enumerate(keys):
            world.tap(key, 0.08, at=1 + number / 3)

    waker, _ = bench(6, login)
    assert within(waker, 0.9, 6) <= 5 * len(keys)


def test_the_waker_counts_the_sleeps_that_ended() -> None:
    waker = Waker()
    for _ in range(3):
        waker.set()
        waker.wait(None, float)
    assert waker.wakes == 3
    waker.close()
