"""The primary dies under load, its synchronous standby takes over: nothing acknowledged is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.failover.crowd import Crowd, balance, machine, make, stop
from tests.postgres import Server

STANDBY = "second"


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """A primary that acknowledges nothing before its standby has it on disk."""
    primary = Server(durable=True, wal_retrieve_retry_interval="200ms")
    standby = Server(durable=True, wal_retrieve_retry_interval="200ms")
    try:
        primary.make()
        primary.start()
        standby.follow(primary, STANDBY)
        standby.start()
        with primary.connect() as operator:
            operator.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
            operator.execute("SELECT pg_reload_conf()")
        for _ in range(1200):
            if primary.ask("SELECT sync_state FROM pg_stat_replication") == "sync":
                break
            time.sleep(0.05)
        else:
            raise AssertionError("the standby does not follow")
        yield primary, standby
    finally:
        primary.remove()
        standby.remove()


def test_a_primary_killed_under_load_loses_nothing_that_was_acknowledged(
    pair: tuple[Server, Server], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    primary, standby = pair
    primary.create("challng")
    url = (
        f"postgresql://challng@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/challng"
        "?target_session_attrs=read-write"
    )
    verifier = make(tmp_path, url)
    machines = [machine(tmp_path, name, url, workers=1) for name in ("one", "two")]
    crowd = Crowd([each.port for each in machines])
    crowd.enrol(verifier)
    try:
        for each in machines:
            each.start()
        crowd.begin()
        crowd.accepted(40)
        crowd.enrols(verifier, 100)
        before = len(crowd.books.tokens)
        died = time.monotonic()
        primary.kill()
        standby.promote()
        crowd.accepted(40)
        books = crowd.end()
    finally:
        codes = stop(machines)
    balance(books, verifier)
    verifier.close()
    assert set(books.failures) <= {503}  # while there was no primary, nobody got in
    assert codes == [0, 0]
    assert standby.ask("SELECT pg_is_in_recovery()") is False
    with capsys.disabled():
        print(
            f"\nPrimary killed: {before} logins accepted before, {len(books.tokens) - before} "
            f"after, none twice, none lost; pause {books.longest_pause(died):.1f} s; "
            f"{books.statuses[503]} answers 503, {books.cut} connections cut."
        )
