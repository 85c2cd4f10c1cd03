"""What only SQLite needs: its pragmas, its kinds of BEGIN, and the gate in front of its writers."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from .hurry import WouldWait, may_give_up
from .kept import Kept, Use, used_for
from .prepared import drive
from .transaction import is_open

BEGIN_WRITING = "BEGIN IMMEDIATE"

_BUSY_SECONDS = 15.0
_SOON_SECONDS, _LOOK_SECONDS = 0.003, 0.0002
"""How long whoever is in a hurry waits for another writer, and how often he looks."""
_MOST = 112  # above all threads, our own and FastAPI's: nobody waits for a connection
_AT_REST = 16


class Gate:
    """One writer at a time: first among the threads, then among the processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file: int | None = None

    def __enter__(self) -> None:
        """Take the gate; whoever else wants to write waits in front of it."""
        hurried = may_give_up()
        until = time.monotonic() + _SOON_SECONDS
        if not self._threads.acquire(timeout=_SOON_SECONDS if hurried else -1):
            raise WouldWait
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            if hurried:
                _lock_soon(self._file, until)
            else:
                fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_raised: object) -> None:
        """Give it up."""
        try:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def close(self) -> None:
        """Give back the lock's file."""
        with self._threads:
            if self._file is not None:
                os.close(self._file)
                self._file = None


def _lock_soon(file: int, until: float) -> None:
    """Lock a file; raises WouldWait where another process holds it for longer than `until`."""
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise WouldWait from None
        time.sleep(_LOOK_SECONDS)


def engine(url: str) -> Engine:
    """Return an engine for an SQLite file; it connects when it is first used."""
    made = create_engine(
        url,
        poolclass=NullPool,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
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
        if use is not Use.LOOKING and not is_open(connection):
            drive(connection, BEGIN_WRITING if use is Use.WRITING else "BEGIN")

    return made


def kept(engine: Engine) -> Kept:
    """Return the connections that are kept open to the file."""
    return Kept(engine, _MOST, _AT_REST, _BUSY_SECONDS)


def hurried(engine: Engine) -> Kept:
    """Return those that do not wait for what another program has locked."""

    def opened(connection: Connection) -> None:
        drive(connection, "PRAGMA busy_timeout=0")

    return Kept(engine, _MOST, _AT_REST, _BUSY_SECONDS, opened=opened)
