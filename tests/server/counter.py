"""The desk's counter, as far as the factors' tests need it: a clerk, a passed check, a code."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from server.accounts import users
from server.accounts.roles import Role
from server.db.tables import identity_checks
from server.db.tables import users as users_table
from server.factors import cards
from server.login.sessions import Session
from server.verifier import Verifier

from .support import Api, Card, add_card, add_user

CLERK = "dan"


def user_id(verifier: Verifier, name: str = "alice") -> int:
    with verifier.database.reading() as connection:
        return users.get(connection, name).id


def clerk(verifier: Verifier, role: Role = Role.SUPPORT) -> Session:
    """Log a member of the desk in, with a card of his own."""
    with verifier.database.reading() as connection:
        known = connection.execute(
            select(users_table.c.id).where(users_table.c.name == CLERK)
        ).first()
    card = Card(number=90)
    if known is None:
        add_user(verifier, CLERK)
        add_card(verifier, card, CLERK)
    with verifier.database.writing() as connection:
        connection.execute(
            update(users_table).where(users_table.c.name == CLERK).values(role=role.value)
        )
    card.counter = _counter(verifier, card)
    api = Api(verifier)
    login, challenge = api.login(CLERK)
    token = api.answer(login, card.shows(challenge)).json()["session"]
    return verifier.sessions.find(token, verifier.clock.now())


def _counter(verifier: Verifier, card: Card) -> int:
    with verifier.database.reading() as connection:
        listed = cards.all_of_them(connection)
    return next(each.counter for each in listed if each.serial == card.serial)


def check(verifier: Verifier, session: Session, user: str = "alice", *, passed: bool = True) -> int:
    """Note an identity check of a caller; returns its id."""
    with verifier.database.writing() as connection:
        return int(
            connection.execute(
                insert(identity_checks)
                .values(
                    user_id=users.get(connection, user).id,
                    staff_id=session.user_id,
                    asked="[]",
                    passed=passed,
                    at=verifier.clock.now(),
                )
                .returning(identity_checks.c.id)
            ).scalar_one()
        )


def issue(verifier: Verifier, user: str = "alice") -> str:
    """Have the desk issue a temporary code."""
    session = clerk(verifier)
    return verifier.temporary_codes.issue(
        session, user_id(verifier, user), check(verifier, session, user)
    )
