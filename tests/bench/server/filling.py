"""A verifier's database filled in bulk: users with a card each, and logins that are long past."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import Table, select, update

from protocol import ocra, serial
from server.audit import chain
from server.audit.events import Event
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_head, audit_log, cards, devices, logins, sessions, users
from server.db.types import Moment
from server.factors.card_factor import place
from server.verifier import Verifier
from tests.bench.server.people import PASSWORD, PIN, Person

_AT_ONCE = 20_000
_SECOND = timedelta(seconds=1)


def fill(verifier: Verifier, people: range, past: range) -> None:
    """Add the users and cards of `people`, and the logins `past`, each of one of those so far.

    A past login is its row, the row of its session, and its two rows of the audit log.
    """
    now = verifier.clock.now()
    _load(verifier, users, _users(verifier, people, now))
    _load(verifier, devices, _devices(people, now))
    _load(verifier, cards, _cards(verifier, people))
    so_far = max(people.stop - 1, 1)
    _load(verifier, logins, _logins(past, so_far, now))
    _load(verifier, sessions, _sessions(past, so_far, now))
    _log(verifier, past, so_far, now)


def _users(verifier: Verifier, people: range, now: datetime) -> Iterator[dict[str, Any]]:
    hashed = verifier.hasher.hash(PASSWORD)
    for number in people:
        yield {
            "id": number,
            "name": Person(number).name,
            "password_hash": hashed,
            "added_at": now,
            "role": "customer",
        }


def _devices(people: range, now: datetime) -> Iterator[dict[str, Any]]:
    for number in people:
        yield {
            "id": number,
            "kind": "card",
            "state": "active",
            "serial": serial.make(number),
            "owner_id": number,
            "label": "card",
            "wrong_run": 0,
            "added_at": now,
            "activated_at": now,
        }


def _cards(verifier: Verifier, people: range) -> Iterator[dict[str, Any]]:
    seal = verifier.keyring.seal
    for number in people:
        yield {
            "device_id": number,
            "suite": ocra.DEFAULT_SUITE,
            "key_sealed": seal(Person(number).key, place("key_sealed", number)),
            "pin_sealed": seal(PIN.encode(), place("pin_sealed", number)),
            "counter": 0,
            "issuer": "bench",
        }


def _login_id(number: int) -> str:
    """An id that looks like one; in rising order, for a table is filled fastest so."""
    return f"{number:010}{hashlib.sha256(b'%d' % number).hexdigest()[:12]}"


def _logins(past: range, so_far: int, now: datetime) -> Iterator[dict[str, Any]]:
    for number in past:
        at = now - _SECOND * (number % 10_000_000 + 86_400)
        yield {
            "id": _login_id(number),
            "user_id": number % so_far + 1,
            "device_id": number % so_far + 1,
            "purpose": "login",
            "prompt": '{"challenge": "314159"}',
            "state": "accepted",
            "attempts": 1,
            "begun_at": at,
            "expires_at": at + 120 * _SECOND,
            "decided_at": at + 9 * _SECOND,
            "from_address": "192.0.2.7",
            "from_agent": "Firefox on Linux",
        }


def _sessions(past: range, so_far: int, now: datetime) -> Iterator[dict[str, Any]]:
    for number in past:
        at = now - _SECOND * (number % 10_000_000 + 86_400)
        rest = hashlib.sha256(b"token %d" % number).digest()[8:]
        yield {
            "token_hash": number.to_bytes(8, "big") + rest,
            "user_id": number % so_far + 1,
            "device_id": number % so_far + 1,
            "login_id": _login_id(number),
            "begun_at": at,
            "seen_at": at,
            "ends_at": at + 43_200 * _SECOND,
        }


def _log(verifier: Verifier, past: range, so_far: int, now: datetime) -> None:
    """Go on with the chain: it is in order afterwards."""
    key = verifier.secrets.get(AUDIT)
    with verifier.database.reading() as connection:
        head = connection.execute(select(audit_head)).one()
    seq, mac = head.seq, head.mac

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal seq, mac
        for number in past:
            name = Person(number % so_far + 1).name
            for event in (Event.LOGIN_BEGUN, Event.LOGIN_ACCEPTED):
                seq += 1
                actor, detail = f"user:{name}", '{"device":"CH00000000"}'
                mac = chain.row_mac(key, mac, seq, now, event.value, actor, name, detail)
                yield {
                    "seq": seq,
                    "at": now,
                    "event": event.value,
                    "actor": actor,
                    "subject": name,
                    "detail": detail,
                    "mac": mac,
                }

    _load(verifier, audit_log, rows())
    with verifier.database.writing() as connection:
        connection.execute(update(audit_head).values(seq=seq, mac=mac))
    verifier.audit.seal(now)


def _load(verifier: Verifier, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """Put rows into a table the fastest way that its database has."""
    rows = iter(rows)
    first = list(islice(rows, 1))
    if not first:
        return
    names = list(first[0])
    moments = {name for name in names if isinstance(table.c[name].type, Moment)}
    spelled = Moment()
    dialect = verifier.database.engine.dialect

    def values(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(
            spelled.process_bind_param(row[name], dialect) if name in moments else row[name]
            for name in names
        )

    with verifier.database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        while batch := [values(row) for row in [*first, *islice(rows, _AT_ONCE)]]:
            first = []
            if isinstance(driver, sqlite3.Connection):
                _insert(driver, table.name, names, batch)
            else:
                _copy(driver, table.name, names, batch)


def _insert(
    driver: sqlite3.Connection, table: str, names: Sequence[str], batch: list[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(names))
    driver.execute("BEGIN IMMEDIATE")
    driver.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", batch)
    driver.execute("COMMIT")


def _copy(
    driver: psycopg.Connection[Any], table: str, names: Sequence[str], batch: list[tuple[Any, ...]]
) -> None:
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as copy:
        for row in batch:
            copy.write_row(row)
    driver.commit()


def settle(verifier: Verifier) -> None:
    """Do what a database does by itself in time: write the log back, gather its statistics."""
    with verifier.database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        else:
            driver.rollback()
            driver.autocommit = True
            for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
                driver.execute(statement)
            driver.autocommit = False
