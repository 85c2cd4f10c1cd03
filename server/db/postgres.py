"""What only PostgreSQL needs: its URL, as libpq reads it, time-outs, and connections that live.

A URL is libpq's own (postgresql.org/docs/current/libpq-connect.html, 32.1.1.2), so it may name
several hosts: `postgresql://user@one,two/challng?target_session_attrs=read-write`.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from ..errors import SettingsRefused
from .kept import Kept, Use, used_for
from .prepared import drive
from .transaction import is_open
from .url import Patience

_ASK_AFTER_SECONDS = 1.0
"""A connection that rested longer is asked whether it lives before it is used."""

BEGIN_WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN = {
    None: "BEGIN",
    Use.READING: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    Use.WRITING: BEGIN_WRITING,
}
"""What begins a transaction: the driver, which could do that too, is told to leave it to us."""


def engine(url: str, patience: Patience) -> Engine:
    """Return an engine for a server; it connects when it is first used.

    Raises SettingsRefused for a URL that libpq cannot read; its text is not repeated.
    """
    arguments = _arguments(url, patience)
    made = create_engine(
        "postgresql+psycopg://",
        poolclass=NullPool,
        use_native_hstore=False,
    )

    @event.listens_for(made, "do_connect")
    def connect(
        _dialect: Dialect, _entry: ConnectionPoolEntry, _given: object, more: dict[str, Any]
    ) -> DBAPIConnection:
        return cast(DBAPIConnection, psycopg.connect(**(more | arguments), autocommit=True))

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        use = used_for(connection)
        if use is not Use.LOOKING and not is_open(connection):
            drive(connection, _BEGIN[use])

    return made


def account(url: str) -> tuple[str | None, str | None]:
    """Return the user and the password that a URL names.

    Raises SettingsRefused for a URL that libpq cannot read; its text is not repeated.
    """
    given = _keywords(url)
    user, password = given.get("user"), given.get("password")
    return None if user is None else str(user), None if password is None else str(password)


def kept(engine: Engine, patience: Patience) -> Kept:
    """Return the connections that are kept open to a server."""
    most = patience.connections
    return Kept(engine, most, most, patience.connect_seconds, _lives)


def _lives(connection: Connection, rested: float) -> bool:
    """Tell whether a connection that rested so many seconds still is one."""
    if rested <= _ASK_AFTER_SECONDS:
        return True
    try:
        cast(psycopg.Connection[Any], connection.connection.dbapi_connection).execute("")
    except psycopg.Error:
        return False
    return True


def _arguments(url: str, patience: Patience) -> dict[str, Any]:
    """Return libpq's keywords for a URL, with what it does not say itself.

    Without the keepalives and `tcp_user_timeout` (milliseconds) a host that vanished without a
    word would hold its connections for a quarter of an hour.
    """
    given = _keywords(url)
    limits = {
        "statement_timeout": patience.statement_seconds,
        "lock_timeout": patience.lock_seconds,
        "idle_in_transaction_session_timeout": 2 * patience.statement_seconds,
    }
    options = " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items())
    sure: dict[str, Any] = {
        "connect_timeout": patience.connect_seconds,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 15_000,
        "application_name": "challng",
    }
    if "," in str(given.get("host", "")):
        sure["target_session_attrs"] = "read-write"
    return sure | given | {"options": f"{options} {given.get('options', '')}".strip()}


def _keywords(url: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(f"postgresql://{url.split('://', 1)[1]}"))
    except (psycopg.Error, IndexError):
        raise SettingsRefused(
            "The URL of the database cannot be read: write it as "
            "postgresql://user:password@host:5432/database."
        ) from None
