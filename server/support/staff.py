"""What every act of the desk begins with: the duty, a reason, and another's user name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from ..accounts.names import is_plain, spelled
from ..accounts.roles import DUTIES, Duty, Role
from ..db.tables import accounts, users
from ..errors import NotAllowed, NotTaken, NotThere
from ..login.access import Access
from ..login.sessions import Session
from ..words import N_

_NOT_BY_DUTY = N_("This is for the support desk, and your role does not reach it.")
NOT_ONESELF = N_("Nobody does this for himself: ask a colleague.")
_NO_USER = N_("There is no such user.")
_NO_REASON = N_("Give the reason in 3 to 200 characters: it stands in the audit log.")
_SHORTEST, _LONGEST = 3, 200


@dataclass(frozen=True)
class Person:
    """A user as the desk meets him."""

    id: int
    name: str
    role: Role
    locked: bool
    entity_id: int | None
    account: str | None
    account_closed: bool
    primary: bool
    opted_out: bool
    identity_failures: int
    identity_locked_at: datetime | None


def must(session: Session, duty: Duty) -> None:
    """Raise NotAllowed where a session's user does not have a duty, or no device proved him."""
    if session.access is not Access.FULL or duty not in DUTIES[session.role]:
        raise NotAllowed(_NOT_BY_DUTY)


def check_reason(text: str) -> str:
    """Return a reason as it is written down, or raise NotTaken."""
    reason = text.strip()
    if not _SHORTEST <= len(reason) <= _LONGEST or not is_plain(reason):
        raise NotTaken(_NO_REASON, field="reason")
    return reason


def person(connection: Connection, name: str) -> Person:
    """Return the user of a name, or raise NotThere."""
    row = connection.execute(
        select(users, accounts.c.number, accounts.c.closed_at)
        .outerjoin(accounts, accounts.c.id == users.c.account_id)
        .where(users.c.name == (spelled(name) or ""))
    ).one_or_none()
    if row is None:
        raise NotThere(_NO_USER)
    return Person(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        locked=row.locked_at is not None,
        entity_id=row.entity_id,
        account=row.number,
        account_closed=row.closed_at is not None,
        primary=row.is_primary,
        opted_out=row.opted_out_at is not None,
        identity_failures=row.identity_failures,
        identity_locked_at=row.identity_locked_at,
    )


def other(connection: Connection, session: Session, name: str) -> Person:
    """Return the user of a name, who is somebody else; raises NotThere, NotAllowed."""
    found = person(connection, name)
    if found.id == session.user_id:
        raise NotAllowed(NOT_ONESELF)
    return found
