"""No state in a worker: two machines of two workers over one database, killed one after another."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.failover.crowd import Crowd, balance, machine, make, stop
from tests.postgres import Server, running

KILLED = int(os.environ.get("KILLED", "6"))
SETTLED = 8.0
"""A worker that dies sooner after it was started ends its machine's server: it has no use to
start it over and over, and says so to systemd.
"""


@pytest.fixture
def server() -> Iterator[Server]:
    yield from running(synchronous_commit="on")


def workers_of(pid: int) -> list[int]:
    """Return the processes of a verifier that answer: not Python's own resource tracker."""
    found = []
    for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with suppress(OSError):
            if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(int(each))
    return found


def age(pid: int) -> float:
    """Return how many seconds a process runs, 0 for one that is gone."""
    with suppress(OSError):
        began = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - began / os.sysconf("SC_CLK_TCK")
    return 0.0


def test_workers_killed_at_random_lose_nothing_and_accept_nothing_twice(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.create("challng")
    verifier = make(tmp_path, url)
    machines = [machine(tmp_path, name, url) for name in ("one", "two")]
    crowd = Crowd([each.port for each in machines])
    crowd.enrol(verifier)
    killed = 0
    try:
        for each in machines:
            each.start()
        crowd.begin()
        crowd.accepted(20)
        while killed < KILLED:
            crowd.enrols(verifier, 100 + len(crowd.books.enrolled))
            alive = [pid for each in machines for pid in workers_of(each.pid)]
            settled = [pid for pid in alive if age(pid) > SETTLED]
            if settled:
                with suppress(ProcessLookupError):
                    os.kill(random.choice(settled), signal.SIGKILL)
                    killed += 1
            crowd.accepted(4)
        books = crowd.end()
    finally:
        codes = stop(machines)
    balance(books, verifier)
    verifier.close()
    assert books.failures == {}
    assert books.cut > 0  # it was felt
    assert codes == [0, 0]
    with capsys.disabled():
        print(
            f"\n{killed} workers killed: {len(books.tokens)} logins accepted, none twice, none "
            f"lost; {books.cut} connections cut, no 5xx."
        )
