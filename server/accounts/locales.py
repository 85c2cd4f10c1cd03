"""The language that a user has chosen, for pages and notices; None until he has."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from ..audit.events import Event
from ..audit.log import AuditLog
from ..db.tables import users


def choose(
    connection: Connection, audit: AuditLog, now: datetime, user_id: int, locale: str
) -> None:
    """Keep a user's choice, and write it down where it is another than before."""
    another = or_(users.c.locale.is_(None), users.c.locale != locale)
    name = connection.execute(
        update(users)
        .where(users.c.id == user_id, another)
        .values(locale=locale)
        .returning(users.c.name)
    ).scalar_one_or_none()
    if name is not None:
        audit.write(connection, now, Event.LANGUAGE_SET, f"user:{name}", name, language=locale)


def choose_first(connection: Connection, name: str, locale: str) -> None:
    """Keep what a user chose before he logged in, where he has no language of his own yet."""
    connection.execute(
        update(users).where(users.c.name == name, users.c.locale.is_(None)).values(locale=locale)
    )


def chosen(connection: Connection, user_id: int) -> str | None:
    """Return a user's choice."""
    locale: str | None = connection.execute(
        select(users.c.locale).where(users.c.id == user_id)
    ).scalar_one()
    return locale
