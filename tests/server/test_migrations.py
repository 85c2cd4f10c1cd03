"""The migrations make just the tables that the code works with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateIndex

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


@pytest.mark.sqlite
def test_sqlite_is_durable_and_keeps_its_references(verifier: Verifier) -> None:
    with verifier.database.reading() as connection:

        def pragma(name: str) -> object:
            return connection.execute(text(f"PRAGMA {name}")).scalar_one()

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2  # FULL
        assert pragma("foreign_keys") == 1


# --- 0002 and later, on what 0001 made


def of_version(connection: Connection, version: str) -> None:
    config = migrate._config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)


OLD_ROWS = (
    "INSERT INTO users VALUES (7, 'alice', 'hash', 1, NULL)",
    "INSERT INTO devices"
    " (id, kind, serial, owner_id, label, wrong_run, locked_at, added_at, used_at)"
    " VALUES (3, 'card', 'CH00000018', 7, 'card', 2, 5, 1, 4)",
    "INSERT INTO cards (device_id, suite, key_sealed, pin_sealed, counter, issuer, far_counter,"
    " far_login_id) VALUES (3, 'suite', x'01', x'02', 9, 'issuer', 11, 'login')",
    "INSERT INTO logins VALUES ('login', 7, 3, '{}', 'open', 1, 1, 2, NULL, NULL)",
    "INSERT INTO sessions VALUES (x'03', 7, 3, 'login', 'full', 1, 1, 2)",
)


GONE = ("sessions", "access")
"""Decided whenever a session is looked at, from 0003 on."""


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    with database.writing() as connection:
        of_version(connection, "0001")
        for each in OLD_ROWS:
            connection.exec_driver_sql(each)
    yield database
    database.close()


def row(connection: Connection, table: str) -> dict[str, object]:
    return dict(connection.execute(text(f"SELECT * FROM {table}")).mappings().one())


def test_cards_of_before_stay_active_with_all_that_refers_to_them(old: Database) -> None:
    with old.reading() as connection:
        before = {name: row(connection, name) for name in ("users", "logins", "sessions")}
        device, card = row(connection, "devices"), row(connection, "cards")
    with old.migrating() as connection:
        migrate.upgrade(connection)
    with old.reading() as connection:
        assert migrate.is_current(connection)
        for name, values in before.items():
            kept = {key: value for key, value in values.items() if (name, key) != GONE}
            assert row(connection, name).items() >= kept.items()
        after = row(connection, "devices")
        assert after.items() >= device.items()
        assert (after["state"], after["activated_at"]) == ("active", device["added_at"])
        assert row(connection, "cards") == card | {
            "key_id": None,
            "pin_reset_at": None,
            "resync": None,
        }
        assert row(connection, "users")["role"] == "customer"
        assert row(connection, "logins")["purpose"] == "login"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_serial_stands_once_among_the_devices_that_are_not_revoked(old: Database) -> None:
    again = text(
        "INSERT INTO devices (kind, serial, state, owner_id, label, wrong_run, added_at)"
        " VALUES ('card', 'CH00000018', :state, 7, :label, 0, 1)"
    )

    def add(state: str, label: str) -> None:
        with old.writing() as connection:
            connection.execute(again, {"state": state, "label": label})

    with old.migrating() as connection:
        migrate.upgrade(connection)
    for state in ("pending", "active"):
        with pytest.raises(IntegrityError):
            add(state, "card-2")
    with old.writing() as connection:
        connection.execute(text("UPDATE devices SET state = 'revoked'"))
    add("pending", "card")
    with pytest.raises(IntegrityError):
        add("active", "card-2")


def test_a_migration_that_would_break_a_reference_is_undone(old: Database) -> None:
    def careless(connection: Connection) -> None:
        migrate.upgrade(connection)
        connection.execute(text("DELETE FROM devices"))

    def run() -> None:
        with old.migrating() as connection:
            careless(connection)

    with pytest.raises(IntegrityError, match="broke a reference"):
        run()
    with old.reading() as connection:
        assert row(connection, "devices")["serial"] == "CH00000018"
        assert not migrate.is_current(connection)
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda d: d.name)
def test_both_databases_are_asked_for_a_partial_index(dialect: Any) -> None:
    (index,) = (each for each in tables.devices.indexes if each.name == "ix_devices_serial_kept")
    made = str(CreateIndex(index).compile(dialect=dialect))
    assert made.startswith("CREATE UNIQUE INDEX")
    assert made.endswith("WHERE state != 'revoked'")
