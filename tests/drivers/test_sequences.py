"""Buttons that must be pressed: random sequences at pin level, each from its seed.

`make test-keys SEQUENCES=10000` runs many; a failure names its seed. The promise: nothing is typed
that was not pressed, and single presses that are closed and open for at least 25 ms each, 5 ms of
it chatter, are all typed, in their order, once.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from drivers.events import KeysStuck
from drivers.settings import PadLayout
from tests.drivers.bench_pad import BenchPad
from tests.drivers.rig import PAD_3X4, PAD_4X4

SEQUENCES = int(os.environ.get("SEQUENCES") or 400)
SHORTEST = 0.025
PADS = (PAD_4X4, PAD_3X4, PadLayout((26, 4, 17, 27), (22, 10, 9, 11), PAD_4X4.keys))


def pad(seed: int, **more: tuple[int, ...]) -> BenchPad:
    return BenchPad(PADS[seed % len(PADS)], seed, **more)


def some_keys(bench: BenchPad, count: int, without: str = "") -> list[str]:
    keys = [key for key in "".join(bench.layout.keys) if key not in without]
    return [bench.chance.choice(keys) for _ in range(count)]


def press_all(
    bench: BenchPad, keys: list[str], hold: float = SHORTEST, chatter: float = 0.005
) -> float:
    """Press keys as fast as is allowed, or slower; return when the last is up and quiet."""
    at = bench.clock.now() + bench.chance.uniform(0, 0.02)
    for key in keys:
        held = hold + bench.chance.choice((0, bench.chance.uniform(0, 0.05)))
        bounce = bench.chance.uniform(0, chatter)
        bench.press(key, at, held, bounce)
        at += held + max(SHORTEST, bounce) + bench.chance.choice((0, bench.chance.uniform(0, 0.05)))
    return at


def finish(bench: BenchPad, at: float) -> None:
    bench.run(at - bench.clock.now() + 0.1)


def fast_presses(seed: int) -> None:
    """Closed and open for 25 ms each, chatter of up to 5 ms: all typed."""
    bench = pad(seed)
    bench.power_on()
    keys = some_keys(bench, 12)
    finish(bench, press_all(bench, keys))
    assert bench.typed == "".join(keys)


def long_chatter(seed: int) -> None:
    """Contacts that bounce for up to 20 ms: each press once."""
    bench = pad(seed)
    bench.power_on()
    keys = some_keys(bench, 8)
    finish(bench, press_all(bench, keys, hold=0.05, chatter=0.02) + 0.05)
    typed, rest = bench.typed, "".join(keys)
    # Open for too short a time, two presses of one key may count as one; never one as two.
    for key in typed:
        assert key in rest, f"{typed} of {keys}"
        rest = rest[rest.index(key) + 1 :]


def thirty_a_second(seed: int) -> None:
    """A third of what is promised for is gone: some may be lost, none is invented or swapped."""
    bench = pad(seed)
    bench.power_on()
    keys = some_keys(bench, 15)
    at = bench.clock.now()
    for key in keys:
        bench.press(key, at, 1 / 60, bench.chance.uniform(0, 0.005))
        at += 1 / 30
    finish(bench, at)
    rest = iter(keys)
    assert all(key in rest for key in bench.typed), f"{bench.typed} of {keys}"


def stuck_at_power_on(seed: int) -> None:
    """What is down at power-on types nothing, whatever it does to the others."""
    bench = pad(seed)
    stuck = set(some_keys(bench, bench.chance.randint(1, 2)))
    for key in stuck:
        bench.close(key)
    bench.power_on()
    reported = [event.keys for event in bench.events if isinstance(event, KeysStuck)]
    assert len(reported) == 1
    assert stuck <= reported[0]
    keys = some_keys(bench, 6, without="".join(reported[0]))
    finish(bench, press_all(bench, keys, hold=0.05))
    rest = iter(keys)
    assert all(key in rest for key in bench.typed), f"{bench.typed} of {keys} beside {stuck}"


def ghosts(seed: int) -> None:
    """Three or four corners of a rectangle at once: nothing, until all are up."""
    bench = pad(seed)
    bench.power_on()
    rows, columns = len(bench.layout.rows), len(bench.layout.columns)
    one, other = bench.chance.sample(range(rows), 2)
    left, right = bench.chance.sample(range(columns), 2)
    corners = [bench.layout.keys[row][column] for row in (one, other) for column in (left, right)]
    bench.chance.shuffle(corners)
    now = bench.clock.now()
    for key in corners[: bench.chance.randint(3, 4)]:
        at = now + bench.chance.uniform(0, 0.005)
        bench.press(key, at, bench.chance.uniform(0.03, 0.2), bench.chance.uniform(0, 0.003))
    finish(bench, now + 0.25)
    assert len(bench.typed) <= 1, "at most the one that was left over or first"
    assert set(bench.typed) <= set(corners)
    before = bench.typed
    finish(bench, press_all(bench, [corners[3]]))
    assert bench.typed == before + corners[3]


def two_at_once(seed: int) -> None:
    """Overlapping presses: only what was alone for long enough may be typed, in its order."""
    bench = pad(seed)
    bench.power_on()
    keys = some_keys(bench, 8)
    at = bench.clock.now()
    for key in keys:
        bench.press(key, at, bench.chance.uniform(0.02, 0.1), bench.chance.uniform(0, 0.005))
        at += bench.chance.uniform(0, 0.06)
    finish(bench, at + 0.2)
    rest = iter(keys)
    assert all(key in rest for key in bench.typed), f"{bench.typed} of {keys}"


def bad_contact(seed: int) -> None:
    """A contact that closes by itself for moments types nothing; the others at most themselves."""
    bench = pad(seed)
    bad = some_keys(bench, 1)[0]
    bench.power_on()
    begin = bench.clock.now()
    bench.bad_contact(bad, begin, begin + 1)
    keys = some_keys(bench, 5, without=bad)
    finish(bench, max(begin + 1, press_all(bench, keys, hold=0.06)))
    rest = iter(keys)
    assert all(key in rest for key in bench.typed), f"{bench.typed} of {keys}, {bad} is bad"


def noisy_line(seed: int) -> None:
    """Pulses on a row or a column, also on one whose pull is missing."""
    bench = pad(seed)
    line = bench.chance.choice((*bench.layout.rows, *bench.layout.columns))
    if bench.chance.random() < 0.5:
        bench.circuit.without_pull.add(line)
    if bench.chance.random() < 0.5:
        bench.noise(line, 0, 0.05)
    bench.power_on()
    begin = bench.clock.now()
    bench.noise(line, begin, begin + 1)
    keys = some_keys(bench, bench.chance.choice((0, 5)))
    finish(bench, max(begin + 1, press_all(bench, keys, hold=0.06)))
    rest = iter(keys)
    assert all(key in rest for key in bench.typed), f"{bench.typed} of {keys}, {line} is noisy"


def floating_line(seed: int) -> None:
    """A line without pull keeps its charge: presses are typed or lost, nothing else is."""
    bench = pad(seed)
    line = bench.chance.choice((*bench.layout.rows, *bench.layout.columns))
    bench.circuit.without_pull.add(line)
    bench.power_on()
    keys = some_keys(bench, 8)
    finish(bench, press_all(bench, keys, hold=0.04))
    rest = iter(keys)
    assert all(key in rest for key in bench.typed), f"{bench.typed} of {keys}, {line} floats"


SCENARIOS: tuple[Callable[[int], None], ...] = (
    fast_presses,
    long_chatter,
    thirty_a_second,
    stuck_at_power_on,
    ghosts,
    two_at_once,
    bad_contact,
    noisy_line,
    floating_line,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_nothing_is_typed_that_was_not_pressed(scenario: Callable[[int], None]) -> None:
    for seed in range(-(-SEQUENCES // len(SCENARIOS))):
        try:
            scenario(seed)
        except AssertionError as error:
            raise AssertionError(f"{scenario.__name__}, seed {seed}: {error}") from error
