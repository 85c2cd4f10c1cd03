"""Requests that wait for a login: from the right password until the browser is back with a session.

What a request asked for is kept by its page until then, as the page's address. So nobody writes
anything here who has not given a right password.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from ..clock import Clock
from ..db.engine import Database
from ..db.tables import openid_requests as table
from ..login.sessions import Session
from ..settings import Settings

_ID_BYTES = 16
_ID = re.compile(r"[A-Za-z0-9_-]{22}")


class Waiting:
    """Keeps the requests that wait."""

    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._lifetime = timedelta(seconds=settings.openid_request_seconds)

    def begin(self, query: str, login_id: str | None = None, token: str | None = None) -> str:
        """Have a request wait for a login, or for a session just opened; returns its id."""
        now = self._clock.now()
        request_id = secrets.token_urlsafe(_ID_BYTES)
        with self._database.writing() as connection:
            connection.execute(delete(table).where(table.c.expires_at <= now))
            connection.execute(
                insert(table).values(
                    id=request_id,
                    query=query,
                    login_id=login_id,
                    session_hash=None if token is None else _hash(token),
                    expires_at=now + self._lifetime,
                )
            )
        return request_id

    def came_back(self, login_id: str, token: str) -> str | None:
        """Note the session that came of a login; returns the id of what waits for it."""
        with self._database.reading() as connection:
            row = connection.execute(
                select(table.c.id).where(
                    table.c.login_id == login_id, table.c.expires_at > self._clock.now()
                )
            ).one_or_none()
        if row is None:
            return None
        with self._database.writing() as connection:
            connection.execute(
                update(table).where(table.c.id == row.id).values(session_hash=_hash(token))
            )
        return str(row.id)

    def query(self, request_id: str) -> str | None:
        """Return what a request that waits has asked for."""
        if not _ID.fullmatch(request_id):
            return None
        with self._database.reading() as connection:
            found: str | None = connection.execute(
                select(table.c.query).where(
                    table.c.id == request_id, table.c.expires_at > self._clock.now()
                )
            ).scalar_one_or_none()
        return found

    def beside(self, login_id: str) -> str | None:
        """Return what has been asked for by the request that waits for a login."""
        with self._database.reading() as connection:
            found: str | None = connection.execute(
                select(table.c.query).where(
                    table.c.login_id == login_id, table.c.expires_at > self._clock.now()
                )
            ).scalar_one_or_none()
        return found

    def is_fresh(self, request_id: str, session: Session) -> bool:
        """Tell whether a session came of this request's login, which has not counted yet."""
        with self._database.reading() as connection:
            found = connection.execute(
                select(table.c.id).where(
                    table.c.id == request_id,
                    table.c.session_hash == session.token_hash,
                    table.c.used_at.is_(None),
                    table.c.expires_at > self._clock.now(),
                )
            ).first()
        return found is not None

    def use(self, request_id: str) -> bool:
        """Have a login count as fresh, once; False where it has counted."""
        with self._database.writing() as connection:
            used = connection.execute(
                update(table)
                .where(table.c.id == request_id, table.c.used_at.is_(None))
                .values(used_at=self._clock.now())
            )
            return used.rowcount == 1


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
