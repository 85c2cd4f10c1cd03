"""What the verifier's tests share: a clock that is told the time, a card, a whole verifier."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Connection, create_engine, text

from protocol import ocra, serial
from protocol.pskc import CardRecord
from server import setup
from server.accounts import users
from server.clock import Clock
from server.db import migrate
from server.db.engine import Database
from server.factors import cards
from server.settings import Settings
from server.verifier import Verifier, open_verifier

from . import lent
from .apps import client_of

_upgrade = migrate.upgrade

PASSWORD = "correct horse battery"
PIN = "7305"
SUITE = ocra.DEFAULT_SUITE
FAST = {"argon2_time": 1, "argon2_memory_kib": 8}
"""A password hash that costs next to nothing, by the documented settings."""


class ToldClock(Clock):
    """Stands still but for what it is told; whoever sleeps moves it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class Card:
    """A card as a person holds it: every response that it shows uses up a count."""

    number: int = 1
    suite: str = SUITE
    counter: int = 0
    key: bytes = field(default=bytes(range(32)), repr=False)

    @property
    def serial(self) -> str:
        return serial.make(self.number)

    def record(self) -> CardRecord:
        parsed = ocra.parse(self.suite)
        return CardRecord(
            serial=self.serial,
            suite=self.suite,
            key=self.key,
            counter=self.counter,
            issuer="test",
            key_id=f"key-{self.number}",
            challenge_length=parsed.question_length,
            pin_length=4,
        )

    def shows(self, challenge: str, pin: str = PIN) -> str:
        response = ocra.response(
            self.suite, self.key, question=challenge, counter=self.counter, pin=pin
        )
        self.counter += 1
        return response

    def skip(self, presses: int) -> None:
        """Somebody plays with the card: `presses` responses are shown and never typed."""
        self.counter += presses


def wrong(right: str) -> str:
    """Return a well-formed response that is not `right`."""
    return f"{(int(right) + 1) % 10 ** len(right):0{len(right)}}"


def make_verifier(folder: Path, clock: Clock | None = None, **numbers: Any) -> Verifier:
    """Make a verifier in a folder of its own and open it."""
    where = {"database_url": lent.lend(folder, _lay_in)} if lent.IN_USE else {}
    settings = Settings(data=folder / "data", **(FAST | where | numbers))
    clock = clock or ToldClock()
    with quick_tables(lent.IN_USE):
        setup.make(settings, clock, "cli:test")
    return open_verifier(settings, clock=clock)


@contextmanager
def quick_tables(laid: bool = False) -> Iterator[None]:
    """A verifier that is made meanwhile has its tables laid without the migrations, or already."""
    with patch.object(migrate, "upgrade", _laid_already if laid else lay_tables):
        yield


def environment_of(verifier: Verifier) -> dict[str, str]:
    """Return what tells another process where a verifier is."""
    settings = verifier.settings
    where = {"CHALLNG_DATABASE_URL": settings.database} if settings.database_url else {}
    return {"CHALLNG_DATA": str(settings.data)} | where


def commands_find(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have commands that are run in this process find a verifier, wherever its tables are."""
    for name, value in environment_of(verifier).items():
        monkeypatch.setenv(name, value)


def _lay_in(url: str) -> None:
    database = Database(url)
    with database.migrating() as connection:
        _upgrade(connection)
        connection.exec_driver_sql("DELETE FROM alembic_version")
    database.close()


def _laid_already(connection: Connection) -> None:
    """Say so: a lent database has its tables, and nothing in them."""
    insert = text("INSERT INTO alembic_version VALUES (:head)")
    connection.execute(insert, {"head": migrate._head()})


def lay_tables(connection: Connection) -> None:
    """Do what the migrations do to an empty database, without working it out each time."""
    for statement in _statements():
        connection.exec_driver_sql(statement)


@cache
def _statements() -> tuple[str, ...]:
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _upgrade(connection)
        made = connection.connection.dbapi_connection
        assert isinstance(made, sqlite3.Connection)
        statements = tuple(made.iterdump())
    engine.dispose()
    return tuple(each for each in statements if not each.startswith(("BEGIN", "COMMIT")))


def add_user(verifier: Verifier, name: str = "alice", password: str = PASSWORD) -> None:
    with verifier.database.writing() as connection:
        users.add(connection, name, verifier.hasher.hash(password), verifier.clock.now())


def add_card(verifier: Verifier, card: Card, user: str = "alice", pin: str = PIN) -> None:
    with verifier.database.writing() as connection:
        owner = users.get(connection, user)
        cards.import_card(
            connection, verifier.keyring, card.record(), owner, pin, verifier.clock.now()
        )


class Api:
    """The JSON API as an application calls it."""

    def __init__(self, verifier: Verifier) -> None:
        self.client = client_of(verifier, raise_server_exceptions=False)

    def password(self, user: Any = "alice", password: Any = PASSWORD) -> Any:
        body = {"username": user, "password": password}
        return self.client.post("/api/v1/login", json=body)

    def login(self, user: str = "alice") -> tuple[str, str]:
        """Give the right password; returns the login's id and its challenge."""
        response = self.password(user)
        assert response.status_code == 200, response.text
        content = response.json()
        return content["login"], content["prompt"]["challenge"]

    def answer(self, login: str, text: Any) -> Any:
        return self.client.post(f"/api/v1/login/{login}/answer", json={"answer": text})

    def session(self, token: str) -> Any:
        return self.client.get("/api/v1/session", headers={"Authorization": f"Bearer {token}"})
