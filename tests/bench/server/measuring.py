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


@dataclass(frozen=True)
class Turn:
    """What one turn of a side cost, and the seconds that each of its round trips took."""

    cost: Cost
    seconds: list[float]


def turn(stage: Stage, side: Side, people: Sequence[Person], clients: int, trips: int) -> Turn:
    """Let clients side by side, each over one connection, make `trips` round trips in all."""
    program, database = cpu_seconds(side.pid), stage.database_cpu()
    seconds = under_load(side, people, clients, trips // clients)
    program, database = cpu_seconds(side.pid) - program, stage.database_cpu() - database
    made = len(seconds)
    return Turn(Cost(1000 * program / made, 1000 * database / made), seconds)


def cost(stage: Stage, side: Side, people: Sequence[Person], trips: int) -> Cost:
    """Make `trips` round trips one after the other."""
    return turn(stage, side, people, 1, trips).cost


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
