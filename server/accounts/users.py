"""The users' table: who there is, and what the operator may change about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, insert, select, update

from ..db.tables import users
from ..errors import NoSuchUser, UserRefused
from .roles import Role

_Rows = TypeVar("_Rows", bound=Select[Any])


@dataclass(frozen=True)
class User:
    """One user, as the table has him; the hash is kept out of every print."""

    id: int
    name: str
    locked: bool


def add(
    connection: Connection,
    name: str,
    password_hash: str,
    now: datetime,
    role: Role = Role.CUSTOMER,
) -> User:
    """Add a user under a name that is already spelled right and not taken."""
    if connection.execute(select(users.c.id).where(users.c.name == name)).first():
        raise UserRefused(f"There is a user {name} already: choose another name.")
    row = connection.execute(
        insert(users)
        .values(name=name, password_hash=password_hash, added_at=now, role=role.value)
        .returning(users.c.id)
    ).one()
    return User(row.id, name, locked=False)


def get(connection: Connection, name: str) -> User:
    """Return the user of this name, or raise NoSuchUser."""
    found = select(users.c.id, users.c.locked_at).where(users.c.name == name)
    row = connection.execute(found).one_or_none()
    if row is None:
        raise NoSuchUser(f"There is no user {name}: `challng-server user list` shows who there is.")
    return User(row.id, name, row.locked_at is not None)


def holding(statement: _Rows) -> _Rows:
    """Return a select of users that holds their rows until the transaction ends.

    Only what changes or holds a user waits. What refers to one, as every login, device, session
    and notice does when it is added, does not: with `FOR UPDATE` it would, in a circle.
    """
    return statement.with_for_update(key_share=True)


def hold(connection: Connection, *user_ids: int) -> None:
    """Hold users' rows until the transaction ends, always in the same order.

    Whoever decides by all that a user has (his devices, his shares) holds him first, so that of two
    that decide at once the second sees what the first has done. SQLite has one writer anyway.
    """
    wanted = select(users.c.id).where(users.c.id.in_(user_ids)).order_by(users.c.id)
    connection.execute(holding(wanted))


def all_of_them(connection: Connection) -> list[User]:
    """Return all users by name."""
    rows = connection.execute(
        select(users.c.id, users.c.name, users.c.locked_at).order_by(users.c.name)
    )
    return [User(row.id, row.name, row.locked_at is not None) for row in rows]


def set_password(connection: Connection, user: User, password_hash: str) -> None:
    """Replace the password's hash."""
    connection.execute(
        update(users).where(users.c.id == user.id).values(password_hash=password_hash)
    )


def set_locked(connection: Connection, user: User, locked_at: datetime | None) -> None:
    """Lock a user out, or let him in again (None)."""
    connection.execute(update(users).where(users.c.id == user.id).values(locked_at=locked_at))
