"""A database as lines of JSON, and back: the same on SQLite and PostgreSQL.

A table is one line `{"table": NAME, "columns": [[NAME, KIND], ...]}` and then a line for each row.
Moments are whole microseconds, bytes base64, dates ISO 8601.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, inspect, select, type_coerce

from ..db.tables import metadata
from ..db.types import Moment
from ..errors import BackupRefused

_AT_ONCE = 500
_UNFIT = "The backup's tables do not fit this program: restore it with the version that made it."


@dataclass(frozen=True)
class _Kind:
    """How one kind of value is stored, and written down."""

    name: str
    type: sa.types.TypeEngine[Any]
    write: Callable[[Any], Any] = lambda value: value
    read: Callable[[Any], Any] = lambda value: value


_KINDS = {
    each.name: each
    for each in (
        _Kind("int", sa.BigInteger()),
        _Kind("text", sa.Text()),
        _Kind("bool", sa.Boolean()),
        _Kind("real", sa.Float()),
        _Kind("date", sa.Date(), date.isoformat, date.fromisoformat),
        _Kind(
            "bytes",
            sa.LargeBinary(),
            lambda value: base64.b64encode(value).decode("ascii"),
            lambda text: base64.b64decode(text, validate=True),
        ),
    )
}


def kind_of(column: sa.Column[Any]) -> str:
    """Name the kind of a column's values; raises TypeError for one that backups do not know."""
    kinds: tuple[tuple[type[Any], str], ...] = (
        (Moment, "int"),
        (sa.Boolean, "bool"),
        (sa.Integer, "int"),
        (sa.LargeBinary, "bytes"),
        (sa.Date, "date"),
        (sa.Float, "real"),
        (sa.String, "text"),
    )
    for type_, name in kinds:
        if isinstance(column.type, type_):
            return name
    raise TypeError(f"backups do not know the type of {column}")


def written(connection: Connection) -> Iterator[bytes]:
    """Give every row of every table, as lines, in an order that references allow."""
    for table in metadata.sorted_tables:
        columns = [(column, _KINDS[kind_of(column)]) for column in table.columns]
        yield _line({"table": table.name, "columns": [[c.name, kind.name] for c, kind in columns]})
        # As they are stored: a Moment as its number.
        wanted = select(*(type_coerce(c, kind.type).label(c.name) for c, kind in columns))
        for row in connection.execute(
            wanted.order_by(*table.primary_key), execution_options={"yield_per": 1_000}
        ):
            yield _line(
                [
                    None if value is None else kind.write(value)
                    for value, (_, kind) in zip(row, columns, strict=True)
                ]
            )


def put(connection: Connection, lines: Iterable[Any]) -> int:
    """Put the rows of parsed lines into tables that are there and empty; returns how many.

    Raises BackupRefused where a table or column is not there.
    """
    there = inspect(connection)
    rows: list[dict[str, Any]] = []
    total = 0
    table: sa.TableClause | None = None
    columns: list[tuple[str, _Kind]] = []

    def send() -> None:
        nonlocal total
        if table is not None and rows:
            connection.execute(sa.insert(table), rows)
            total += len(rows)
            rows.clear()

    for line in lines:
        if isinstance(line, dict):
            send()
            name = line["table"]
            columns = [(column, _KINDS[kind]) for column, kind in line["columns"]]
            if not there.has_table(name) or not {column for column, _ in columns} <= {
                column["name"] for column in there.get_columns(name)
            }:
                raise BackupRefused(_UNFIT)
            table = sa.table(name, *(sa.column(each, kind.type) for each, kind in columns))
            continue
        rows.append(
            {
                name: None if value is None else kind.read(value)
                for value, (name, kind) in zip(line, columns, strict=True)
            }
        )
        if len(rows) >= _AT_ONCE:
            send()
    send()
    _count_on(connection)
    return total


def _count_on(connection: Connection) -> None:
    """Let PostgreSQL's counters go on behind the rows that were put; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        if "id" in table.columns and isinstance(table.c.id.type, sa.Integer):
            counter = sa.func.pg_get_serial_sequence(table.name, "id")
            connection.execute(
                select(sa.func.setval(counter, select(sa.func.max(table.c.id)).scalar_subquery()))
            )


def _line(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n"
