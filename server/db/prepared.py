"""Statements of the hot path: compiled once, then handed to the driver as they are.

What SQLAlchemy does around each execution (looking the statement up in its cache, a context, a
result with its rows) costs several times what SQLite takes to run it. A round trip of a login is
some twenty statements, so they are prepared here; they are written in SQLAlchemy's Core like all
others, run in the same transaction, and fail with the same exceptions.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection
from typing import Any, NoReturn

from sqlalchemy import Connection, UpdateBase
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.types import TypeEngine

_Turn = Callable[[Any], Any]
"""Turns a value into what the driver takes, or what it gives into a value."""


class Prepared:
    """One statement; the values of its parameters are given by name.

    It has no list of a length that varies (`in_` with a list). An insert is told the `columns` that
    it is given. Rows come as named tuples.
    """

    def __init__(self, statement: ReturnsRows | UpdateBase, columns: Collection[str] = ()) -> None:
        self.statement = statement
        self._columns = columns
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **values: object) -> list[Any]:
        """Return the rows."""
        cursor = self._run(connection, values)
        return self._for(connection.dialect).rows(cursor)

    def one_or_none(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401
        """Return the one row, or None where there is none."""
        rows = self.all(connection, **values)
        if len(rows) > 1:
            raise MultipleResultsFound("one row was expected, and there are several")
        return rows[0] if rows else None

    def one(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401
        """Return the one row that there has to be."""
        row = self.one_or_none(connection, **values)
        if row is None:
            raise NoResultFound("one row was expected, and there is none")
        return row

    def count(self, connection: Connection, **values: object) -> int:
        """Run a statement that returns no rows; tell how many it changed."""
        return self._run(connection, values).rowcount

    def _run(self, connection: Connection, values: dict[str, object]) -> DBAPICursor:
        compiled = self._for(connection.dialect)
        return drive(connection, compiled.text, compiled.bound(values))

    def _for(self, dialect: Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = _Compiled(self.statement, self._columns, dialect)
            self._compiled[dialect.name] = compiled
        return compiled


class _Compiled:
    """A statement as one database takes it."""

    def __init__(
        self, statement: ReturnsRows | UpdateBase, columns: Collection[str], dialect: Dialect
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self.text: str = compiled.string
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None
        self._fixed: dict[str, Any] = {}
        self._turns: dict[str, _Turn] = {}
        for bind, name in compiled.bind_names.items():
            turn = _taken(bind.type, dialect)
            if not bind.required:
                value = bind.effective_value
                self._fixed[name] = value if turn is None else turn(value)
            elif turn is not None:
                self._turns[name] = turn
        returned = list(statement.exported_columns) if isinstance(statement, ReturnsRows) else []
        keys = statement.exported_columns.keys() if isinstance(statement, ReturnsRows) else []
        self._row: Any = namedtuple("Row", keys)  # type: ignore[misc]
        given = ((at, _given(column.type, dialect)) for at, column in enumerate(returned))
        self._back = [(at, turn) for at, turn in given if turn is not None]

    def bound(self, values: dict[str, object]) -> Any:  # noqa: ANN401 - what the driver takes
        """Return the parameters in the driver's shape."""
        named = self._fixed | values
        for name, turn in self._turns.items():
            named[name] = turn(named[name])
        return named if self._order is None else [named[name] for name in self._order]

    def rows(self, cursor: DBAPICursor) -> list[Any]:
        """Return what a cursor has, as rows."""
        found = cursor.fetchall()
        if not self._back:
            return [self._row._make(row) for row in found]
        return [self._row._make(self._turned(row)) for row in found]

    def _turned(self, row: Any) -> list[Any]:  # noqa: ANN401 - a driver's row
        values = list(row)
        for at, turn in self._back:
            values[at] = turn(values[at])
        return values


def drive(connection: Connection, text: str, values: Any = ()) -> DBAPICursor:  # noqa: ANN401
    """Have the driver run a statement, in the connection's transaction.

    Raises what SQLAlchemy raises: DBAPIError, which names no value.
    """
    if not connection.in_transaction():
        connection.begin()
    return bare(connection, text, values)


def bare(connection: Connection, text: str, values: Any = ()) -> DBAPICursor:  # noqa: ANN401
    """Have the driver run a statement as `drive` does, beginning nothing."""
    driver = connection.connection.dbapi_connection
    assert driver is not None  # noqa: S101 - it is connected
    cursor = driver.cursor()
    try:
        cursor.execute(text, values)
    except connection.dialect.loaded_dbapi.Error as error:
        _fail(connection, text, cursor, error)
    return cursor


def _fail(connection: Connection, text: str, cursor: DBAPICursor, error: Any) -> NoReturn:  # noqa: ANN401
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection, cursor)
    if lost:
        connection.invalidate(error)
    raise DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    ) from error


def _taken(kind: TypeEngine[Any], dialect: Dialect) -> _Turn | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _given(kind: TypeEngine[Any], dialect: Dialect) -> _Turn | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
