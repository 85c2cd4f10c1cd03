"""Who may change security settings: the one place that decides it.

Everybody, but for users of an account from whom the right was taken. Those see a notice that names
the account's primary user, on every page and call that would change something.

    rights.notice(connection, session)                 # for a page: what it shows instead of a form
    rights.must_change_security(connection, session)   # first thing in every service that changes
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from ..db.tables import accounts, users
from ..errors import NotAllowed
from ..login.sessions import Session
from ..words import N_

_PRIMARY_HAS_IT = N_(
    "You do not have the right to change security settings. The primary user of this account, "
    "%(primary)s, has it: ask %(primary)s to make the change."
)
_NOBODY_HAS_IT = N_("You do not have the right to change security settings. Call the support desk.")


@dataclass(frozen=True)
class Notice:
    """What a user without the right is told; `primary` is who has it."""

    text: str
    primary: str | None

    @property
    def values(self) -> dict[str, object]:
        """What fills the places in `text`."""
        return {"primary": self.primary} if self.primary else {}


def notice(connection: Connection, session: Session) -> Notice | None:
    """Return the notice for a session's user; None where he has the right.

    The right is read anew, not taken from the session, so that it ends at once.
    """
    row = connection.execute(
        select(users.c.may_change_security, users.c.account_id).where(users.c.id == session.user_id)
    ).one()
    if row.may_change_security:
        return None
    primary: str | None = None
    if row.account_id is not None:
        primary = connection.execute(
            select(users.c.name)
            .join(accounts, accounts.c.id == users.c.account_id)
            .where(users.c.account_id == row.account_id, users.c.is_primary)
        ).scalar()
    return Notice(_PRIMARY_HAS_IT if primary else _NOBODY_HAS_IT, primary)


def must_change_security(connection: Connection, session: Session) -> None:
    """Raise NotAllowed, naming the primary user, where the session's user lacks the right."""
    told = notice(connection, session)
    if told is not None:
        raise NotAllowed(told.text, **told.values)
