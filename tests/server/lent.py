"""Databases of PostgreSQL for the verifier's tests, where CHALLNG_TEST_POSTGRES is set.

One server serves the whole run. To make a database takes longer than most tests, so one that a
test is done with is emptied and lent again, unless its tables have become others.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from psycopg import Connection, sql

from tests.postgres import Server

IN_USE = bool(os.environ.get("CHALLNG_TEST_POSTGRES"))
"""Whether the tests' verifiers keep their tables in PostgreSQL."""

_TEMPLATE = "template_of_the_tests"
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname IN ('public', 'challng_parts')
"""
_SHAPE = """
SELECT md5(string_agg(c.oid::regclass || '.' || a.attname, ' ' ORDER BY c.relname, a.attname))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'challng_parts')
"""
_COUNTS = "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
_EMPTY = """
DO $$
DECLARE one text;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no look at what refers to what
    FOR one IN SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'
    LOOP
        EXECUTE 'DELETE FROM ' || one;
    END LOOP;
    PERFORM setval(c.oid, 1, false) FROM pg_class c WHERE c.relkind = 'S';
END $$
"""


@dataclass
class _Lent:
    name: str
    folder: Path


_lent: list[_Lent] = []
_back: list[str] = []


def lend(folder: Path, lay: Callable[[str], None]) -> str:
    """Return the URL of a database with all tables and no row, for the verifier of a folder.

    `lay` lays the tables into the database of a URL; it is called once in a run.
    """
    server = _server()
    with server.connect() as connection:
        if not _exists(connection, _TEMPLATE):
            lay(server.create(_TEMPLATE))
        name = _back.pop() if _back else _another(connection)
    _lent.append(_Lent(name, folder))
    return server.url(name)


def take_back(folder: Path) -> None:
    """Empty the databases of the verifiers of a folder, for others."""
    for each in [lent for lent in _lent if lent.folder.is_relative_to(folder)]:
        _lent.remove(each)
        with _server().connect(each.name) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            connection.execute(_EMPTY)
            shape = _shape(connection)
        if shape == _shape_of_the_template():
            _back.append(each.name)


def kept(url: str) -> Callable[[], None]:
    """Keep the rows of a lent database as they are now; returns what puts them back."""
    name = url.rpartition("/")[2]
    server = _server()
    rows: dict[str, bytes] = {}
    with server.connect(name) as connection:
        tables = [row[0] for row in connection.execute(_TABLES)]
        counts = connection.execute(_COUNTS).fetchall()
        for table in tables:
            with connection.cursor().copy(f"COPY {table} TO STDOUT") as out:  # type: ignore[arg-type]
                rows[table] = b"".join(bytes(part) for part in out)

    def put_back() -> None:
        with server.connect(name) as connection, connection.transaction():
            connection.execute(_EMPTY)
            connection.execute("SET LOCAL session_replication_role = replica")
            for table, content in rows.items():
                with connection.cursor().copy(f"COPY {table} FROM STDIN") as into:  # type: ignore[arg-type]
                    into.write(content)
            for sequence, last in counts:
                if last is not None:
                    connection.execute("SELECT setval(%s::regclass, %s)", (sequence, last))

    return put_back


@pytest.fixture(autouse=True)
def lent_databases(request: pytest.FixtureRequest) -> Iterator[None]:
    """Take back what was lent to a test when it is over."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        take_back(folder)


def _another(connection: Connection[object]) -> str:
    name = f"lent_{len(_lent) + len(_back)}_{os.urandom(4).hex()}"
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(_TEMPLATE)
        )
    )
    return name


def _exists(connection: Connection[object], name: str) -> bool:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
    return found.fetchone() is not None


def _shape(connection: Connection[Any]) -> str:
    """Return what is the same for two databases with the same tables and partitions."""
    row = connection.execute(_SHAPE).fetchone()
    assert row
    return str(row[0])


@cache
def _shape_of_the_template() -> str:
    with _server().connect(_TEMPLATE) as connection:
        return _shape(connection)


@cache
def _server() -> Server:
    server = Server()
    atexit.register(server.remove)
    server.make()
    server.start()
    return server
