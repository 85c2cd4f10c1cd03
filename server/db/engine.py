"""The engine and its two kinds of transaction.

`reading` sees one snapshot, and `looking` is for a single statement, which needs no transaction to
see one. `writing` is the only way to change anything; what must happen after a durable commit
(moving the audit anchor) is left with `after_commit`.

SQLite: write-ahead log; `synchronous=FULL`, so that an accepted code does not come back after a
power cut; `BEGIN IMMEDIATE`, so that a transaction that writes reads nothing stale. In front of
it stands a lock of our own (threads, then processes by `flock`): SQLite's own waiting is polling
with growing pauses, and two busy workers starve each other in it.

PostgreSQL: `writing` is READ COMMITTED, for each decision is a compare-and-set on a row that it
holds; `reading` is a read-only snapshot. What to do about a deadlock is `again`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from sqlalchemy import Connection, make_url
from sqlalchemy.exc import IntegrityError

from . import sqlite
from .again import note_commit
from .hurry import current, may_give_up
from .kept import Kept, Use
from .transaction import begin, commit
from .url import Patience, is_postgres


class Database:
    """One database, as a worker or a command sees it."""

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        self.is_sqlite = not is_postgres(url)
        if self.is_sqlite:
            self.engine = sqlite.engine(url)
            self._kept = sqlite.kept(self.engine)
            self._hurried = sqlite.hurried(self.engine)
            self._gate: sqlite.Gate | None = sqlite.Gate(Path(f"{make_url(url).database}.lock"))
            self._begin_writing = sqlite.BEGIN_WRITING
        else:
            from . import postgres  # psycopg, which an SQLite verifier does without, loads slowly

            patience = patience or Patience()
            self.engine = postgres.engine(url, patience)
            self._kept = self._hurried = postgres.kept(self.engine, patience)
            self._gate = None
            self._begin_writing = postgres.BEGIN_WRITING

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one snapshot; nothing is written through it."""
        with self._connections().connection(Use.READING) as connection:
            connection.begin()
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """Give a connection for one statement: a second one may see what came in between."""
        with self._connections().connection(Use.LOOKING) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection in a transaction: committed at the end, rolled back by an error."""
        hurry = current()
        if hurry is not None and hurry.committed:
            raise RuntimeError("there is one transaction in a hurry")
        with self._gate or nullcontext(), self._connections().connection(Use.WRITING) as connection:
            begin(connection, self._begin_writing)
            yield connection
            note_commit()
            after = commit(connection)
        if hurry is not None:
            hurry.committed = True
        for action in after:
            action()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        """Give a connection for migrations: as `writing`, and whole tables may be rewritten.

        SQLite rewrites a table by dropping the old one, which its check of references forbids
        while rows refer to it (sqlite.org/lang_altertable.html, section 7); so the check is made
        once, at the end, and what it finds undoes everything.
        """
        if not self.is_sqlite:
            with self.writing() as connection:
                yield connection
            return
        with self._gate or nullcontext(), self._kept.connection(Use.WRITING) as connection:
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

    def _connections(self) -> Kept:
        return self._hurried if may_give_up() else self._kept

    def let_go(self) -> None:
        """Close the connections that nobody uses now."""
        self._kept.let_go()
        self._hurried.let_go()

    def close(self) -> None:
        """Give back all connections."""
        self.let_go()
        self.engine.dispose()
        if self._gate is not None:
            self._gate.close()
