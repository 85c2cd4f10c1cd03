"""Statements of the hot path: compiled once, then handed to the driver as they are.

What SQLAlchemy does around each execution (looking the statement up in its cache, a context, a
result with its rows) costs several times what SQLite takes to run it. A round trip of a login is
some twenty statements, so they are prepared here; they are written in SQLAlchemy's Core like all
others, run in the same transaction, and fail with the same exceptions.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Sequence
from operator import itemgetter
from typing import Any, NoReturn

from sqlalchemy import Connection, UpdateBase
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, InvalidRequestError, MultipleResultsFound, NoResultFound
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.types import TypeEngine

_CURSOR = "challng_cursor"
"""The one cursor of a connection that all statements here run by: to make one is half of what a
statement costs psycopg. What a statement gives is fetched before the next one runs.
"""

_Turn = Callable[[Any], Any]
"""Turns a value into what the driver takes, or what it gives into a value."""


_Values = dict[str, object]
"""Values by the names of a statement's parameters."""


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
        compiled, cursor = self._run(connection, values)
        return [compiled.row(each) for each in cursor.fetchall()]

    def one_or_none(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401
        """Return the one row, or None where there is none."""
        compiled, cursor = self._run(connection, values)
        found = cursor.fetchall()
        if not found:
            return None
        if len(found) > 1:
            raise MultipleResultsFound("one row was expected, and there are several")
        return compiled.row(found[0])

    def one(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401
        """Return the one row that there has to be."""
        row = self.one_or_none(connection, **values)
        if row is None:
            raise NoResultFound("one row was expected, and there is none")
        return row

    def count(self, connection: Connection, **values: object) -> int:
        """Run a statement that returns no rows; tell how many it changed."""
        _, cursor = self._run(connection, values)
        return cursor.rowcount

    def _run(self, connection: Connection, values: _Values) -> tuple[_Compiled, DBAPICursor]:
        dialect = connection.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = _Compiled(self.statement, self._columns, dialect)
            self._compiled[dialect.name] = compiled
        return compiled, drive(connection, compiled.text, compiled.bound(values))


class _Compiled:
    """A statement as one database takes it.

    `bound` turns values by name into the driver's parameters, `row` a driver's row into our own.
    """

    def __init__(
        self, statement: ReturnsRows | UpdateBase, columns: Collection[str], dialect: Dialect
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self.text: str = compiled.string
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        turns = {name: _taken(bind.type, dialect) for name, bind in binds.items()}
        given = {name for name, bind in binds.items() if bind.required}
        fixed = {
            name: _turned(turns[name], bind.effective_value)
            for name, bind in binds.items()
            if name not in given
        }
        self.bound = _binding(
            fixed,
            [(name, turn) for name, turn in turns.items() if turn is not None and name in given],
            _in_order(compiled.positiontup) if compiled.positional else _by_name,
        )
        returned = statement.exported_columns if isinstance(statement, ReturnsRows) else {}
        back = [_given(column.type, dialect) for column in returned.values()]
        self.row = _reading(
            namedtuple("Row", returned.keys()),
            [(at, turn) for at, turn in enumerate(back) if turn is not None],
        )


def _in_order(names: Sequence[str]) -> Callable[[_Values], Any]:
    if len(names) == 1:  # of one name an itemgetter gives the value itself
        (only,) = names
        return lambda values: (values[only],)
    return itemgetter(*names) if names else lambda _values: ()


def _by_name(values: _Values) -> _Values:
    return values


def _binding(
    fixed: _Values, turns: Collection[tuple[str, _Turn]], arranged: Callable[[_Values], Any]
) -> Callable[[_Values], Any]:
    def bound(values: _Values) -> Any:  # noqa: ANN401
        """Return the parameters; `values` are its caller's no more."""
        for name, turn in turns:
            values[name] = turn(values[name])
        values.update(fixed)
        return arranged(values)

    return bound


def _reading(
    row: Any,  # noqa: ANN401 - a class of named tuples
    turns: Collection[tuple[int, _Turn]],
) -> Callable[[Sequence[Any]], Any]:
    def turned(found: Sequence[Any]) -> Any:  # noqa: ANN401
        values = list(found)
        for at, turn in turns:
            if values[at] is not None:  # which is None in every type
                values[at] = turn(values[at])
        return row._make(values)

    return turned if turns else row._make


def drive(connection: Connection, text: str, values: Any = ()) -> DBAPICursor:  # noqa: ANN401
    """Have the driver run a statement, in whatever transaction has been begun.

    Raises what SQLAlchemy raises: DBAPIError, which names no value; InvalidRequestError for a
    connection that was lost, for what it had begun is lost too.
    """
    if connection.invalidated:
        raise InvalidRequestError("the connection was lost")
    held = connection.connection
    driver = held.dbapi_connection
    assert driver is not None  # noqa: S101 - it is connected
    cursor = held.info.get(_CURSOR)
    if cursor is None or cursor.connection is not driver:
        cursor = held.info[_CURSOR] = driver.cursor()
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


def _turned(turn: _Turn | None, value: Any) -> Any:  # noqa: ANN401
    return value if turn is None else turn(value)


def _taken(kind: TypeEngine[Any], dialect: Dialect) -> _Turn | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _given(kind: TypeEngine[Any], dialect: Dialect) -> _Turn | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
