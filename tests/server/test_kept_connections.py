"""Connections stay open between transactions, are as many as may be, and carry nothing over."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, bindparam, create_engine, insert, select, text, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError, TimeoutError
from sqlalchemy.pool import NullPool

from server.db.engine import Database
from server.db.kept import Kept, Use, used_for
from server.db.prepared import Prepared, drive
from server.db.tables import sessions, users
from server.verifier import Verifier


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    engine = create_engine(f"sqlite:///{tmp_path / 'small.db'}", poolclass=NullPool)
    return Kept(engine, most=2, at_rest=1, wait_seconds=0, lives=lambda _, rested: rested < 3600)


def driver(connection: Connection) -> object:
    return connection.connection.dbapi_connection


def test_one_at_rest_is_used_again_for_another_use(kept: Kept) -> None:
    with kept.connection(Use.WRITING) as outer, kept.connection(Use.READING) as inner:
        assert (used_for(outer), used_for(inner)) == (Use.WRITING, Use.READING)
        closed, rested = driver(outer), driver(inner)  # one may rest: who comes first
    with kept.connection(Use.LOOKING) as connection:
        assert driver(connection) is rested
        assert driver(connection) is not closed
        assert used_for(connection) is Use.LOOKING


def test_there_are_no_more_at_once_than_may_be(kept: Kept) -> None:
    def third() -> None:
        with kept.connection(Use.READING):
            pytest.fail("a third connection was given")

    with kept.connection(Use.READING), kept.connection(Use.READING), pytest.raises(TimeoutError):
        third()
    with kept.connection(Use.READING), kept.connection(Use.READING):
        pass


def test_what_was_begun_is_undone_and_a_broken_one_is_not_kept(kept: Kept) -> None:
    with kept.connection(Use.WRITING) as connection:
        connection.execute(text("CREATE TABLE things (name TEXT)"))
        connection.commit()
        connection.execute(text("INSERT INTO things VALUES ('half')"))
    with kept.connection(Use.READING) as connection:
        assert not connection.in_transaction()
        assert connection.execute(text("SELECT * FROM things")).all() == []
        broken = driver(connection)
        connection.invalidate()
    with kept.connection(Use.READING) as connection:
        assert driver(connection) is not broken


def test_one_that_does_not_live_any_more_is_replaced(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'small.db'}", poolclass=NullPool)
    kept = Kept(engine, most=1, at_rest=1, wait_seconds=0, lives=lambda *_: False)
    with kept.connection(Use.READING) as connection:
        before = driver(connection)
    with kept.connection(Use.READING) as connection:
        assert driver(connection) is not before


def test_a_look_begins_no_transaction(verifier: Verifier) -> None:
    database: Database = verifier.database
    with database.looking() as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar_one() > 0
        assert not getattr(driver(connection), "in_transaction", False)
    with database.reading() as connection:
        connection.execute(text("SELECT 1"))
        assert getattr(driver(connection), "in_transaction", True)


def test_what_is_written_by_either_way_is_one_transaction(verifier: Verifier) -> None:
    database: Database = verifier.database
    lock = Prepared(update(users).where(users.c.name == "alice").values(locale=bindparam("to")))
    rename = update(users).where(users.c.name == "alice").values(name="bob")

    def cut_off() -> None:
        with database.writing() as connection:
            lock.count(connection, to="zh_Hant")
            connection.execute(rename)
            raise InterruptedError

    def alices() -> list[str | None]:
        with database.reading() as connection:
            found = connection.execute(select(users.c.locale).where(users.c.name == "alice"))
            return list(found.scalars())

    with pytest.raises(InterruptedError):
        cut_off()
    assert alices() == [None]
    with database.writing() as connection:
        lock.count(connection, to="zh_Hant")
        connection.execute(rename)
    assert alices() == []


def test_a_transaction_that_was_lost_with_its_connection_is_not_taken_for_committed(
    verifier: Verifier,
) -> None:
    def lose() -> None:
        with verifier.database.writing() as connection:
            connection.execute(update(users).values(name="nobody"))
            connection.rollback()
            connection.invalidate()

    with pytest.raises(InvalidRequestError):
        lose()
    with verifier.database.reading() as connection:
        assert connection.execute(select(users.c.name)).first() != ("nobody",)


@pytest.mark.sqlite  # PostgreSQL checks its references with each statement
@pytest.mark.parametrize("prepared", [True, False])
def test_a_commit_that_fails_says_why_and_leaves_nothing_open(
    verifier: Verifier, prepared: bool
) -> None:
    now = verifier.clock.now()
    values = {"token_hash": b"t", "user_id": 77, "begun_at": now, "seen_at": now, "ends_at": now}
    opened = insert(sessions)

    def refer_to_nobody() -> None:
        with verifier.database.writing() as connection:
            drive(connection, "PRAGMA defer_foreign_keys=ON")
            if prepared:
                Prepared(opened, list(values)).count(connection, **values)
            else:
                connection.execute(opened.values(**values))

    for _ in range(2):
        with pytest.raises(IntegrityError, match="FOREIGN KEY"):
            refer_to_nobody()
    with verifier.database.writing() as connection:
        assert connection.execute(select(sessions.c.user_id)).all() == []
