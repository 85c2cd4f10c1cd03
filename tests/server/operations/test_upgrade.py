"""From the previous release to this one: its database is upgraded, and what was there goes on."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from server import cli
from server.audit.verify import verify
from server.backup import restoring, rows, sealed
from server.crypto.secrets_table import AUDIT
from server.db import migrate
from server.db.engine import Database
from server.db.tables import cards, devices, metadata
from server.errors import DataDirRefused
from server.settings import Settings
from server.verifier import Verifier, open_verifier

from ..support import FAST, Api, Card, ToldClock
from . import previous
from .saved import WORDS


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    data = tmp_path / "data"
    previous.lay(data)
    return Settings(data=data, **FAST)


@pytest.fixture
def upgraded(settings: Settings, clock: ToldClock) -> Iterator[Verifier]:
    assert cli.main(["--data", str(settings.data), "upgrade"]) == 0
    with closing(open_verifier(settings, clock=clock, environment={})) as verifier:
        yield verifier


def counts(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for (name,) in names
        }


def as_it_stands(verifier: Verifier, number: int, key: bytes) -> Card:
    """A person's card, at the count that the verifier knows."""
    card = Card(number=number, key=key)
    with verifier.database.reading() as connection:
        card.counter = connection.execute(
            select(cards.c.counter)
            .join(devices, devices.c.id == cards.c.device_id)
            .where(devices.c.serial == card.serial)
        ).scalar_one()
    return card


def log_in(api: Api, user: str, card: Card) -> int:
    login, challenge = api.login(user)
    return int(api.answer(login, card.shows(challenge)).status_code)


def test_there_is_something_of_everything_in_the_previous_release(settings: Settings) -> None:
    assert min(counts(settings.data / "challng.db").values()) > 0


def test_it_is_not_opened_before_it_is_upgraded(settings: Settings) -> None:
    with pytest.raises(DataDirRefused, match="upgrade"):
        open_verifier(settings, environment={})


def test_nothing_is_lost_and_everybody_logs_in(
    settings: Settings, upgraded: Verifier, tmp_path: Path
) -> None:
    before = counts(previous.lay(tmp_path / "before"))
    after = counts(settings.data / "challng.db")
    after["secrets"] -= 1  # the key that signs receipts of confirmations
    assert {name: after[name] for name in before} == before
    api = Api(upgraded)
    assert log_in(api, "alice", as_it_stands(upgraded, 1, bytes(range(32)))) == 200
    assert log_in(api, "bob", as_it_stands(upgraded, 2, bytes(range(1, 33)))) == 200
    report = verify(upgraded.database, upgraded.secrets.get(AUDIT), upgraded.anchor)
    assert report.problem is None
    assert report.rows > 31


def test_upgrading_again_changes_nothing(settings: Settings, upgraded: Verifier) -> None:
    before = counts(settings.data / "challng.db")
    assert cli.main(["--data", str(settings.data), "upgrade"]) == 0
    assert counts(settings.data / "challng.db") == before


def columns(database: Path) -> dict[tuple[str, str], Any]:
    engine = Database(f"sqlite:///{database}")
    with engine.reading() as connection:
        there = inspect(connection)
        found = {
            (table, column["name"]): column
            for table in there.get_table_names()
            for column in there.get_columns(table)
        }
    engine.close()
    return found


def test_workers_of_the_previous_release_can_go_on_beside_it(
    settings: Settings, tmp_path: Path
) -> None:
    """Nothing they read is gone, and nothing they do not write has to be written."""
    before = columns(previous.lay(tmp_path / "before"))
    cli.main(["--data", str(settings.data), "upgrade"])
    after = columns(settings.data / "challng.db")
    assert set(before) <= set(after)
    tables = {table for table, _ in before}
    for (table, name), column in after.items():
        if table in tables and (table, name) not in before:
            assert column["nullable"] or column["default"] is not None, (table, name)


def test_a_worker_is_ready_on_a_database_of_a_later_version(upgraded: Verifier) -> None:
    api = Api(upgraded)
    for revision, status in (("9999", 200), ("0004", 503)):
        with upgraded.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
        assert api.client.get("/readyz").status_code == status


def test_a_backup_of_the_previous_release_is_restored_into_this_one(
    tmp_path: Path, clock: ToldClock
) -> None:
    old = previous.lay(tmp_path / "before")
    file = tmp_path / "backup"
    with file.open("wb") as out:
        sealer = sealed.Sealer(out, WORDS)
        sealer.write(zlib.compress(b"".join(lines_of(old))))
        sealer.finish()
    settings = Settings(data=tmp_path / "data", **FAST)
    restoring.restore(settings, file, WORDS, clock, "cli:test", environment={})
    with closing(open_verifier(settings, clock=clock, environment={})) as verifier:
        with verifier.database.reading() as connection:
            assert migrate.is_current(connection)
        card = as_it_stands(verifier, 1, bytes(range(32)))
        assert [log_in(Api(verifier), "alice", card) for _ in range(2)] == [401, 200]
        report = verify(verifier.database, verifier.secrets.get(AUDIT), verifier.anchor)
        assert report.problem is None


def lines_of(database: Path) -> Iterator[bytes]:
    """What the previous release's database is as lines of a backup."""

    def line(content: object) -> bytes:
        return json.dumps(content).encode() + b"\n"

    anchor = json.loads((previous.RELEASE / "audit.anchor").read_text())
    yield line(
        {
            "format": 1,
            "made": "2026-03-01T12:00:00Z",
            "revision": previous.REVISION,
            "anchor": anchor,
            "master_key": (previous.RELEASE / "master.key").read_text(),
        }
    )
    there = columns(database)
    count = 0
    with closing(sqlite3.connect(database)) as connection:
        for table in metadata.sorted_tables:
            held = [each for each in table.columns if (table.name, each.name) in there]
            if not held:
                continue
            kinds = [[each.name, rows.kind_of(each)] for each in held]
            yield line({"table": table.name, "columns": kinds})
            names = ", ".join(f'"{each.name}"' for each in held)
            for row in connection.execute(f'SELECT {names} FROM "{table.name}"'):
                count += 1
                yield line(
                    [
                        base64.b64encode(value).decode() if kind == "bytes" and value else value
                        for value, (_, kind) in zip(row, kinds, strict=True)
                    ]
                )
    yield line({"end": count})
