"""What `tick` does about what is old: partitions for what is to come, and the cuts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from ..db.tables import audit_head
from ..verifier import Verifier
from . import audit, logins, partitions

_log = structlog.get_logger()


@dataclass(frozen=True)
class Done:
    """How many rows of the log, and logins, were cut off."""

    rows: int
    logins: int


def run(verifier: Verifier) -> Done:
    """Do all of it; what a lock was not to be had for is left to the next time."""
    settings, now = verifier.settings, verifier.clock.now()
    parts = (verifier.database, verifier.audit)
    keep = settings.audit_keep_days
    if not verifier.database.is_sqlite:
        _try("weeks", lambda: _add_weeks(verifier))
        _try("chapters", lambda: _add_chapters(verifier))
    past = _try("logins", lambda: logins.cut(*parts, now, settings.login_keep_days))
    rows = 0
    if keep is not None:
        rows = _try("audit", lambda: audit.cut(*parts, verifier.secrets, now, keep))
    return Done(rows, past)


def _try(what: str, step: Callable[[], int]) -> int:
    try:
        return step()
    except DBAPIError as error:
        _log.warning("retention.later", what=what, failure=type(error.orig).__name__)
        return 0


def _add_weeks(verifier: Verifier) -> int:
    with verifier.database.writing() as connection:
        return partitions.add_weeks(connection, verifier.clock.now())


def _add_chapters(verifier: Verifier) -> int:
    with verifier.database.writing() as connection:
        written = connection.execute(select(audit_head.c.seq)).scalar_one()
        return partitions.add_chapters(connection, written, verifier.settings.audit_chapter_rows)
