"""A table of credentials: each known by the hash of its token alone.

A token is 256 bits of the operating system's randomness, so a plain SHA-256 keeps it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection, Row, Table, bindparam, insert, select, update

from ..accounts import names
from ..errors import UserRefused

_TOKEN_BYTES = 32
_TOKEN = r"[A-Za-z0-9_-]{43}"  # noqa: S105


class Credential(Protocol):
    """What every kind of credential is, without its token."""

    @property
    def id(self) -> int:
        """Its row."""

    @property
    def name(self) -> str:
        """What the operator calls it."""

    @property
    def revoked(self) -> bool:
        """Whether it opens nothing any more."""

    @property
    def actor(self) -> str:
        """What the audit log calls it."""


C = TypeVar("C", bound=Credential)


class Tokens(Generic[C]):
    """The credentials of one kind.

    `table` has id, name, token_hash, added_at and revoked_at; `prefix` begins each token, so that a
    person, or a scanner of files, sees what it is; `made` turns a row into what callers use.
    """

    def __init__(self, table: Table, prefix: str, made: Callable[[Row[Any]], C]) -> None:
        self._table = table
        self._prefix = prefix
        self._made = made
        self._shape = re.compile(re.escape(prefix) + _TOKEN)
        usable = table.c.revoked_at.is_(None)
        the_id = bindparam("the_id", type_=table.c.id.type)
        self._find = select(table).where(table.c.token_hash == bindparam("hash"), usable)
        self._get = select(table).where(table.c.id == the_id, usable)
        held = select(table.c.id).where(table.c.id == the_id, usable)
        self._hold = held.with_for_update(read=True)
        self._hold_alone = held.with_for_update(key_share=True)

    def new(self) -> str:
        """Draw a token."""
        return self._prefix + secrets.token_urlsafe(_TOKEN_BYTES)

    def add(
        self, connection: Connection, name: str, token: str, now: datetime, **more: object
    ) -> C:
        """Add a credential under a name that was never used; raises UserRefused."""
        if names.spelled(name) != name:
            raise UserRefused(
                "A credential's name has 1 to 64 of the letters a to z, digits, and . _ @ - : "
                "choose another."
            )
        table = self._table
        if connection.execute(select(table.c.id).where(table.c.name == name)).first():
            raise UserRefused(
                f"There is, or was, a credential {name}, and the audit log names it: "
                "choose another name."
            )
        added = (
            insert(table)
            .values(name=name, token_hash=_hash(token), added_at=now, **more)
            .returning(table)
        )
        return self._made(connection.execute(added).one())

    def find(self, connection: Connection, token: str) -> C | None:
        """Return the credential of a token, None where there is none or it was revoked."""
        if not self._shape.fullmatch(token):
            return None
        row = connection.execute(self._find, {"hash": _hash(token)}).one_or_none()
        return None if row is None else self._made(row)

    def get(self, connection: Connection, credential_id: int) -> C | None:
        """Return a credential by its row, None where there is none or it was revoked."""
        row = connection.execute(self._get, {"the_id": credential_id}).one_or_none()
        return None if row is None else self._made(row)

    def hold(self, connection: Connection, credential: C, *, alone: bool = False) -> bool:
        """Keep a credential from being revoked until the transaction ends; False where it was.

        `alone`: its other calls wait meanwhile, and see what this one has done.
        """
        held = self._hold_alone if alone else self._hold
        return connection.execute(held, {"the_id": credential.id}).first() is not None

    def revoke(self, connection: Connection, name: str, now: datetime) -> bool:
        """End a credential; False where there is none of this name that is not revoked."""
        table = self._table
        ended = connection.execute(
            update(table)
            .where(table.c.name == name, table.c.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return ended.rowcount == 1

    def all_of_them(self, connection: Connection) -> list[C]:
        """Return all credentials by name."""
        rows = connection.execute(select(self._table).order_by(self._table.c.name))
        return [self._made(row) for row in rows]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
