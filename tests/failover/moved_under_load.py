"""A verifier that serves is moved from SQLite to PostgreSQL while people log in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.settings import Settings
from server.verifier import open_verifier
from tests import doors
from tests.failover.crowd import ENVIRONMENT, Crowd, balance, make, stop
from tests.postgres import Server, running


@pytest.fixture
def server() -> Iterator[Server]:
    yield from running(synchronous_commit="on")


def test_a_verifier_moved_under_load_loses_nothing_and_accepts_nothing_twice(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.create("challng")
    verifier = make(tmp_path, None)
    old = doors.Verifier(tmp_path / "data", workers=2, environment=ENVIRONMENT)
    new = doors.Verifier(
        tmp_path / "data",
        log=tmp_path / "new.log",
        workers=2,
        environment=ENVIRONMENT | {"CHALLNG_DATABASE_URL": url},
    )
    crowd = Crowd([old.port, new.port])
    crowd.enrol(verifier)
    verifier.close()
    try:
        old.start()
        crowd.begin()
        crowd.accepted(40)
        told = old.command("migrate-to", url)  # the old workers go on serving, and know nothing
        assert "each compared" in told
        moved = len(crowd.books.tokens)
        new.start()
        crowd.accepted(40)  # the old ones still stand there, and let nobody in
        books = crowd.end()
        assert books.statuses[503] > 0
    finally:
        stop([old, new])
    settings = Settings(data=tmp_path / "data", database_url=url)  # type: ignore[arg-type]
    there = open_verifier(settings)
    balance(books, there)
    there.close()
    assert set(books.failures) <= {503}
    with capsys.disabled():
        print(
            f"\nMoved under load: {moved} logins accepted before, {len(books.tokens) - moved} "
            f"after, none twice, none lost; {books.statuses[503]} answers 503 meanwhile."
        )
