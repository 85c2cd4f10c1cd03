"""The documents of a session's own account; there is no way to name another's."""

from __future__ import annotations

from sqlalchemy import Connection, Row, select

from ..accounts import people
from ..clock import Clock
from ..crypto.keyring import Keyring
from ..db.engine import Database
from ..db.tables import accounts, users
from ..errors import NotThere
from ..login.sessions import Session
from ..support.finding import masked
from ..words import N_
from . import pdf, shelf
from .shelf import Document

_NOT_THERE = N_("There is no such document.")


class Documents:
    """Lists documents and draws them."""

    def __init__(self, database: Database, clock: Clock, keyring: Keyring) -> None:
        self._database = database
        self._clock = clock
        self._keyring = keyring

    def all_of_them(self, session: Session) -> tuple[Document, ...]:
        """Return the documents of the session's account; none where it has no account."""
        with self._database.reading() as connection:
            row = _account(connection, session)
        return () if row is None else self._shelf(row)

    def draw(self, session: Session, document_id: str) -> bytes:
        """Return a document as a PDF; raises NotThere."""
        with self._database.reading() as connection:
            row = _account(connection, session)
            if row is None or not shelf.is_id(document_id):
                raise NotThere(_NOT_THERE)
            found = [each for each in self._shelf(row) if each.id == document_id]
            if not found:
                raise NotThere(_NOT_THERE)
            known = people.identification(connection, self._keyring, row.entity_id)
            holder = pdf.Holder(
                name=people.entity_name(connection, self._keyring, row.entity_id),
                account=row.number,
                tax_number=masked(known.ssn) if known.ssn else None,
                equity_cents=row.equity_cents,
                closed=row.closed_at is not None,
            )
        return pdf.draw(found[0], holder)

    def _shelf(self, row: Row[tuple[object, ...]]) -> tuple[Document, ...]:
        end = row.closed_at or self._clock.now()
        documents = shelf.of_account(row.opened_at.date(), end.date())
        return documents if row.closed_at else shelf.over(documents, end.date())


def _account(connection: Connection, session: Session) -> Row[tuple[object, ...]] | None:
    return connection.execute(
        select(accounts)
        .join(users, users.c.account_id == accounts.c.id)
        .where(users.c.id == session.user_id)
    ).one_or_none()
