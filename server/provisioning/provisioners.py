"""The credentials' table: each known by the hash of its token alone.

A token is 256 bits of the operating system's randomness, so a plain SHA-256 keeps it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from ..accounts import names
from ..db.tables import provisioners
from ..errors import UserRefused

PREFIX = "chp_"
"""So that a person, or a scanner of files, sees what it is."""
_TOKEN_BYTES = 32
_TOKEN = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_FIND = select(provisioners.c.id, provisioners.c.name).where(
    provisioners.c.token_hash == bindparam("hash"), provisioners.c.revoked_at.is_(None)
)
_HOLD = (
    select(provisioners.c.id)
    .where(provisioners.c.id == bindparam("the_id"), provisioners.c.revoked_at.is_(None))
    .with_for_update(read=True)
)


@dataclass(frozen=True)
class Provisioner:
    """One credential, without its token."""

    id: int
    name: str
    revoked: bool = False

    @property
    def actor(self) -> str:
        """What the audit log calls it."""
        return f"provisioner:{self.name}"


def new_token() -> str:
    """Draw a token."""
    return PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def add(connection: Connection, name: str, token: str, now: datetime) -> Provisioner:
    """Add a credential under a name that was never used; raises UserRefused."""
    if names.spelled(name) != name:
        raise UserRefused(
            "A credential's name has 1 to 64 of the letters a to z, digits, and . _ @ - : "
            "choose another."
        )
    if connection.execute(select(provisioners.c.id).where(provisioners.c.name == name)).first():
        raise UserRefused(
            f"There is, or was, a credential {name}, and the audit log names it: "
            "choose another name."
        )
    row_id: int = connection.execute(
        insert(provisioners)
        .values(name=name, token_hash=_hash(token), added_at=now)
        .returning(provisioners.c.id)
    ).scalar_one()
    return Provisioner(row_id, name)


def find(connection: Connection, token: str) -> Provisioner | None:
    """Return the credential of a token, None where there is none or it was revoked."""
    if not _TOKEN.fullmatch(token):
        return None
    row = connection.execute(_FIND, {"hash": _hash(token)}).one_or_none()
    return None if row is None else Provisioner(row.id, row.name)


def hold(connection: Connection, provisioner: Provisioner) -> bool:
    """Keep a credential from being revoked until the transaction ends; False where it was."""
    return connection.execute(_HOLD, {"the_id": provisioner.id}).first() is not None


def revoke(connection: Connection, name: str, now: datetime) -> bool:
    """End a credential; False where there is none of this name that is not revoked."""
    ended = connection.execute(
        update(provisioners)
        .where(provisioners.c.name == name, provisioners.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return ended.rowcount == 1


def all_of_them(connection: Connection) -> list[Provisioner]:
    """Return all credentials by name."""
    rows = connection.execute(
        select(provisioners.c.id, provisioners.c.name, provisioners.c.revoked_at).order_by(
            provisioners.c.name
        )
    )
    return [Provisioner(row.id, row.name, row.revoked_at is not None) for row in rows]


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
