"""Seal everything anew under the newest master key, a few rows at a time, while others serve."""

from __future__ import annotations

from sqlalchemy import Column, Connection, select, update

from ..db import tables
from ..db.engine import Database
from .keyring import Keyring

SEALED_COLUMNS: tuple[tuple[Column[bytes], Column[object]], ...] = tuple(
    (column, next(iter(table.primary_key)))
    for table in tables.metadata.sorted_tables
    for column in table.columns
    if column.name.endswith("_sealed")
)
"""Each sealed column with the column that names its row."""

_BATCH = 100


def reseal_all(database: Database, keyring: Keyring) -> int:
    """Seal every value that is not under the newest key; returns how many there were.

    Runs until a pass finds nothing: a worker that had not yet seen the newest key may have sealed
    something meanwhile.
    """
    total = 0
    while True:
        found = sum(_reseal_column(database, keyring, *pair) for pair in SEALED_COLUMNS)
        if not found:
            return total
        total += found


def _reseal_column(
    database: Database, keyring: Keyring, column: Column[bytes], row_id: Column[object]
) -> int:
    with database.reading() as connection:
        stale = [
            (key, sealed)
            for key, sealed in connection.execute(select(row_id, column).where(column.is_not(None)))
            if not keyring.is_newest(sealed)
        ]
    for start in range(0, len(stale), _BATCH):
        with database.writing() as connection:
            for key, sealed in stale[start : start + _BATCH]:
                _reseal(connection, keyring, column, row_id, key, sealed)
    return len(stale)


def _reseal(
    connection: Connection,
    keyring: Keyring,
    column: Column[bytes],
    row_id: Column[object],
    key: object,
    sealed: bytes,
) -> None:
    place = f"{column.table.name}.{column.name}:{key}"
    fresh = keyring.seal(keyring.open(sealed, place), place)
    # Compare-and-set: a value that somebody has changed meanwhile is newer than what was read.
    connection.execute(
        update(column.table).where(row_id == key, column == sealed).values({column.name: fresh})
    )
