"""Short work is done on the event loop, and never waits there for another writer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import OperationalError

from server import direct
from server.db.engine import Database
from server.db.tables import brakes
from server.direct import Direct
from server.errors import Refusal
from server.verifier import Verifier

from .support import Api, Card, add_card, add_user, make_verifier

pytestmark = pytest.mark.sqlite

_SECONDS = 60


@pytest.fixture(autouse=True)
def _nothing_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "LONG_SECONDS", _SECONDS)


class Work:
    """Writes a row, and notes on which threads it was begun and finished."""

    def __init__(self, verifier: Verifier) -> None:
        self._database = verifier.database
        self._now = verifier.clock.now()
        self.begun: list[int] = []
        self.written: list[int] = []

    def write(self, number: int, refusal: Refusal | None = None) -> int:
        self.begun.append(threading.get_ident())
        with self._database.writing() as connection:
            values = {"failures": 1, "since_at": self._now, "not_before": self._now}
            connection.execute(insert(brakes).values(key=bytes([number]), **values))
            self.written.append(threading.get_ident())
        if refusal is not None:
            raise refusal
        return number

    async def twice(self, near: Direct) -> int:
        """Have it known as short; returns the thread of the loop."""
        for number in (100, 101):
            await near.run(self.write, number)
        here = threading.get_ident()
        assert here not in self.written
        return here

    def rows(self) -> int:
        with self._database.reading() as connection:
            return connection.execute(select(func.count()).select_from(brakes)).scalar_one()


@pytest.fixture
def work(verifier: Verifier) -> Work:
    return Work(verifier)


def test_what_was_short_before_is_done_on_the_loop(verifier: Verifier, work: Work) -> None:
    async def begin() -> None:
        near = Direct(verifier.database)
        here = await work.twice(near)
        assert [await near.run(work.write, each) for each in range(3)] == [0, 1, 2]
        assert work.written[2:] == [here] * 3

    asyncio.run(begin())
    assert work.rows() == 5


def test_what_took_long_goes_aside_until_it_is_short_again(
    verifier: Verifier, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def begin() -> None:
        near = Direct(verifier.database)
        here = await work.twice(near)
        monkeypatch.setattr(direct, "LONG_SECONDS", 0)
        await near.run(work.write, 0)  # on the loop still: how long it takes shows only now
        await near.run(work.write, 1)
        monkeypatch.setattr(direct, "LONG_SECONDS", _SECONDS)
        for number in (2, 3, 4):
            await near.run(work.write, number)
        assert [thread == here for thread in work.written[2:]] == [True, *[False] * 3, True]

    asyncio.run(begin())


def test_a_database_that_is_far_is_waited_for_aside() -> None:
    async def begin() -> None:
        far = Direct(cast(Database, SimpleNamespace(is_sqlite=False)))
        there = {await far.run(threading.get_ident) for _ in range(3)}
        assert threading.get_ident() not in there

    asyncio.run(begin())


def test_a_refusal_is_raised_and_what_it_has_committed_stands(
    verifier: Verifier, work: Work
) -> None:
    async def begin() -> None:
        near = Direct(verifier.database)
        here = await work.twice(near)
        with pytest.raises(Refusal, match="no"):
            await near.run(work.write, 1, Refusal("no"))
        assert work.written[2] == here

    asyncio.run(begin())
    assert work.rows() == 3


@contextmanager
def our_own_writer(verifier: Verifier) -> Iterator[Callable[[], None]]:
    """Hold the database by a writer of ours, on another thread, until what is given is called."""
    holds, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        with verifier.database.writing():
            holds.set()
            assert may_end.wait(_SECONDS)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(_SECONDS)
    try:
        yield may_end.set
    finally:
        may_end.set()
        thread.join()


@contextmanager
def another_program(verifier: Verifier) -> Iterator[Callable[[], None]]:
    """Hold the database by a program that knows nothing of our gate."""
    file = verifier.settings.data / "challng.db"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection.rollback
    finally:
        connection.close()


@pytest.mark.parametrize("holding", [our_own_writer, another_program])
def test_a_writer_that_holds_the_database_does_not_stop_the_loop(
    verifier: Verifier, work: Work, holding: Any
) -> None:
    async def begin() -> None:
        near = Direct(verifier.database)
        here = await work.twice(near)
        with holding(verifier) as let_go:
            waiting = asyncio.create_task(near.run(work.write, 1))
            while len(work.begun) < 4:  # on the loop, given up; and on a thread
                await asyncio.sleep(0)
            assert work.begun[2] == here
            assert len(work.written) == 2
            let_go()
            assert await waiting == 1
        assert here not in work.written
        assert await near.run(work.write, 2) == 2
        assert work.written[-1] == here  # to wait for another is not to be long

    asyncio.run(begin())
    assert work.rows() == 4


def test_what_has_committed_is_not_begun_again(verifier: Verifier, work: Work) -> None:
    tries: list[int] = []

    def locked_afterwards() -> None:
        tries.append(work.write(len(tries)))
        if len(tries) > 2:
            raise OperationalError("", None, _locked())

    async def begin() -> None:
        near = Direct(verifier.database)
        for _ in range(2):
            await near.run(locked_afterwards)
        with pytest.raises(OperationalError):
            await near.run(locked_afterwards)

    asyncio.run(begin())
    assert (len(tries), work.rows()) == (3, 3)


def test_there_is_one_transaction_on_the_loop(verifier: Verifier, work: Work) -> None:
    def two() -> None:
        work.write(work.rows())
        work.write(work.rows())

    async def begin() -> None:
        near = Direct(verifier.database)
        for _ in range(2):
            await near.run(two)
        with pytest.raises(RuntimeError, match="one transaction"):
            await near.run(two)

    asyncio.run(begin())
    assert work.rows() == 5


def _locked() -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def test_a_login_is_decided_on_the_loop(
    verifier: Verifier, api: Api, card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[str] = []
    decide = verifier.logins._decide

    def noting(*given: Any) -> Any:
        threads.append(threading.current_thread().name)
        return decide(*given)

    monkeypatch.setattr(verifier.logins, "_decide", noting)
    with api.client:
        for _ in range(3):
            login, challenge = api.login()
            assert api.answer(login, card.shows(challenge)).status_code == 200
    assert [name.startswith("challng-") for name in threads] == [True, True, False]


@pytest.mark.parametrize(("kib", "on_the_loop"), [(8, True), (2048, False)])
def test_a_password_is_hashed_on_the_loop_where_that_is_quick_for_certain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kib: int, on_the_loop: bool
) -> None:
    threads: list[str] = []
    with closing(make_verifier(tmp_path, argon2_memory_kib=kib)) as verifier:
        add_user(verifier)
        add_card(verifier, Card())
        verify = verifier.hasher.verify

        def noting(*given: Any) -> bool:
            threads.append(threading.current_thread().name)
            return verify(*given)

        monkeypatch.setattr(verifier.hasher, "verify", noting)
        api = Api(verifier)
        with api.client:
            for _ in range(4):
                api.login()
    assert threads[0].startswith("challng-")
    assert threads[-1].startswith("challng-") is not on_the_loop
