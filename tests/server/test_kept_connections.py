"""Connections stay open between transactions, are as many as may be, and carry nothing over."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import TimeoutError
from sqlalchemy.pool import NullPool

from server.db.engine import Database
from server.db.kept import Kept, Use, used_for
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
