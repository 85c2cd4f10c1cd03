"""`python -m tests.bench.server.growth PICTURE.svg [sqlite] [postgresql]`: what a round trip costs
as the database grows.

One database is filled step by step (CARDS and ten logins for each, from the environment), and the
same round trips are measured at each step, by people drawn from all there are; the least of TURNS.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import Figure
from tests.bench.server.chart import chart
from tests.bench.server.filling import fill, settle
from tests.bench.server.measuring import Cost, cost, under_load
from tests.bench.server.people import Person
from tests.bench.server.stage import BACKENDS, Side, Stage, stage

CARDS = tuple(int(text) for text in os.environ.get("CARDS", "1000,10000").split(","))
LOGINS_A_CARD = int(os.environ.get("LOGINS_A_CARD", "10"))
TRIPS = int(os.environ.get("TRIPS", "100"))
TURNS = int(os.environ.get("TURNS", "8"))
WORKERS, WARM, DRAWN = 2, 4, 200


@dataclass(frozen=True)
class Step:
    """What was measured at one size."""

    cards: int
    logins: int
    milliseconds: float


def curve(backend: str, folder: Path) -> Iterator[Step]:
    """Fill and measure, size by size."""
    random.seed(6287)
    counters: dict[int, Person] = {}
    with stage(backend, folder) as made:
        so_far = 0
        for cards in CARDS:
            people = range(so_far + 1, cards + 1)
            past = range(so_far * LOGINS_A_CARD, cards * LOGINS_A_CARD)
            fill(made.verifier, people, past)
            settle(made.verifier)
            so_far = cards
            numbers = random.sample(range(1, cards + 1), min(cards, DRAWN))
            drawn = [counters.setdefault(number, Person(number)) for number in numbers]
            with made.serving(WORKERS) as side:
                milliseconds = min(each.total for each in _costs(made, side, drawn))
            yield Step(cards, cards * LOGINS_A_CARD, milliseconds)


def _costs(made: Stage, side: Side, drawn: list[Person]) -> Iterator[Cost]:
    under_load(side, drawn, WARM, DRAWN // WARM)
    for _ in range(TURNS):
        yield cost(made, side, drawn, TRIPS)


def main(picture: str, backends: list[str]) -> int:
    """Print the figures as they are measured, and draw them."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for backend in backends or BACKENDS:
        points = curves.setdefault(backend, [])
        with tempfile.TemporaryDirectory() as folder:
            for step in curve(backend, Path(folder)):
                points.append((step.cards, step.milliseconds))
                name = f"{backend}, {step.cards:,} cards, {step.logins:,} past logins: CPU"
                figure = Figure(name, step.milliseconds, "ms")
                print(f"{figure.name:<64} {figure.value:>8.2f} {figure.unit}", flush=True)
    Path(picture).write_text(chart(curves, LOGINS_A_CARD))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
