"""Patroni itself fails over under load, from the files that the manual shows: `make test-patroni`.

A machine's PostgreSQL, Patroni and etcd are killed at once, and nobody is told; or an operator
switches over. One verifier finds the new primary by libpq's several hosts, the other through
HAProxy.

A machine that is cut off while it runs on is not tried: that is what the watchdog is for, and a
namespace has none.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors import secret_file
from tests.failover.crowd import Crowd, balance, machine, make, stop
from tests.failover.machines import PROGRAMS, Machine, Machines, until

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


@pytest.mark.parametrize(
    ("fails", "comes_back"),
    [
        pytest.param(Machine.kill, Machine.start, id="killed"),
        pytest.param(Machine.hand_over, None, id="switched over"),
    ],
)
def test_patroni_promotes_the_synchronous_standby_and_nothing_acknowledged_is_lost(
    fails: Callable[[Machine], None],
    comes_back: Callable[[Machine], None] | None,
    machines: Machines,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    password = secrets.token_hex(12)
    passwords = secret_file(tmp_path / "pgpass", f"*:*:*:challng:{password}")
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    machines.create("challng", password)
    hosts, balanced = machines.url_by_hosts("challng"), machines.url_by_balancer("challng")
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
        primary, standby = machines.has("primary"), machines.has("synchronous")
        died = time.monotonic()
        fails(primary)
        crowd.accepted(40)
        promoted = machines.has("primary")
        assert promoted.name == standby.name
        crowd.enrols(verifier, 101)
        if comes_back is not None:
            comes_back(primary)  # as a standby
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
        follows = each.sql("SELECT pg_is_in_recovery()") == "t"
        assert follows == (each is not promoted)
    until(
        lambda: (
            len({each.sql("SELECT count(*) FROM sessions", "challng") for each in machines.all})
            == 1
        ),
        "all three have the same sessions",
    )
    stranger = httpx.post(f"http://{promoted.address}:8008/switchover", json={})
    assert stranger.status_code == 401
    with capsys.disabled():
        print(
            f"\nPrimary {request.node.callspec.id}: {before} logins accepted before, "
            f"{len(books.tokens) - before} after, none twice, none lost; Patroni promoted "
            f"{promoted.name}, pause {books.longest_pause(died):.1f} s; {books.statuses[503]} "
            f"answers 503, {books.cut} connections cut."
        )
