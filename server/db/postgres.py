"""What only PostgreSQL needs: its URL, as libpq reads it, time-outs, and connections that live.

A URL is libpq's own (postgresql.org/docs/current/libpq-connect.html, 32.1.1.2), so it may name
several hosts: `postgresql://user@one,two/challng?target_session_attrs=read-write`.
"""

from __future__ import annotations

import time
from typing import Any, cast

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from ..errors import SettingsRefused
from .url import Patience

_ASK_AFTER_SECONDS = 1.0
"""A connection that rested longer is asked whether it lives before it is used."""

_RESTED = "challng_rested_since"


def engine(url: str, patience: Patience) -> Engine:
    """Return an engine for a server; it connects when it is first used.

    Raises SettingsRefused for a URL that libpq cannot read; its text is not repeated.
    """
    arguments = _arguments(url, patience)
    made = create_engine(
        "postgresql+psycopg://",
        pool_size=patience.connections,
        max_overflow=0,
        pool_timeout=patience.connect_seconds,
        pool_use_lifo=True,  # what is not needed rests, and is asked before it is used again
        use_native_hstore=False,
    )

    @event.listens_for(made, "do_connect")
    def connect(
        _dialect: Dialect, _entry: ConnectionPoolEntry, _given: object, more: dict[str, Any]
    ) -> DBAPIConnection:
        return cast(DBAPIConnection, psycopg.connect(**(more | arguments)))

    @event.listens_for(made, "checkin")
    def rest(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
        entry.info[_RESTED] = time.monotonic()

    @event.listens_for(made, "checkout")
    def ask(
        connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection
    ) -> None:
        rested = time.monotonic() - entry.info.get(_RESTED, time.monotonic())
        if rested > _ASK_AFTER_SECONDS and not _lives(cast(psycopg.Connection[Any], connection)):
            raise DisconnectionError("the server is gone; another connection is made")

    return made


def account(url: str) -> tuple[str | None, str | None]:
    """Return the user and the password that a URL names.

    Raises SettingsRefused for a URL that libpq cannot read; its text is not repeated.
    """
    given = _keywords(url)
    user, password = given.get("user"), given.get("password")
    return None if user is None else str(user), None if password is None else str(password)


def _lives(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.autocommit = True
        connection.execute("")
        connection.autocommit = False
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
