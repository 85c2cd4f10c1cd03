"""Verifier and floor, each served on its own port, over one database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server import setup
from server.clock import SystemClock
from server.settings import Settings
from server.verifier import Verifier, open_verifier
from tests import doors
from tests.bench.cpu import cpu_seconds
from tests.bench.server import floor
from tests.bench.server.people import PASSWORD, PIN, Client, Person
from tests.bench.server.postgres import postgres

SMALLEST_HASH: dict[str, Any] = {"argon2_time": 1, "argon2_memory_kib": 8}
BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Side:
    """One of the two that are measured."""

    name: str
    port: int
    pid: int


@dataclass
class Stage:
    """A verifier in a data directory of its own, its database, and the server of that if any."""

    folder: Path
    settings: Settings
    verifier: Verifier
    postgres_pid: int | None

    @property
    def environment(self) -> dict[str, str]:
        """What the programs that are started need to know."""
        told = {f"CHALLNG_{name.upper()}": str(value) for name, value in SMALLEST_HASH.items()}
        if self.settings.database_url:
            told["CHALLNG_DATABASE_URL"] = self.settings.database_url.get_secret_value()
        return told

    def database_cpu(self) -> float:
        """Seconds of the database's own processes; none for SQLite, which has no process."""
        return cpu_seconds(self.postgres_pid) if self.postgres_pid else 0.0

    @contextmanager
    def serving(self, workers: int, **settings: object) -> Iterator[Side]:
        """Serve the verifier as it is served, by its own command."""
        told = {f"CHALLNG_{name.upper()}": str(value) for name, value in settings.items()}
        served = doors.Verifier(
            self.settings.data, workers=workers, environment=self.environment | told
        )
        served.start()
        try:
            yield Side("verifier", served.port, served.pid)
        finally:
            served.stop()

    @contextmanager
    def floor(self, workers: int, people: list[Person]) -> Iterator[Side]:
        """Serve the floor with these people, in the same database."""
        self._lay_floor(people)
        port, address = doors.free_port(), str(self.settings.data / "challng.db")
        if self.settings.database_url:
            address = self.settings.database_url.get_secret_value().replace("+psycopg", "")
        served = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.server.floor", str(port), str(workers)],
            env=os.environ | {"FLOOR_DATABASE": address},
        )
        try:
            _wait(port)
            yield Side("floor", port, served.pid)
        finally:
            served.terminate()
            served.wait(timeout=60)

    def _lay_floor(self, people: list[Person]) -> None:
        blob = "bytea" if self.settings.database_url else "blob"
        hashed = self.verifier.hasher.hash(PASSWORD)
        with self.verifier.database.writing() as connection:
            for table in floor.TABLES:
                connection.exec_driver_sql(table.format(blob=blob))
            marks = "?" if blob == "blob" else "%s"
            connection.exec_driver_sql(f"INSERT INTO floor_head VALUES (0, {marks})", (bytes(32),))
            for each in people:
                connection.exec_driver_sql(
                    f"INSERT INTO floor_users VALUES ({', '.join([marks] * 5)})",
                    (each.name, hashed, each.key, PIN, each.counter),
                )


def _wait(port: int) -> None:
    for _ in range(600):
        client = Client(port)
        try:
            if client.post("/", {})[0] == 404:
                return
        except OSError:
            time.sleep(0.05)
        except ValueError:  # an answer that is not JSON is one all the same
            return
        finally:
            client.close()
    raise RuntimeError("the floor does not answer")


@contextmanager
def stage(backend: str, folder: Path) -> Iterator[Stage]:
    """Make a verifier on SQLite or on a PostgreSQL server of its own."""
    with ExitStack() as stack:
        url, pid = None, None
        if backend == "postgresql":
            server = stack.enter_context(postgres(folder / "postgresql"))
            url, pid = server.sqlalchemy_url, server.pid
        settings = Settings(data=folder / "verifier", database_url=url, **SMALLEST_HASH)
        setup.make(settings, SystemClock(), "cli:bench")
        verifier = stack.enter_context(_opened(settings))
        yield Stage(folder, settings, verifier, pid)


@contextmanager
def _opened(settings: Settings) -> Iterator[Verifier]:
    verifier = open_verifier(settings)
    try:
        yield verifier
    finally:
        verifier.close()
