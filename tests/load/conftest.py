"""A served verifier with people who have cards, on SQLite or on a PostgreSQL server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bench.server.filling import fill
from tests.bench.server.people import Person
from tests.bench.server.stage import Side, Stage, stage

WORKERS = 2
PEOPLE = 400


@pytest.fixture
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Nothing is served yet: settings may still be chosen."""
    folder: Path = tmp_path_factory.mktemp("load")
    with stage(os.environ.get("DATABASE", "sqlite"), folder) as laid:
        fill(laid.verifier, range(1, PEOPLE + 1), range(0))
        yield laid


@pytest.fixture
def people() -> list[Person]:
    """They are all in the database."""
    return [Person(number) for number in range(1, PEOPLE + 1)]


@pytest.fixture
def served(made: Stage) -> Iterator[Side]:
    """Two workers, as anybody serves them."""
    with made.serving(WORKERS, log_requests="false", trusted_proxies='["127.0.0.1"]') as side:
        yield side


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a figure, whatever pytest does with what is printed."""

    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}", end="", flush=True)

    return tell
