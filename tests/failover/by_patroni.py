"""Patroni itself fails over under load, from the files that the manual shows: `make test-patroni`.

A machine's PostgreSQL, Patroni and etcd are killed at once, and nobody is told. One verifier finds
the new primary by libpq's several hosts, the other through HAProxy.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors import secret_file
from tests.failover.crowd import Crowd, balance, machine, make, stop
from tests.failover.machines import PROGRAMS, Machines, until

_MISSING = [each for each in PROGRAMS if shutil.which(each) is None]

pytestmark = [
    pytest.mark.skipif(
        bool(_MISSING),
        reason=f"not installed: {_MISSING}; apt-get install etcd-server patroni haproxy "
        "postgresql-15 iproute2 (Debian 12)",
    ),
    pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root"),
]


@pytest.fixture
def machines() -> Iterator[Machines]:
    three = Machines()
    try:
        three.start()
        yield three
    finally:
        three.remove()


def test_patroni_promotes_the_synchronous_standby_and_nothing_acknowledged_is_lost(
    machines: Machines,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    primary, standby = machines.has("leader"), machines.has("sync_standby")
    password = secrets.token_hex(12)
    primary.sql(f"CREATE ROLE challng LOGIN PASSWORD '{password}'")
    primary.run(
        *("createdb", "-h", str(primary.sockets), "--owner", "challng"),
        *("--encoding", "UTF8", "challng"),
    )
    passwords = secret_file(tmp_path / "pgpass", f"*:*:*:challng:{password}")
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    names, addresses = (
        ",".join(getattr(each, name) for each in machines.all) for name in ("name", "address")
    )
    trusted = f"sslrootcert={machines.authority.file}"
    hosts = (
        f"postgresql://challng@{names}/challng?target_session_attrs=read-write"
        f"&sslmode=verify-full&hostaddr={addresses}&{trusted}"
    )
    balanced = (
        f"postgresql://challng@127.0.0.1:{machines.balanced}/challng?sslmode=verify-ca&{trusted}"
    )
    verifier = make(tmp_path, hosts)
    verifiers = [
        machine(tmp_path, name, url, workers=2)
        for name, url in (("hosts", hosts), ("balanced", balanced))
    ]
    crowd = Crowd([each.port for each in verifiers])
    crowd.enrol(verifier)
    try:
        for each in verifiers:
            each.start()
        crowd.begin()
        crowd.accepted(40)
        crowd.enrols(verifier, 100)
        before = len(crowd.books.tokens)
        died = time.monotonic()
        primary.kill()
        crowd.accepted(40)
        promoted = machines.has("leader")
        assert promoted.name == standby.name
        crowd.enrols(verifier, 101)
        primary.start()  # comes back, as a standby
        machines.whole()
        crowd.accepted(40)
        books = crowd.end()
    finally:
        codes = stop(verifiers)
    balance(books, verifier)
    verifier.close()
    assert set(books.failures) <= {503}  # while there was no primary, nobody got in
    assert codes == [0, 0]
    for each in machines.all:
        assert (each.sql("SELECT pg_is_in_recovery()") == "f") == (each is promoted)
        until(
            lambda each=each: (
                int(each.sql("SELECT count(*) FROM sessions", "challng")) == len(books.tokens)
            ),
            f"{each.name} has every session",
        )
    stranger = httpx.post(f"http://{promoted.address}:8008/switchover", json={})
    assert stranger.status_code == 401
    with capsys.disabled():
        print(
            f"\nMachine of the primary killed: {before} logins accepted before, "
            f"{len(books.tokens) - before} after, none twice, none lost; Patroni promoted "
            f"{promoted.name}, pause {books.longest_pause(died):.1f} s; {books.statuses[503]} "
            f"answers 503, {books.cut} connections cut."
        )
