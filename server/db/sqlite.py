"""What only SQLite needs: its pragmas, its kinds of BEGIN, and the gate in front of its writers."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from .kept import Kept, Use, used_for
from .prepared import bare

_BUSY_MILLISECONDS = 15_000
_MOST = 112  # above all threads, our own and FastAPI's: nobody waits for a connection
_AT_REST = 16


class Gate:
    """One writer at a time: first among the threads, then among the processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the gate; whoever else wants to write waits in front of it."""
        with self._threads:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give back the lock's file."""
        with self._threads:
            if self._file is not None:
                os.close(self._file)
                self._file = None


def engine(url: str) -> Engine:
    """Return an engine for an SQLite file; it connects when it is first used."""
    made = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"timeout": _BUSY_MILLISECONDS / 1000, "check_same_thread": False},
    )

    @event.listens_for(made, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver's own BEGIN would be a deferred one: transactions are begun below instead.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # a destroyed key leaves no bytes in free pages
        cursor.close()

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        use = used_for(connection)
        if use is not Use.LOOKING:
            bare(connection, "BEGIN IMMEDIATE" if use is Use.WRITING else "BEGIN")

    return made


def kept(engine: Engine) -> Kept:
    """Return the connections that are kept open to the file."""
    return Kept(engine, _MOST, _AT_REST, _BUSY_MILLISECONDS / 1000)
