"""Sharing while something else happens at the same moment, on another worker."""

# ruff: noqa: F811 - fixtures of other files are used by their names
from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Select

from server.accounts import users
from server.accounts.roles import Role
from server.db import tables
from server.lifecycle.sharing import Sharing
from server.verifier import Verifier

from .desk_support import REASON, Caller, staff
from .support import Api
from .test_sharing import alice, elsewhere, prove, second, share  # noqa: F401


@pytest.mark.parametrize("closed", [True, False], ids=["seen", "not seen"])
def test_a_share_that_is_cancelled_between_challenge_and_answer_opens_nothing(
    verifier: Verifier, api: Api, alice: Caller, second: Caller, closed: bool
) -> None:
    """Also where the login was begun at the same moment, and cancelling did not see it."""
    number = share(second, alice).json()["id"]
    login, challenge = api.login("alice2")
    assert alice.post(f"/shares/{number}/cancel").status_code == 200
    if not closed:
        with verifier.database.writing() as connection:
            connection.execute(
                update(tables.logins).where(tables.logins.c.id == login).values(state="open")
            )
    assert alice.card
    answered = api.answer(login, alice.card.shows(challenge))
    assert (answered.status_code, "session" in answered.json()) == (409, False)
    with verifier.database.reading() as connection:
        name = users.get(connection, "alice2")
        found = select(tables.sessions).where(tables.sessions.c.user_id == name.id)
        assert connection.execute(found).all() == []


def test_both_users_are_held_before_the_rules_are_asked(
    verifier: Verifier, api: Api, alice: Caller, elsewhere: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a database with locks on rows; always in one order, so that nobody waits in a circle."""
    number = prove(elsewhere, alice).json()["id"]
    cora = staff(verifier, api, "cora", Role.COMPLIANCE)
    done: list[str] = []
    check = Sharing._check

    def note(_connection: Any, statement: Any, *_others: Any) -> None:
        if isinstance(statement, Select) and statement.get_final_froms() == [tables.users]:
            done.append(str(statement.compile(dialect=postgresql.dialect())))

    def checked(self: Sharing, *given: Any) -> None:
        done.append("the rules")
        check(self, *given)

    event.listen(verifier.database.engine, "before_execute", note)
    monkeypatch.setattr(Sharing, "_check", checked)
    for act in (
        lambda: elsewhere.post(f"/shares/{number}/submit"),
        lambda: cora.post(f"/desk/shares/{number}", {"decision": "approve", "reason": REASON}),
    ):
        done.clear()
        assert act().status_code == 200
        held = [each for each in done[: done.index("the rules")] if "FOR NO KEY UPDATE" in each]
        assert len(held) == 1
        assert "ORDER BY users.id FOR NO KEY UPDATE" in held[0]
