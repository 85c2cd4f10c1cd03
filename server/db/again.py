"""A piece of work that is done again where the database asked for that.

PostgreSQL ends one of two transactions that wait for each other (40P01), or that cannot both have
been first (40001), and a standby one that reads what the primary has just cleared away. Nothing of
such a transaction stands, so that the work can be done once more as if for the first time; but
only while no other transaction of the same work has been committed. That is what is kept here.
A connection that broke before COMMIT was sent is the same: nothing stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

from .. import metrics

T = TypeVar("T")

TRIES = 4
_ASKED_FOR = frozenset(("40001", "40P01"))


@dataclass
class Try:
    """One try of a piece of work; `written` once a COMMIT may have reached the database."""

    written: bool = False


_current: ContextVar[Try | None] = ContextVar("challng_try", default=None)


@contextmanager
def trying() -> Iterator[Try]:
    """Begin a try: what is committed within it is noted, in threads that it starts too."""
    around, this = _current.get(), Try()
    token = _current.set(this)
    try:
        yield this
    finally:
        _current.reset(token)
        if around is not None:  # of which this is a part
            around.written = around.written or this.written


def note_commit() -> None:
    """Note that a COMMIT is about to be sent."""
    this = _current.get()
    if this is not None:
        this.written = True


def may_be_repeated(error: Exception) -> bool:
    """Tell whether an error means that its transaction is undone, and may well work next time."""
    if not isinstance(error, DBAPIError):
        return False
    return getattr(error.orig, "sqlstate", None) in _ASKED_FOR or error.connection_invalidated


def is_outage(error: Exception) -> bool:
    """Tell whether an error is the database's state, and no mistake of a statement."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | InterfaceError | InternalError | TimeoutError)


def tries() -> Iterator[AbstractContextManager[None]]:
    """Give a context for each try: `for one in tries(): with one: return await ...`.

    It swallows the error of a try that is to be done again; the last one swallows none.
    """
    for left in reversed(range(TRIES)):
        yield _one(last=not left)


def again(work: Callable[[], T]) -> T:
    """Do a piece of work, and do it again where that is sound and the database asked for it."""
    for one in tries():
        with one:
            return work()
    raise AssertionError("unreachable")


@contextmanager
def _one(*, last: bool) -> Iterator[None]:
    with trying() as this:
        try:
            yield
        except SQLAlchemyError as error:
            if last or this.written or not may_be_repeated(error):
                raise
            metrics.REPEATED.inc()
