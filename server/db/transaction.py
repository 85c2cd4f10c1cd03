"""A transaction that writes: begun and ended by statements of our own, handed to the driver.

SQLAlchemy's own bookkeeping of a transaction costs several times what the two statements do. What
it executes meanwhile joins the transaction that stands: an engine's `begin` event asks `is_open`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import InvalidRequestError

from .prepared import drive

Actions = list[Callable[[], None]]

_AFTER = "challng_after_commit"
"""What is to be done after the commit; it is there as long as the transaction is."""


def begin(connection: Connection, text: str) -> None:
    """Begin a transaction by a statement."""
    connection.info[_AFTER] = []
    try:
        drive(connection, text)
    except BaseException:
        if not connection.invalidated:
            del connection.info[_AFTER]
        raise


def is_open(connection: Connection) -> bool:
    """Tell whether `begin` has begun a transaction that is not over."""
    return _AFTER in connection.info


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Have `action` run once what `connection` writes is durably committed."""
    connection.info[_AFTER].append(action)


def commit(connection: Connection) -> Actions:
    """Commit; returns what is to be done now.

    Raises InvalidRequestError where nothing of it stands: the connection was lost, or a statement
    failed and nobody cared, which PostgreSQL answers by rolling back.
    """
    cursor = drive(connection, "COMMIT")
    if getattr(cursor, "statusmessage", "COMMIT") != "COMMIT":
        raise InvalidRequestError("a statement has failed: nothing was committed")
    if connection.get_transaction() is not None:  # SQLAlchemy has joined it
        connection.commit()
    after: Actions = connection.info.pop(_AFTER)
    return after


def roll_back(connection: Connection) -> None:
    """Undo what was begun and not committed, by whomever; nothing where there is nothing."""
    if not connection.invalidated and is_open(connection):
        if connection.get_transaction() is None:
            connection.begin()  # joins it, so that SQLAlchemy can end it
        del connection.info[_AFTER]
    if connection.get_transaction() is not None:
        connection.rollback()
