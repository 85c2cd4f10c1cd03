"""The groups that a user belongs to: what applications are told to decide by."""

from __future__ import annotations

import re
from collections.abc import Collection

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select

from ..db.tables import user_groups
from ..errors import UserRefused

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID: BindParameter[object] = bindparam("the_id")
_OF_USER = select(user_groups.c.name).where(user_groups.c.user_id == _ID).order_by("name")


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a group."""
    return _NAME.fullmatch(text) is not None


def of_user(connection: Connection, user_id: int) -> tuple[str, ...]:
    """Return the names of a user's groups, in order."""
    return tuple(connection.execute(_OF_USER, {"the_id": user_id}).scalars())


def set_all(connection: Connection, user_id: int, names: Collection[str]) -> None:
    """Put a user into these groups, and out of all others; raises UserRefused."""
    for name in names:
        if not is_name(name):
            raise UserRefused(
                "A group's name has 1 to 64 letters, digits, and . _ - and begins with a letter or "
                "a digit: choose another."
            )
    connection.execute(delete(user_groups).where(user_groups.c.user_id == user_id))
    if names:
        rows = [{"user_id": user_id, "name": name} for name in sorted(set(names))]
        connection.execute(insert(user_groups), rows)
