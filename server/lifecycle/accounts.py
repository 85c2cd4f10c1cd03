"""The life of an account: opened for an entity, joined by its users, closed.

Closing takes nothing away from the users but what they may do: their user names and passwords
open the documents, and nothing else, from the next request on (login.access).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from ..accounts.roles import Role
from ..audit.log import AuditLog
from ..crypto.keyring import Keyring
from ..db.tables import accounts, orders, users
from ..errors import AccountRefused, NoSuchAccount
from ..notify.outbox import Notice, put
from ..states.order import ORDER, OrderMove
from . import cancelling, order_rows

_NUMBER = re.compile(r"[A-Z0-9]{4,16}")
_EQUITY = re.compile(r"[0-9]{1,12}(\.[0-9]{2})?", re.ASCII)


@dataclass(frozen=True)
class Account:
    """An account as the operator sees it, with the names of its users, the primary one first."""

    id: int
    number: str
    entity_id: int
    equity_cents: int
    closed: bool
    users: Sequence[str] = ()


def check_number(text: str) -> str:
    """Return an account number, or raise AccountRefused."""
    if not _NUMBER.fullmatch(text):
        raise AccountRefused("An account number has 4 to 16 capitals and digits: correct it.")
    return text


def cents(text: str) -> int:
    """Return an amount in USD ("750000", "12.50") as US cents, or raise AccountRefused."""
    if not _EQUITY.fullmatch(text):
        raise AccountRefused("The equity is an amount in USD, such as 750000 or 750000.00.")
    whole, _, part = text.partition(".")
    return int(whole) * 100 + int(part or 0)


def get(connection: Connection, number: str) -> Account:
    """Return an account, or raise NoSuchAccount."""
    row = connection.execute(select(accounts).where(accounts.c.number == number)).one_or_none()
    if row is None:
        raise NoSuchAccount(
            f"There is no account {number}: `challng-server account list` shows which there are."
        )
    names = connection.execute(
        select(users.c.name)
        .where(users.c.account_id == row.id)
        .order_by(users.c.is_primary.desc(), users.c.name)
    ).scalars()
    return Account(
        row.id,
        row.number,
        row.entity_id,
        row.equity_cents,
        row.closed_at is not None,
        tuple(names),
    )


def all_of_them(connection: Connection) -> list[Account]:
    """Return all accounts by number."""
    numbers = connection.execute(select(accounts.c.number).order_by(accounts.c.number)).scalars()
    return [get(connection, number) for number in numbers.all()]


def open_(
    connection: Connection, number: str, entity_id: int, equity_cents: int, now: datetime
) -> int:
    """Open an account under a number that is free, or raise AccountRefused; returns its id."""
    if connection.execute(select(accounts.c.id).where(accounts.c.number == number)).first():
        raise AccountRefused(f"There is an account {number} already: nothing is changed.")
    account_id: int = connection.execute(
        insert(accounts)
        .values(number=number, entity_id=entity_id, equity_cents=equity_cents, opened_at=now)
        .returning(accounts.c.id)
    ).scalar_one()
    return account_id


def join(
    connection: Connection,
    number: str,
    user: str,
    *,
    is_primary: bool = False,
    may_change_security: bool = True,
) -> None:
    """Make a user, who is in no account yet, one of an open account's; or raise AccountRefused."""
    account = get(connection, number)
    if account.closed:
        raise AccountRefused(f"The account {number} is closed: nobody joins it any more.")
    if (
        is_primary
        and connection.execute(
            select(users.c.id).where(users.c.account_id == account.id, users.c.is_primary)
        ).first()
    ):
        raise AccountRefused(f"The account {number} has a primary user already: leave --primary.")
    if is_primary and not may_change_security:
        raise AccountRefused("The primary user has the right to change security settings.")
    joined = connection.execute(
        update(users)
        .where(
            users.c.name == user,
            users.c.account_id.is_(None),
            users.c.role == Role.CUSTOMER.value,
        )
        .values(
            account_id=account.id,
            entity_id=account.entity_id,
            is_primary=is_primary,
            may_change_security=may_change_security,
        )
    )
    if joined.rowcount != 1:
        raise AccountRefused(
            f"The user {user} is in an account already, or is staff: nothing is changed."
        )


def close(
    connection: Connection,
    keyring: Keyring,
    audit: AuditLog,
    number: str,
    now: datetime,
    actor: str,
) -> bool:
    """Close an account, cancel its orders and tell its users; False where it is closed already."""
    account = get(connection, number)
    closed = connection.execute(
        update(accounts)
        .where(accounts.c.id == account.id, accounts.c.closed_at.is_(None))
        .values(closed_at=now)
    )
    if closed.rowcount != 1:
        return False
    open_ = (
        orders.c.account_id == account.id,
        orders.c.state.in_([each.value for each in ORDER.sources(OrderMove.CANCELLED)]),
    )
    connection.execute(select(orders.c.id).where(*open_).with_for_update())
    for order in order_rows.find(connection, keyring, *open_):
        cancelling.cancel(connection, audit, order, now, actor, closed=number)
    members = select(users.c.id).where(users.c.account_id == account.id)
    for user_id in connection.execute(members).scalars().all():
        put(connection, user_id, Notice.ACCOUNT_CLOSED, f"account:{account.id}:{user_id}", now)
    return True
