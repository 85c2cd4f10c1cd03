"""The marks on a database that is not, or not yet, the verifier's own.

- none: it is the verifier's;
- `arriving`: the copy in it is complete, and the old database may still be in use;
- `left`: the verifier has gone to another place. Its tables are renamed in the same transaction,
  so that a worker that still serves from here finds nothing: it can neither read nor decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, inspect, select, text

from ..db.tables import metadata, whereabouts
from ..errors import DataDirRefused

GONE = "gone_"
"""What the names of the tables begin with that were left behind."""

_ID = 1
_VERSION = "alembic_version"


class State(StrEnum):
    """What a database is while a verifier moves, and after."""

    ARRIVING = "arriving"
    LEFT = "left"


@dataclass(frozen=True)
class Mark:
    """`place` is the other database: where from, or where to; no password stands in it."""

    state: State
    place: str


def read(connection: Connection) -> Mark | None:
    """Return the mark of a database; None where there is none."""
    if not inspect(connection).has_table(whereabouts.name):
        return None
    row = connection.execute(select(whereabouts)).one_or_none()
    return None if row is None else Mark(State(row.state), row.place)


def arriving(connection: Connection, place: str, now: datetime) -> None:
    """Mark a database as a copy that is complete and not in use."""
    _put(connection, State.ARRIVING, place, now)


def arrived(connection: Connection) -> None:
    """Take the mark away: it is the verifier's from now on."""
    connection.execute(delete(whereabouts))


def left(connection: Connection, place: str, now: datetime) -> None:
    """Mark an SQLite database as left for another, and take its tables out of everybody's hands."""
    _put(connection, State.LEFT, place, now)
    for name in [_VERSION, *(table.name for table in metadata.sorted_tables)]:
        if name != whereabouts.name:
            connection.execute(text(f'ALTER TABLE "{name}" RENAME TO "{GONE}{name}"'))


def refuse_what_is_not_in_use(connection: Connection) -> None:
    """Raise DataDirRefused for a database with a mark."""
    mark = read(connection)
    if mark is None:
        return
    if mark.state is State.LEFT:
        raise DataDirRefused(
            f"This verifier has moved to {mark.place}: set CHALLNG_DATABASE_URL to that, with the "
            "password, and start it again."
        )
    raise DataDirRefused(
        f"This database has a copy of the verifier from {mark.place}, and the move was not "
        "finished: run `challng-server migrate-to` there again."
    )


def _put(connection: Connection, state: State, place: str, now: datetime) -> None:
    connection.execute(delete(whereabouts))
    connection.execute(insert(whereabouts).values(id=_ID, state=state.value, place=place, at=now))
