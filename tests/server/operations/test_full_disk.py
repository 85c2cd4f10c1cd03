"""A full disk: nothing is decided that cannot be written down; with room again it goes on."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from sqlalchemy import Connection, func, select

from server.audit.verify import verify
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_log, cards, logins, sessions
from server.db.transaction import begin
from server.verifier import Verifier

from ..support import PASSWORD, Api, Card
from .served import serving

pytestmark = pytest.mark.sqlite  # of a server's full disk: tests/server/postgres/test_again.py


@contextmanager
def full(verifier: Verifier) -> Iterator[None]:
    """SQLite finds no room for one more page, as on a full disk (SQLITE_FULL)."""

    def set_pages(connection: Connection, pages: int) -> None:
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA max_page_count={pages}")

    def begin_full(connection: Connection, text: str) -> None:
        set_pages(connection, 1)  # no smaller than it is now
        begin(connection, text)

    with patch("server.db.engine.begin", begin_full):
        try:
            yield
        finally:
            verifier.database.let_go()
            with verifier.database.engine.connect() as connection:
                set_pages(connection, 1 << 30)


def counted(verifier: Verifier) -> tuple[int, ...]:
    with verifier.database.reading() as connection:
        return tuple(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (logins, sessions, audit_log)
        )


def fill(api: Api, verifier: Verifier) -> int:
    """Begin logins until there is no room for one more; returns how many there was room for."""
    for number in range(200):
        answered = api.password()
        if answered.status_code != 200:
            assert answered.status_code == 503, answered.text
            assert answered.headers["content-type"] == "application/problem+json"
            assert answered.json()["type"] == "urn:challng:problem:unavailable"
            return number
    pytest.fail("the disk never got full")


def test_nobody_is_let_in_that_cannot_be_written_down(
    api: Api, card: Card, verifier: Verifier
) -> None:
    login, challenge = api.login()
    code = card.shows(challenge)
    with full(verifier):
        fill(api, verifier)
        before = counted(verifier)
        statuses = [api.answer(login, code).status_code for _ in range(3)]
        after = counted(verifier)
    # What found room is whole, and what found none left nothing.
    assert set(statuses) <= {200, 409, 503}
    assert after[1] - before[1] == statuses.count(200) <= 1
    if 200 not in statuses:
        assert before == after
        assert api.answer(login, code).status_code == 200
    assert verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None


def test_when_there_is_room_it_goes_on(api: Api, card: Card, verifier: Verifier) -> None:
    with full(verifier):
        fill(api, verifier)
        for _ in range(3):
            assert api.password().status_code == 503
        page = api.client.post("/login", headers={"Accept": "text/html"})
        assert page.status_code < 500
        assert api.client.get("/healthz").status_code == 200
        assert api.client.get("/readyz").status_code == 200
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    assert verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor).problem is None
    with verifier.database.reading() as connection:
        assert connection.execute(select(cards.c.counter)).scalar_one() == 1


# --- the real program, whose writes the kernel refuses


def workers(pid: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *workers(int(child))]
    return found


@contextmanager
def no_file_grows_beyond(size: int, pids: list[int]) -> Iterator[None]:
    """Have the kernel refuse (EFBIG) what goes beyond; Python ignores the signal that comes too."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


def test_workers_whose_writes_are_refused_let_nobody_in_and_recover(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        data = served.verifier.settings.data
        biggest = max(each.stat().st_size for each in data.iterdir() if each.is_file())
        body = {"username": "alice", "password": PASSWORD}
        url = f"http://127.0.0.1:{served.port}"
        with httpx.Client(base_url=url, timeout=180) as client:
            with no_file_grows_beyond(biggest + 65_536, workers(served.process.pid)):
                begun = []
                for _ in range(400):
                    answered = client.post("/api/v1/login", json=body)
                    if answered.status_code != 200:
                        break
                    begun.append(answered.json())
                assert answered.status_code == 503, answered.text
                for login in begun[-3:]:
                    code = Card(counter=served.card.counter).shows(login["prompt"]["challenge"])
                    path = f"/api/v1/login/{login['login']}/answer"
                    assert client.post(path, json={"answer": code}).status_code == 503
                assert client.get("/healthz").status_code == 200
            code = served.card.shows(begun[-1]["prompt"]["challenge"])
            path = f"/api/v1/login/{begun[-1]['login']}/answer"
            assert client.post(path, json={"answer": code}).status_code == 200
        verifier = served.verifier
        log = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
        assert log.problem is None
