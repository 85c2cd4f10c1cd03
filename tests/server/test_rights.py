"""The right to change security settings: who has it, and whom the others are sent to."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from server.db import tables
from server.errors import NotAllowed
from server.lifecycle import devices, rights
from server.login.sessions import Session
from server.verifier import Verifier

from .people import ALICE, add_account, join
from .support import Api, Card, add_card, add_user


def session_of(verifier: Verifier, user: str) -> Session:
    token = Api(verifier).password(user).json()["session"]
    return verifier.sessions.find(token, verifier.clock.now())


def told(verifier: Verifier, session: Session) -> str | None:
    with verifier.database.reading() as connection:
        try:
            rights.must_change_security(connection, session)
        except NotAllowed as refusal:
            return str(refusal)
    return None


@pytest.fixture
def family(verifier: Verifier) -> Verifier:
    """Alice is the primary user of an account; bob, its second, lacks the right."""
    add_user(verifier, "bob")
    add_account(verifier, "U100", ALICE, "alice")
    join(verifier, "U100", "bob", security=False)
    return verifier


def test_a_user_without_an_account_may_change_his_own_settings(verifier: Verifier) -> None:
    assert told(verifier, session_of(verifier, "alice")) is None


def test_a_user_without_the_right_is_told_who_has_it(family: Verifier) -> None:
    assert told(family, session_of(family, "alice")) is None
    said = told(family, session_of(family, "bob"))
    assert said
    assert "primary user of this account, alice, has it" in said


def test_the_right_is_read_anew_for_a_session_that_is_open(family: Verifier) -> None:
    session = session_of(family, "alice")
    with family.database.writing() as connection:
        connection.execute(update(tables.users).values(may_change_security=False))
    assert session.may_change_security
    assert told(family, session)


def test_without_a_primary_user_the_desk_is_named(family: Verifier) -> None:
    with family.database.writing() as connection:
        connection.execute(update(tables.users).values(is_primary=False))
    said = told(family, session_of(family, "bob"))
    assert said
    assert "support desk" in said


def test_without_the_right_no_pin_is_changed(family: Verifier) -> None:
    add_card(family, Card(number=7), "bob")
    session = session_of_card(family, "bob", Card(number=7))
    with family.database.reading() as connection:
        (card,) = devices.own(connection, session.user_id, family.clock.now())
    with pytest.raises(NotAllowed, match="alice, has it"):
        family.pin_change.begin(session, card.id, "8152", "8152")


def session_of_card(verifier: Verifier, user: str, card: Card) -> Session:
    api = Api(verifier)
    login, challenge = api.login(user)
    token = api.answer(login, card.shows(challenge)).json()["session"]
    return verifier.sessions.find(token, verifier.clock.now())
