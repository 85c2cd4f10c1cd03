"""The statements of a login: each finds its rows by an index, and fails as any other statement."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from server.db import prepared
from server.db.prepared import Prepared, drive
from server.db.tables import sessions, users
from server.verifier import Verifier

from .support import Api, Card

_ONE_ROW = {"audit_head"}
_NAME = Prepared(select(users.c.id, users.c.added_at).where(users.c.name == bindparam("user")))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are handed to the driver."""
    texts: list[str] = []

    def driving(connection: Any, text: str, values: Any = ()) -> Any:
        texts.append(text)
        return drive(connection, text, values)

    monkeypatch.setattr(prepared, "drive", driving)
    return texts


@pytest.mark.sqlite  # PostgreSQL's plans are of how many rows there are
def test_a_login_looks_through_no_table(
    verifier: Verifier, api: Api, card: Card, ran: list[str]
) -> None:
    login, challenge = api.login()
    assert api.answer(login, card.shows(challenge)).status_code == 200
    assert len(ran) > 15
    with verifier.database.reading() as connection:
        for text in ran:
            plan = connection.exec_driver_sql(
                f"EXPLAIN QUERY PLAN {text}", ("x",) * text.count("?")
            )
            scans = [row.detail for row in plan if row.detail.startswith("SCAN")]
            tables = {detail.split()[1] for detail in scans} - {"CONSTANT"}
            assert tables <= _ONE_ROW, (text, scans)


@pytest.mark.sqlite
def test_a_session_that_ends_with_its_device_is_found_by_an_index(verifier: Verifier) -> None:
    for text in (
        "DELETE FROM sessions WHERE device_id = ?",
        "UPDATE logins SET state = 'closed' WHERE device_id = ? "
        "AND logins.state IN ('open', 'approved')",
        "UPDATE logins SET session_hash = x'00' WHERE session_hash = ?",
    ):
        with verifier.database.reading() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("x",)).all()
        assert any(" INDEX ix_" in row.detail for row in plan), (text, plan)


def test_a_prepared_statement_gives_the_same_values_as_any_other(verifier: Verifier) -> None:
    with verifier.database.reading() as connection:
        row = _NAME.one(connection, user="alice")
        same = connection.execute(_NAME.statement, {"user": "alice"}).one()
        assert (row.id, row.added_at) == (same.id, same.added_at)
        assert _NAME.one_or_none(connection, user="nobody") is None


def test_a_prepared_statement_is_undone_with_its_transaction(verifier: Verifier) -> None:
    lock = Prepared(update(users).where(users.c.name == "alice").values(locale=bindparam("to")))

    def cut_off() -> None:
        with verifier.database.writing() as connection:
            assert lock.count(connection, to="zh_Hant") == 1
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cut_off()
    with verifier.database.reading() as connection:
        assert connection.execute(select(users.c.locale)).scalar_one() is None


def test_a_prepared_statement_fails_as_any_other_and_tells_no_value(verifier: Verifier) -> None:
    again = Prepared(insert(users), ["name", "password_hash", "added_at"])
    values = {"name": "alice", "password_hash": "a hash", "added_at": verifier.clock.now()}
    with pytest.raises(IntegrityError) as failed, verifier.database.writing() as connection:
        again.count(connection, **values)
    assert "a hash" not in str(failed.value)
    with pytest.raises(DBAPIError, match="nowhere"), verifier.database.writing() as connection:
        drive(connection, "SELECT * FROM nowhere")


def test_a_snapshot_is_one_for_prepared_statements_too(verifier: Verifier) -> None:
    count = Prepared(select(sessions.c.token_hash))
    with verifier.database.reading() as connection:
        assert count.all(connection) == []
        with verifier.database.writing() as other:
            user = _NAME.one(other, user="alice").id
            other.execute(
                insert(sessions).values(
                    token_hash=b"t",
                    user_id=user,
                    begun_at=verifier.clock.now(),
                    seen_at=verifier.clock.now(),
                    ends_at=verifier.clock.now(),
                )
            )
        assert count.all(connection) == []
    with verifier.database.reading() as connection:
        assert len(count.all(connection)) == 1
