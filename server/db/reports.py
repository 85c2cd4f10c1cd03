"""Where reports are read: from a read replica, where there is one that is not behind.

Nothing is decided by what stands there: a replica tells what was, a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from .engine import Database
from .tables import audit_head

_log = structlog.get_logger()


class Reports:
    """Reads from the replica, or else from the database itself."""

    def __init__(self, database: Database, replica: Database | None) -> None:
        self._database = database
        self._replica = replica

    @contextmanager
    def reading(self, up_to: int = 0) -> Iterator[Connection]:
        """Give a connection that sees one snapshot, with row `up_to` of the audit log in it."""
        with ExitStack() as held:
            connection = self._of_replica(held, up_to)
            if connection is None:
                connection = held.enter_context(self._database.reading())
            yield connection

    def _of_replica(self, held: ExitStack, up_to: int) -> Connection | None:
        if self._replica is None:
            return None
        try:
            connection = held.enter_context(self._replica.reading())
            written = connection.execute(select(audit_head.c.seq)).scalar_one_or_none() or 0
        except SQLAlchemyError as error:
            _log.warning("replica.away", failure=type(error).__name__)
            return None
        if written < up_to:
            _log.warning("replica.behind", rows=up_to - written)
            return None
        return connection

    def close(self) -> None:
        """Give back the replica's connections."""
        if self._replica is not None:
            self._replica.close()
