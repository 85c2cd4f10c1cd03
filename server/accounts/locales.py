"""The language that a user has chosen, for pages and notices; None until he has."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from ..db.tables import users


def choose(connection: Connection, user_id: int, locale: str) -> None:
    """Keep a user's choice."""
    connection.execute(update(users).where(users.c.id == user_id).values(locale=locale))


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
