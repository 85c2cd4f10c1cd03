"""The debounce and the one-key rule, on samples alone."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.debounce import CLOSED_SPAN, OPEN_SPAN, Debounce
from drivers.events import KeyDown, KeyEvent, KeysRefused, KeysStuck, KeyUp

MILLISECOND = 0.001
Moves = list[tuple[float, bool]]


def after_power_on() -> Debounce:
    debounce = Debounce()
    feed(debounce, [(-100, ""), (-80, ""), (-60, "")])
    return debounce


def feed(debounce: Debounce, samples: list[tuple[float, str]]) -> list[KeyEvent]:
    """Give samples of (milliseconds, closed keys)."""
    return [
        event
        for time, keys in samples
        for event in debounce.sample(time * MILLISECOND, frozenset(keys))
    ]


def steady(start: int, end: int, keys: str) -> list[tuple[float, str]]:
    return [(time, keys) for time in range(start, end, 2)]


@st.composite
def chatter(draw: st.DrawFn, start: float, longest: float, closing: bool) -> Moves:
    """Contact movements from `start` that settle within `longest` milliseconds."""
    count = 2 * draw(st.integers(0, 4))
    times = sorted(draw(st.lists(st.floats(0, longest), min_size=count, max_size=count)))
    return [(start, closing)] + [
        (start + time, closing if number % 2 else not closing) for number, time in enumerate(times)
    ]


def sample_times(seed: int, end: float, shortest: float, longest: float) -> list[float]:
    chance = random.Random(seed)
    times, now = [], 0.0
    while now < end:
        times.append(now)
        now += chance.uniform(shortest, longest)
    return times


seeds = st.integers(0, 2**32)


def sampled(moves: Moves, times: list[float]) -> list[tuple[float, str]]:
    moves = sorted(moves, key=lambda move: move[0])
    samples = []
    at, closed = 0, False
    for time in times:
        while at < len(moves) and moves[at][0] <= time:
            closed = moves[at][1]
            at += 1
        samples.append((time, "5" if closed else ""))
    return samples


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_chatter_of_up_to_20_ms_never_types_twice_however_irregular_the_samples(
    data: st.DataObject,
) -> None:
    hold = data.draw(st.floats(45, 200))
    moves = data.draw(chatter(10, 20, True)) + data.draw(chatter(10 + hold, 20, False))
    times = sample_times(data.draw(seeds), hold + 100, 0.1, data.draw(st.floats(0.2, 20)))
    events = feed(after_power_on(), sampled(moves, times))
    assert [type(event) for event in events] in ([], [KeyDown, KeyUp])


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_presses_closed_and_open_for_25_ms_with_5_ms_of_chatter_are_all_typed(
    data: st.DataObject,
) -> None:
    moves: Moves = []
    now = 10.0
    presses = data.draw(st.integers(1, 8))
    for _ in range(presses):
        for closing in (True, False):
            moves += data.draw(chatter(now, 5, closing))
            now += data.draw(st.floats(25, 40))
    times = sample_times(data.draw(seeds), now + 50, 1, 4)
    events = feed(after_power_on(), sampled(moves, times))
    assert [type(event) for event in events] == [KeyDown, KeyUp] * presses


@pytest.mark.parametrize("closing", [True, False])
def test_no_single_bounce_within_20_ms_types_twice(closing: bool) -> None:
    """Every bounce there is, on a grid: the contact leaves at `first` and is back at `last`."""
    start, times = 10 if closing else 60, [quarter / 4 for quarter in range(4 * 120)]
    for first, last in itertools.combinations(range(21), 2):
        bounce = [(start + first, not closing), (start + last, closing)]
        moves = [(10.0, True), (60.0, False), *bounce]
        events = feed(after_power_on(), sampled(sorted(moves), times))
        assert [type(event) for event in events] == [KeyDown, KeyUp]


def test_a_spike_seen_in_one_sample_types_nothing() -> None:
    assert feed(after_power_on(), [(0, ""), (2, "5"), *steady(4, 60, "")]) == []


def test_a_key_that_stays_down_is_typed_once() -> None:
    assert feed(after_power_on(), steady(0, 5000, "5")) == [KeyDown("5")]


def test_two_keys_at_once_type_nothing_until_all_are_open() -> None:
    debounce = after_power_on()
    events = feed(debounce, [*steady(0, 50, "12"), *steady(50, 100, "2"), *steady(100, 130, "")])
    assert events == [KeysRefused(frozenset("12"))]
    assert feed(debounce, steady(130, 160, "2")) == [KeyDown("2")]


def test_a_second_key_ends_the_first_and_is_not_typed() -> None:
    events = feed(
        after_power_on(),
        [*steady(0, 40, "1"), *steady(40, 80, "12"), *steady(80, 120, "2"), *steady(120, 150, "")],
    )
    assert events == [KeyDown("1"), KeyUp("1"), KeysRefused(frozenset("12"))]


def test_another_key_without_an_opening_between_is_refused() -> None:
    events = feed(after_power_on(), [*steady(0, 40, "1"), *steady(40, 90, "2")])
    assert events == [KeyDown("1"), KeyUp("1"), KeysRefused(frozenset("2"))]


def test_a_bounce_to_a_second_key_during_chatter_refuses_the_stroke() -> None:
    assert feed(after_power_on(), [(0, "1"), (2, "12"), *steady(4, 60, "1")]) == [
        KeysRefused(frozenset("12"))
    ]


def test_a_key_held_at_power_on_is_reported_and_ignored_until_it_opens() -> None:
    debounce = Debounce()
    assert feed(debounce, steady(0, 500, "5")) == [KeysStuck(frozenset("5"))]
    assert feed(debounce, [*steady(500, 540, ""), *steady(540, 580, "5")]) == [KeyDown("5")]


def test_a_stuck_key_that_chatters_stays_stuck() -> None:
    debounce = Debounce()
    samples = [*steady(0, 100, "5"), (100, ""), (104, ""), *steady(106, 200, "5")]
    assert feed(debounce, samples) == [KeysStuck(frozenset("5"))]


def test_other_keys_type_beside_a_stuck_one() -> None:
    debounce = Debounce()
    feed(debounce, steady(0, 100, "5"))
    events = feed(debounce, [*steady(100, 150, "51"), *steady(150, 200, "5")])
    assert events == [KeyDown("1"), KeyUp("1")]


def test_beside_two_stuck_keys_nothing_is_typed() -> None:
    """A noisy column: low at power-on but for one key, then low all over."""
    debounce = Debounce()
    feed(debounce, steady(0, 100, "147"))
    assert feed(debounce, [(100, "147*"), (111, "147*"), (122, "147*")]) == [
        KeysRefused(frozenset("*"))
    ]


def test_it_says_when_a_sample_settles_something_although_nothing_moves() -> None:
    debounce = Debounce()
    feed(debounce, [(0, "")])
    assert debounce.settles() == pytest.approx(CLOSED_SPAN, abs=1e-5)
    feed(debounce, [(11, "")])
    assert debounce.settles() is None
    feed(debounce, [(20, "1")])
    assert debounce.settles() == pytest.approx(0.020 + CLOSED_SPAN, abs=1e-5)
    assert feed(debounce, [(31, "1")]) == [KeyDown("1")]
    assert debounce.settles() is None
    feed(debounce, [(40, "")])
    assert debounce.settles() == pytest.approx(0.040 + OPEN_SPAN, abs=1e-5)
    assert feed(debounce, [(51, "")]) == [KeyUp("1")]
    assert debounce.settles() is None


def test_a_sample_at_that_time_does_settle_it() -> None:
    """Whatever the clock's digits are: else it would be asked for again and again."""
    chance = random.Random(1)
    for _ in range(2000):
        debounce = Debounce()
        now = chance.uniform(0, 1e6)
        debounce.sample(now, frozenset())
        for keys in ("", "1", "1", "", ""):
            now = debounce.settles() or now + chance.uniform(0, 1)
            debounce.sample(now, frozenset(keys))
        assert debounce.settles() is None


def test_a_stuck_key_that_is_opening_asks_for_a_last_sample() -> None:
    debounce = Debounce()
    feed(debounce, [*steady(0, 400, "5"), (400, "")])
    assert debounce.settles() == pytest.approx(0.400 + OPEN_SPAN, abs=1e-5)
    debounce.stir()
    feed(debounce, [(405, ""), (412, "")])
    assert debounce.stuck == {"5"}
    feed(debounce, [(416, "")])
    assert debounce.stuck == frozenset()


def test_a_movement_between_two_samples_begins_the_closed_span_anew() -> None:
    debounce = after_power_on()
    feed(debounce, [(0, "5"), (8, "5")])
    debounce.stir()
    assert feed(debounce, [(9, "5"), (18, "5")]) == []
    assert feed(debounce, [(20, "5")]) == [KeyDown("5")]


def test_the_two_spans_together_outlast_the_longest_chatter() -> None:
    assert CLOSED_SPAN + OPEN_SPAN > 20 * MILLISECOND
