"""Statements of the hot path: compiled once, then handed to the driver as they are.

What SQLAlchemy does around each execution (looking the statement up in its cache, a context, a
result with its rows) costs several times what SQLite takes to run it. A round trip of a login is
some twenty statements, so they are prepared here; they are written in SQLAlchemy's Core like all
others, run in the same transaction, and fail with the same exceptions.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy import Connection, UpdateBase
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlalchemy.sql.selectable import ReturnsRows
from sqlalchemy.types import TypeEngine

from .kept import Use, used_for

_CURSOR = "challng_cursor"
"""The one cursor of a connection that all statements here run by: to make one is half of what a
statement costs psycopg. What a statement gives is fetched before the next one runs.
"""

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
        return self._for(connection.dialect).rows(self._run(connection, values).fetchall())

    def one_or_none(self, connection: Connection, **values: object) -> Any:  # noqa: ANN401
        """Return the one row, or None where there is none."""
        found = self._run(connection, values).fetchall()
        if not found:
            return None
        if len(found) > 1:
            raise MultipleResultsFound("one row was expected, and there are several")
        return self._for(connection.dialect).rows(found)[0]

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
        try:
            return self._compiled[dialect.name]
        except KeyError:
            made = _Compiled(self.statement, self._columns, dialect)
            return self._compiled.setdefault(dialect.name, made)


class _Compiled:
    """A statement as one database takes it.

    `bound` turns values by name into the driver's parameters, `rows` a driver's rows into our own.
    """

    def __init__(
        self, statement: ReturnsRows | UpdateBase, columns: Collection[str], dialect: Dialect
    ) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns) or None)
        self.text: str = compiled.string
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        given = {name: bind for name, bind in binds.items() if bind.required}
        turns = {name: _taken(bind.type, dialect) for name, bind in binds.items()}
        fixed = {
            name: _turned(turns[name], bind.effective_value)
            for name, bind in binds.items()
            if name not in given
        }
        self.bound: Callable[[Mapping[str, object]], Any]
        if compiled.positional:
            order = compiled.positiontup
            places = [(at, name, turns[name]) for at, name in enumerate(order) if name in given]
            self.bound = _filling([fixed.get(name) for name in order], places)
        else:
            self.bound = _filling(fixed, [(name, name, turns[name]) for name in given])
        returned = statement.exported_columns if isinstance(statement, ReturnsRows) else {}
        row = namedtuple("Row", returned.keys())  # type: ignore[misc]
        back = [_given(column.type, dialect) for column in returned.values()]
        self.rows = _reading(row, [(at, turn) for at, turn in enumerate(back) if turn is not None])


def _filling(
    fixed: Any,  # noqa: ANN401 - a list by place or a dict by name, as the driver takes them
    places: Collection[tuple[Any, str, _Turn | None]],
) -> Callable[[Mapping[str, object]], Any]:
    def bound(values: Mapping[str, object]) -> Any:  # noqa: ANN401
        filled = fixed.copy()
        for place, name, turn in places:
            filled[place] = values[name] if turn is None else turn(values[name])
        return filled

    return bound


def _reading(
    row: Any,  # noqa: ANN401 - a class of named tuples
    turns: Collection[tuple[int, _Turn]],
) -> Callable[[Sequence[Any]], list[Any]]:
    def turned(found: Sequence[Any]) -> Any:  # noqa: ANN401
        values = list(found)
        for at, turn in turns:
            if values[at] is not None:  # which is None in every type
                values[at] = turn(values[at])
        return row._make(values)

    make = turned if turns else row._make
    return lambda found: [make(each) for each in found]


def drive(connection: Connection, text: str, values: Any = ()) -> DBAPICursor:  # noqa: ANN401
    """Have the driver run a statement, in the transaction of what the connection is used for.

    Raises what SQLAlchemy raises: DBAPIError, which names no value.
    """
    if used_for(connection) is not Use.LOOKING and not connection.in_transaction():
        connection.begin()
    return bare(connection, text, values)


def bare(connection: Connection, text: str, values: Any = ()) -> DBAPICursor:  # noqa: ANN401
    """Have the driver run a statement as `drive` does, beginning nothing."""
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
