"""Rows are held in one order, whoever holds them: login, device, card, audit; a user before all."""

from __future__ import annotations

import ast
from pathlib import Path

from sqlalchemy import select

import server
from server.accounts.users import holding
from server.db import tables
from server.login import password
from server.verifier import Verifier

from .desk_support import Caller
from .row_order import in_order, in_postgresql, recorded
from .support import Api
from .test_sharing import alice, elsewhere, owner, second  # noqa: F401

SOURCES = sorted(Path(server.__file__).parent.rglob("*.py"))


# --- users


def test_a_held_user_is_not_in_the_way_of_what_refers_to_him() -> None:
    """`FOR UPDATE` would be: each login, device and notice that is added holds him for its key."""
    held = in_postgresql(holding(select(tables.users.c.id)))
    assert held.endswith("FOR NO KEY UPDATE")
    assert in_postgresql(password._STILL_STANDS).endswith("FOR NO KEY UPDATE")


def test_users_are_held_in_no_other_way() -> None:
    for source in SOURCES:
        text = source.read_text()
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "with_for_update":
                assert "select(users" not in (ast.get_source_segment(text, call) or ""), source


def test_a_user_is_held_before_the_proof_that_may_change_him(
    verifier: Verifier,
    api: Api,
    alice: Caller,  # noqa: F811
) -> None:
    asked = alice.post("/opt-out").json()
    assert alice.card
    answer = {"answer": alice.card.shows(asked["prompt"]["challenge"])}
    with recorded(verifier) as done:
        assert alice.post(f"/opt-out/{asked['proof']}", answer).status_code == 200
    (held,) = [each for each in done if "logins" in each and "audit" in each]
    assert held[:3] == ["users", "logins", "devices"]
    assert in_order(held)
