"""The battery's policy, and a card on a simulated battery from full to halted."""

import logging
from collections.abc import Callable, Iterator

import pytest

from device.keystore import FileKeyStore
from device.power import CHARGING, PERIOD, Battery, BatteryWatch, Limits, judge
from device.settings import Settings, parse
from device.simulated import SimulatedCard
from drivers.battery import Reading
from drivers.sim.battery import SimBattery

LIMITS = Limits(warn=20, critical=5, hysteresis=3)


def levels(*readings: tuple[float, bool | None]) -> list[str]:
    battery, found = Battery(), []
    for percent, charging in readings:
        battery = judge(battery, Reading(percent, 3.7, charging), LIMITS)
        found.append(battery.level.value)
    return found


def test_levels_by_percent() -> None:
    assert levels((100, False), (20, False), (19.9, False)) == ["good", "good", "low"]
    assert levels((5, False), (4.9, False)) == ["low", "critical"]


def test_a_level_is_left_only_well_above_where_it_was_entered() -> None:
    assert levels((19, False), (22.9, False), (23, False)) == ["low", "low", "good"]
    assert levels((4, False), (7.9, False), (8, False)) == ["critical", "critical", "low"]
    assert levels((4, False), (22, False)) == ["critical", "low"]


def test_what_is_charged_is_never_critical_and_not_known_is_not_charged() -> None:
    assert levels((1, True), (1, False)) == ["low", "critical"]
    assert levels((1, None)) == ["critical"]


@pytest.mark.parametrize(
    ("percent", "mark"),
    [(100, "█"), (80, "█"), (79, "▆"), (55, "▆"), (30, "▄"), (29, "▂"), (10, "▂"), (9, "▯")],
)
def test_the_mark_has_a_bar_for_each_part(percent: float, mark: str) -> None:
    assert judge(Battery(), Reading(percent, 3.7, False), LIMITS).mark == mark
    assert judge(Battery(), Reading(percent, 3.7, True), LIMITS).mark == CHARGING


def test_without_a_gauge_nothing_is_asked_and_nothing_is_due() -> None:
    watch = BatteryWatch(None, LIMITS)
    assert watch.due() is None
    assert watch.look(0.0, at_once=True) is None


Powered = Callable[..., tuple[SimulatedCard, SimBattery]]


@pytest.fixture
def halts() -> list[float]:
    return []


@pytest.fixture(params=["max17048", "pisugar"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return parse({"battery": {"gauge": request.param}}, "test")


@pytest.fixture
def powered(
    store: FileKeyStore, settings: Settings, halts: list[float]
) -> Iterator[Callable[[], tuple[SimulatedCard, SimBattery]]]:
    cards: list[SimulatedCard] = []

    def on() -> tuple[SimulatedCard, SimBattery]:
        card = SimulatedCard(settings, store, halt=lambda: halts.append(card.clock.now()))
        cards.append(card)
        assert card.world.battery is not None
        return card, card.world.battery

    yield on
    for card in cards:
        card.close()


def test_the_mark_shows_through_a_whole_login(powered: Powered) -> None:
    card, battery = powered()
    card.press()
    assert card.lines() == ["█", "PIN>", "_"]
    card.type("7305#248690#")
    assert card.lines() == ["█", "3201 7761"]
    card.off()
    battery.percent = 40
    card.press()
    assert card.lines()[0] == "▄"


def test_a_low_battery_warns_and_works(powered: Powered, store: FileKeyStore) -> None:
    card, battery = powered()
    battery.percent = 12
    card.press()
    assert card.lines() == ["▂", "LOW", "PIN>", "_"]
    card.type("7305#248690#")
    assert card.lines() == ["▂", "3201 7761"]
    assert store.load("A").counter == 1


def test_under_the_critical_level_no_login_starts_and_no_counter_moves(
    powered: Powered, store: FileKeyStore, halts: list[float]
) -> None:
    card, battery = powered()
    before = (store.directory / "slot-A").read_bytes()
    battery.percent = 4
    card.press()  # the gauge is asked at the press, not up to a minute before
    assert card.lines() == ["E11", "BATTERY EMPTY"]
    card.type("7305#")
    card.press()
    assert card.lines() == ["E11", "BATTERY EMPTY"]
    assert (store.directory / "slot-A").read_bytes() == before
    assert halts != []  # OK put the glass out: a halt is asked for then


def test_a_card_that_is_spent_says_so_and_then_halts(powered: Powered, halts: list[float]) -> None:
    card, battery = powered()
    battery.percent = 4
    card.run(PERIOD)
    assert card.lines() == ["E11", "BATTERY EMPTY"]
    assert halts == []
    card.run(31)
    assert card.lines() == []
    assert len(halts) == 1
    card.run(2 * PERIOD)  # still there: it is asked for again
    assert len(halts) == 3


def test_a_login_that_has_begun_is_finished_before_the_halt(
    powered: Powered, store: FileKeyStore, halts: list[float]
) -> None:
    card, battery = powered()
    card.press()
    battery.percent = 4
    for digit in "730":  # slowly: the gauge is asked again in the midst of it
        card.type(digit)
        card.run(25)
    card.type("5#248690#")
    assert card.lines()[-1] == "3201 7761"
    assert card.lines()[0] == "▯"
    assert halts == []
    card.off()
    assert len(halts) == 1


def test_a_charger_brings_the_card_back(powered: Powered, halts: list[float]) -> None:
    card, battery = powered()
    battery.percent = 4
    card.press()
    battery.charging = True
    card.run(PERIOD)
    assert halts != []
    halts.clear()
    card.press()
    assert card.lines() == [CHARGING, "LOW", "PIN>", "_"]
    card.off()
    assert halts == []


def test_a_gauge_that_falls_silent_takes_nothing_but_the_mark(
    powered: Powered, store: FileKeyStore, caplog: pytest.LogCaptureFixture
) -> None:
    card, battery = powered()
    del card.world.bus.devices[battery.address]
    with caplog.at_level(logging.ERROR):
        card.run(5 * PERIOD)
        card.press()
    assert card.lines() == ["PIN>", "_"]
    assert len(caplog.records) == 1
    card.type("7305#248690#")
    assert store.load("A").counter == 1


def test_without_a_gauge_none_of_this_shows(store: FileKeyStore) -> None:
    card = SimulatedCard(parse({}, "defaults"), store)
    card.run(1)
    card.world.bus.reset()
    card.run(10 * PERIOD)
    assert card.world.bus.transactions == 0
    card.press()
    assert card.lines() == ["PIN>", "_"]
    assert card.firmware.turn() is not None
    card.close()


def test_a_sleeping_card_wakes_once_a_minute_for_its_gauge(powered: Powered) -> None:
    card, _ = powered()
    card.run(1)
    card.world.bus.reset()
    due = card.firmware.turn()
    assert due is not None
    assert due - card.clock.now() <= PERIOD
    turns = 0
    end = card.clock.now() + 10 * PERIOD
    while card.clock.now() < end:
        due = card.firmware.turn()
        turns += 1
        assert due is not None
        card.clock.advance_to(due)
    assert turns <= 11
