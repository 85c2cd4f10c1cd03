"""What a round trip costs: processor time one after the other, and waiting times under load."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import quantiles

from tests.bench.cpu import cpu_seconds
from tests.bench.server.people import Client, Person
from tests.bench.server.stage import Side, Stage


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time for each round trip: the program's, the database server's."""

    program: float
    database: float

    @property
    def total(self) -> float:
        """All server processes together."""
        return self.program + self.database


def cost(stage: Stage, side: Side, people: Sequence[Person], trips: int) -> Cost:
    """Make `trips` round trips one after the other, over one connection."""
    client = Client(side.port)
    program, database = cpu_seconds(side.pid), stage.database_cpu()
    for trip in range(trips):
        client.round_trip(people[trip % len(people)])
    program, database = cpu_seconds(side.pid) - program, stage.database_cpu() - database
    client.close()
    return Cost(1000 * program / trips, 1000 * database / trips)


def under_load(side: Side, people: Sequence[Person], clients: int, trips: int) -> list[float]:
    """Let several clients make `trips` round trips each, side by side; returns all seconds."""

    def work(own: Sequence[Person]) -> list[float]:
        client = Client(side.port)
        taken = [client.round_trip(own[trip % len(own)]) for trip in range(trips)]
        client.close()
        return taken

    shares = [people[number::clients] for number in range(clients)]
    with ThreadPoolExecutor(clients) as pool:
        return [seconds for taken in pool.map(work, shares) for seconds in taken]


def percentile(seconds: Sequence[float], percent: int) -> float:
    """Return a percentile, in milliseconds."""
    return 1000 * quantiles(seconds, n=100)[percent - 1]
