"""The rows of every table: copied as they stand, and compared by count and digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Boolean, Connection, Table, text
from sqlalchemy.schema import Column

from ..db.tables import metadata, whereabouts

TABLES = tuple(table for table in metadata.sorted_tables if table is not whereabouts)
"""All that a verifier is, each table after those that it refers to."""

_AT_ONCE = 2_000
_SPACE = 1 << 256


@dataclass(frozen=True)
class Tally:
    """How many rows a table has, and the sum of their digests: whatever order they are read in."""

    rows: int
    digest: str


def of_sqlite(connection: Connection, table: Table, prefix: str = "") -> Iterator[tuple[Any, ...]]:
    """Give a table's rows as PostgreSQL has them."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    found = connection.execute(
        text(f'SELECT {names} FROM "{prefix}{table.name}"'),  # noqa: S608
        execution_options={"yield_per": _AT_ONCE},
    )
    turn = _turner(table)
    for row in found:
        yield turn(tuple(row))


def of_postgres(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    """Give a table's rows as they stand."""
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    found = connection.execute(
        text(f'SELECT {names} FROM "{table.name}"'),  # noqa: S608
        execution_options={"yield_per": _AT_ONCE},
    )
    for row in found:
        yield tuple(row)


def copy(connection: Connection, table: Table, rows: Iterator[tuple[Any, ...]]) -> Tally:
    """Put rows into an empty table; returns what was put."""
    count, total = 0, 0
    names = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    driver = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(statement) as into:
        for row in rows:
            into.write_row(row)
            count += 1
            total += _digest(row)
    return Tally(count, f"{total % _SPACE:064x}")


def tally(rows: Iterator[tuple[Any, ...]]) -> Tally:
    """Count rows, and sum their digests."""
    count, total = 0, 0
    for row in rows:
        count += 1
        total += _digest(row)
    return Tally(count, f"{total % _SPACE:064x}")


def go_on_counting(connection: Connection, table: Table) -> None:
    """Have a table count its next row after the highest that it has."""
    column = cast("Column[Any] | None", table.autoincrement_column)
    if column is None:
        return
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'),"  # noqa: S608
            f" coalesce(max({column.name}), 1), max({column.name}) IS NOT NULL) FROM {table.name}"
        )
    )


def _turner(table: Table) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return what makes an SQLite row one of PostgreSQL's: its truth values are numbers."""
    truths = [i for i, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    if not truths:
        return lambda row: row

    def turn(row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place in truths:
            values[place] = None if values[place] is None else bool(values[place])
        return tuple(values)

    return turn


def _digest(row: tuple[Any, ...]) -> int:
    parts = hashlib.sha256()
    for value in row:
        kind, content = _spelled(value)
        parts.update(kind + len(content).to_bytes(8, "big") + content)
    return int.from_bytes(parts.digest(), "big")


def _spelled(value: object) -> tuple[bytes, bytes]:
    if value is None:
        return b"n", b""
    if isinstance(value, bool):
        return b"t", b"1" if value else b"0"
    if isinstance(value, int):
        return b"i", str(value).encode()
    if isinstance(value, str):
        return b"s", value.encode()
    if isinstance(value, bytes):
        return b"b", value
    raise TypeError(f"a value of type {type(value).__name__} is not expected in a table")
