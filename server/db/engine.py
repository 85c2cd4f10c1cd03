"""The engine and its two kinds of transaction.

`reading` sees one snapshot. `writing` is the only way to change anything; what must happen after
a durable commit (moving the audit anchor) is left with `after_commit`.

SQLite: write-ahead log; `synchronous=FULL`, so that an accepted code does not come back after a
power cut; `BEGIN IMMEDIATE`, so that a transaction that writes reads nothing stale. In front of
it stands a lock of our own (threads, then processes by `flock`): SQLite's own waiting is polling
with growing pauses, and two busy workers starve each other in it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry

from .prepared import bare

_WRITES = "challng_writes"
_AFTER = "challng_after_commit"
_BUSY_MILLISECONDS = 15_000
_POOL = 16
_OVERFLOW = 48  # above the thread pool's 40 threads: nobody waits for a connection


class Database:
    """One database, as a worker or a command sees it."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self._sqlite = parsed.get_backend_name() == "sqlite"
        if self._sqlite:
            self.engine = _sqlite_engine(url)
            self._reader = self.engine
            self._gate: _Gate | None = _Gate(Path(f"{parsed.database}.lock"))
        else:
            self.engine = create_engine(
                url, pool_size=_POOL, max_overflow=_OVERFLOW, pool_pre_ping=True
            )
            self._reader = self.engine.execution_options(isolation_level="REPEATABLE READ")
            self._gate = None
        self._writer = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one snapshot; nothing is written through it."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction: committed at the end, rolled back by an error."""
        after: list[Callable[[], None]] = []
        with self._turn(), self._writer.begin() as connection:
            connection.info[_AFTER] = after
            yield connection
        for action in after:
            action()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give a connection for migrations: as `writing`, and whole tables may be rewritten.

        SQLite rewrites a table by dropping the old one, which its check of references forbids
        while rows refer to it (sqlite.org/lang_altertable.html, section 7); so the check is made
        once, at the end, and what it finds undoes everything.
        """
        if not self._sqlite:
            with self.writing() as connection:
                yield connection
            return
        with self._turn(), self._writer.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - it is connected
            driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
                    if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise IntegrityError("a migration broke a reference", None, ValueError())
            finally:
                driver.execute("PRAGMA foreign_keys=ON")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._gate is None:
            yield
        else:
            with self._gate.turn():
                yield

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()
        if self._gate is not None:
            self._gate.close()


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Have `action` run once what `connection` writes is durably committed."""
    connection.info[_AFTER].append(action)


class _Gate:
    """One writer at a time: first among the threads, then among the processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._threads:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        with self._threads:
            if self._file is not None:
                os.close(self._file)
                self._file = None


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=_POOL,
        max_overflow=_OVERFLOW,
        pool_use_lifo=True,  # the one used last has pages and statements at hand
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN would be a deferred one: transactions are begun below instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # a destroyed key leaves no bytes in free pages
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        bare(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
