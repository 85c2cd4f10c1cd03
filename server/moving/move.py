"""The move itself, step by step. Each step is one transaction, and each can be done again.

1. Nobody writes: the gate of the SQLite database is held until all is done.
2. Into the new database, in one transaction: the tables, every row, and the mark `arriving`. Before
   it commits, each row is read back and compared, and the audit chain is verified there.
3. The old database is marked `left`. From here on it answers nobody.
4. The mark is taken from the new database, and the audit log there says what happened.

Broken off before 3, the old verifier goes on as before, and the copy is not used; after 3, neither
is used until the move is called again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import DBAPIError

from ..audit.anchor import AnchorFile
from ..audit.events import Event
from ..audit.log import AuditLog
from ..audit.verify import verify_within
from ..clock import Clock
from ..crypto.keyring import Keyring, find_source
from ..crypto.secrets_table import AUDIT, Secrets
from ..db import migrate
from ..db.engine import Database
from ..db.tables import audit_head
from ..errors import MoveRefused
from ..settings import Settings
from . import marks, rows
from .marks import State
from .rows import Tally

Tell = Callable[[str], None]
Tallies = Mapping[str, Tally]


@dataclass(frozen=True)
class Moved:
    """What stands in the new database."""

    place: str
    tables: int
    rows: int


def place_of(url: str) -> str:
    """Return a database's URL without its password and parameters."""
    known = conninfo_to_dict(f"postgresql://{url.split('://', 1)[1]}")
    hosts = str(known.get("host", "")).split(",")
    ports = str(known.get("port", "5432")).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    at = ",".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=False))
    return f"postgresql://{at}/{known.get('dbname', '')}"


class Move:
    """A move of one verifier from one database to another; `place` names the new one."""

    def __init__(
        self,
        settings: Settings,
        source: Database,
        target: Database,
        place: str,
        clock: Clock,
        tell: Tell,
    ) -> None:
        self._settings = settings
        self._source = source
        self._target = target
        self._place = place
        self._clock = clock
        self._tell = tell
        self._keyring = Keyring(find_source(settings.data))
        self._anchor = AnchorFile(settings.data / "audit.anchor")

    def run(self, operator: str) -> Moved:
        """Move every row, or raise MoveRefused and change nothing that anybody uses."""
        key = Secrets(self._source, self._keyring).get(AUDIT)
        now = self._clock.now()
        with self._source.writing() as old:
            try:
                with self._target.writing() as new:
                    _make_room(new)
                    tallies = self._copy(old, new, key)
                    marks.arriving(new, str(self._settings.data), now)
            except DBAPIError as error:
                raise MoveRefused(
                    f"{self._place} did not take the rows ({type(error.orig).__name__}): nothing "
                    "is changed here. See to that, and run the command again."
                ) from None
            marks.left(old, self._place, now)
        return self._arrive(operator, tallies)

    def finish(self, operator: str) -> Moved:
        """Go on with a move that was broken off after the old database was marked as left."""
        with self._source.reading() as old, self._target.reading() as new:
            mark = marks.read(new)
            if mark is None:
                raise MoveRefused(
                    f"The move to {self._place} is done: there is nothing left to do. Set "
                    "CHALLNG_DATABASE_URL to it."
                )
            self._tell("The move was broken off: every row is compared once more.")
            tallies = {
                table.name: _same(
                    table.name,
                    rows.tally(rows.of_sqlite(old, table, marks.GONE)),
                    rows.tally(rows.of_postgres(new, table)),
                )
                for table in rows.TABLES
            }
        return self._arrive(operator, tallies)

    def _copy(self, old: Connection, new: Connection, key: bytes) -> Tallies:
        tallies = {}
        for table in rows.TABLES:
            put = rows.copy(new, table, rows.of_sqlite(old, table))
            tallies[table.name] = _same(table.name, put, rows.tally(rows.of_postgres(new, table)))
            rows.go_on_counting(new, table)
            self._tell(f"{table.name}: {put.rows} rows, digest {put.digest[:16]}.")
        report = verify_within(new, key, self._anchor.read())
        if report.problem is not None:
            raise MoveRefused(
                f"The audit log is not in order ({report.problem}): nothing is changed. "
                "Run `challng-server audit verify` here first."
            )
        return tallies

    def _arrive(self, operator: str, tallies: Tallies) -> Moved:
        count = sum(each.rows for each in tallies.values())
        audit = AuditLog(
            self._target,
            Secrets(self._target, self._keyring),
            self._anchor,
            self._settings.audit_seal_rows,
        )
        now = self._clock.now()
        with self._target.writing() as new:
            marks.arrived(new)
            audit.write(
                new, now, Event.VERIFIER_MOVED, operator, None, tables=len(tallies), rows=count
            )
        audit.seal(now)
        return Moved(self._place, len(tallies), count)


def _same(name: str, ours: Tally, theirs: Tally) -> Tally:
    if ours != theirs:
        raise MoveRefused(
            f"The rows of {name} are not the same in both databases: the new one is not used. "
            "Run the command again with a new database."
        )
    return theirs


def _make_room(new: Connection) -> None:
    """Empty a database of a copy that was never used; refuse one with anything else in it."""
    if not inspect(new).get_table_names():
        migrate.upgrade(new)
        return
    mark = marks.read(new)
    if mark is not None and mark.state is State.ARRIVING:
        names = ", ".join(f'"{table.name}"' for table in rows.TABLES)
        new.execute(text(f"TRUNCATE {names}"))
        marks.arrived(new)
    elif not migrate.is_current(new) or new.execute(select(audit_head.c.id)).first():
        raise MoveRefused(
            "The database to move to is not empty: nothing is changed. Make a new one "
            "(`createdb challng`), and give that."
        )
