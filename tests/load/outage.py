"""The database gone under a load of logins: nobody gets in, and it goes on by itself.

PostgreSQL: the server is stopped. SQLite has no server to stop: another program holds the file's
write lock, as one does that hangs in the middle of a change.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests import doors
from tests.failover.crowd import ENVIRONMENT, PEOPLE, Crowd, balance, make, stop
from tests.postgres import Server, running

AWAY = float(os.environ.get("AWAY", "5"))
LOCK_WAITED_FOR = 15.0
"""Seconds that SQLite waits for a lock; only then anybody is told."""


@pytest.fixture
def server() -> Iterator[Server | None]:
    if os.environ.get("DATABASE", "sqlite") == "postgresql":
        yield from running(synchronous_commit="on")
    else:
        yield None


@contextmanager
def gone(server: Server | None, file: Path) -> Iterator[float]:
    """Take the database away; gives how many seconds it is to be away for all to notice."""
    if server is not None:
        server.stop()
        try:
            yield AWAY
        finally:
            server.start()
        return
    with closing(sqlite3.connect(file, isolation_level=None, timeout=120)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield AWAY + LOCK_WAITED_FOR
        other.execute("ROLLBACK")


def test_while_the_database_is_gone_nobody_gets_in_and_then_it_goes_on(
    server: Server | None, tmp_path: Path, told: Callable[[str], None]
) -> None:
    url = None if server is None else server.create("challng")
    verifier = make(tmp_path, url)
    where = {} if url is None else {"CHALLNG_DATABASE_URL": url}
    served = doors.Verifier(tmp_path / "data", workers=2, environment=ENVIRONMENT | where)
    crowd = Crowd([served.port])
    crowd.enrol(verifier)
    books = crowd.books
    try:
        served.start()
        crowd.begin()
        crowd.accepted(4 * PEOPLE)
        with gone(server, tmp_path / "data" / "challng.db") as seconds:
            went = time.monotonic()
            until_all_know(books.statuses, 1 if server is None else 10 * PEOPLE)
            before = len(books.tokens)
            assert httpx.get(f"{served.url}/healthz", timeout=60).status_code == 200
            ready = httpx.get(f"{served.url}/readyz", timeout=60).status_code
            time.sleep(max(0.0, seconds - (time.monotonic() - went)))
            assert len(books.tokens) == before  # nobody
            back = time.monotonic()
        crowd.accepted(4 * PEOPLE)  # nothing was started anew
        crowd.end()
    finally:
        code = stop([served])
    balance(books, verifier)
    verifier.close()
    assert set(books.failures) <= {503}
    assert ready == (200 if server is None else 503)  # a lock is no reason to look elsewhere
    assert books.cut == 0
    assert code == [0]
    first = next(each for each in books.times if each > back)
    told(
        f"the database gone for {back - went:.0f} s: {before} logins accepted before, none "
        f"meanwhile, {len(books.tokens) - before} after, the first {first - back:.1f} s later; "
        f"none twice, none lost; {books.statuses[503]} answers 503"
    )


def until_all_know(statuses: dict[int, int], answers: int) -> None:
    """Wait for so many refusals: what had been decided before is in everybody's hands then."""
    until = time.monotonic() + 240
    while statuses.get(503, 0) < answers:
        assert time.monotonic() < until, statuses
        time.sleep(0.05)
