"""`python -m tests.bench.server [sqlite] [postgresql]`: a name, a value, a unit, one line each.

TRIPS (round trips for each turn), TURNS and CLIENTS are taken from the environment.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench import Figure, Figures
from tests.bench.server.filling import fill, settle
from tests.bench.server.measuring import Turn, percentile, turn, under_load
from tests.bench.server.people import Person
from tests.bench.server.stage import BACKENDS, Side, stage

TRIPS = int(os.environ.get("TRIPS", "100"))
TURNS = int(os.environ.get("TURNS", "9"))
CLIENTS = int(os.environ.get("CLIENTS", "8"))
WORKERS, PEOPLE, WARM = 2, 64, 200


def figures(backend: str) -> Figures:
    """The two sides take turns, so that both see the same machine; medians of the turns."""
    with tempfile.TemporaryDirectory() as folder, stage(backend, Path(folder)) as made:
        fill(made.verifier, range(1, PEOPLE + 1), range(0))
        settle(made.verifier)
        theirs = {
            name: [Person(number) for number in range(1, PEOPLE + 1)]
            for name in ("verifier", "floor")
        }
        with made.serving(WORKERS) as verifier, made.floor(WORKERS, theirs["floor"]) as floor:
            sides: tuple[Side, ...] = (verifier, floor)
            for side in sides:
                under_load(side, theirs[side.name], 4, WARM // 4)
            for clients in (1, CLIENTS):
                turns: dict[str, list[Turn]] = {side.name: [] for side in sides}
                for _ in range(TURNS):
                    for side in sides:
                        turns[side.name].append(turn(made, side, theirs[side.name], clients, TRIPS))
                yield from _told(backend, clients, turns)


def _told(backend: str, clients: int, turns: dict[str, list[Turn]]) -> Figures:
    how = backend if clients == 1 else f"{backend}, {clients} clients"
    for name, taken in turns.items():
        costs = [each.cost for each in taken]
        yield Figure(f"{how}, {name}: CPU", median(each.total for each in costs), "ms")
        if backend == "postgresql":
            yield Figure(
                f"{how}, {name}: of it the program", median(each.program for each in costs), "ms"
            )
    pairs = zip(turns["verifier"], turns["floor"], strict=True)
    ratio = median(ours.cost.total / floors.cost.total for ours, floors in pairs)
    yield Figure(f"{how}, verifier / floor: CPU", ratio, "ratio")
    for name, taken in turns.items():
        seconds = [one for each in taken for one in each.seconds]
        for percent in (50, 99):
            yield Figure(f"{how}, {name}: p{percent}", percentile(seconds, percent), "ms")


def main(names: list[str]) -> int:
    """Print the figures of each database as they are measured."""
    unknown = [name for name in names if name not in BACKENDS]
    if unknown:
        print(f"no such database: {unknown[0]}; there are {', '.join(BACKENDS)}", file=sys.stderr)
        return 2
    for name in names or BACKENDS:
        for figure in figures(name):
            print(f"{figure.name:<58} {figure.value:>12.2f} {figure.unit}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
