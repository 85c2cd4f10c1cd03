"""The migrations make just the tables that the code works with."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from server.db import migrate, tables
from server.db.engine import Database
from server.errors import DataDirRefused
from server.setup import upgrade
from server.verifier import Verifier, open_verifier


def test_the_migrations_and_the_tables_are_the_same(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    with database.writing() as connection:
        assert not migrate.has_tables(connection)
        migrate.upgrade(connection)
    with database.reading() as connection:
        assert migrate.is_current(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
    database.close()


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")

    def cut_off() -> None:
        with database.writing() as connection:
            migrate.upgrade(connection)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        cut_off()
    with database.reading() as connection:
        assert not migrate.has_tables(connection)
    database.close()


def test_a_database_of_another_version_is_not_opened(verifier: Verifier) -> None:
    assert not upgrade(verifier.settings)
    with verifier.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(DataDirRefused, match="upgrade"):
        open_verifier(verifier.settings)


def test_sqlite_is_durable_and_keeps_its_references(verifier: Verifier) -> None:
    with verifier.database.reading() as connection:

        def pragma(name: str) -> object:
            return connection.execute(text(f"PRAGMA {name}")).scalar_one()

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2  # FULL
        assert pragma("foreign_keys") == 1
