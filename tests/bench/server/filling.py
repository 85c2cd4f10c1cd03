"""A verifier's database filled in bulk: users with a card each, and logins that are long past."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
from sqlalchemy import Table, select, update

from protocol import ocra, serial
from server.audit import chain
from server.audit.events import Event
from server.crypto.secrets_table import AUDIT
from server.db.tables import audit_head, audit_log, cards, devices, logins, sessions, users
from server.factors.card_factor import place
from server.verifier import Verifier
from tests.bench.server.people import PASSWORD, PIN, Person

_AT_ONCE = 20_000
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_SECOND = 1_000_000
_USER = "id, name, password_hash, added_at, role"
_DEVICE = "id, kind, state, serial, owner_id, label, wrong_run, added_at, activated_at"
_CARD = "device_id, suite, key_sealed, pin_sealed, counter, issuer"
_LOGIN = (
    "id, user_id, device_id, purpose, prompt, state, attempts, begun_at, expires_at, decided_at, "
    "from_address, from_agent"
)
_SESSION = "token_hash, user_id, device_id, login_id, begun_at, seen_at, ends_at"
_EVENT = "seq, at, event, actor, subject, detail, mac"

Rows = Iterator[tuple[Any, ...]]


def fill(verifier: Verifier, people: range, past: range) -> None:
    """Add the users and cards of `people`, and the logins `past`, each of one of those so far.

    A past login is its row, the row of its session, and a row of the audit log.
    """
    now = (verifier.clock.now() - _EPOCH) // _MICROSECOND
    so_far = max(people.stop - 1, 1)
    _load(verifier, users, _USER, _users(verifier, people, now))
    _load(verifier, devices, _DEVICE, _devices(people, now))
    _load(verifier, cards, _CARD, _cards(verifier, people))
    _load(verifier, logins, _LOGIN, _logins(past, so_far, now))
    _load(verifier, sessions, _SESSION, _sessions(past, so_far, now))
    _log(verifier, past, so_far)


def _users(verifier: Verifier, people: range, now: int) -> Rows:
    hashed = verifier.hasher.hash(PASSWORD)
    for number in people:
        yield number, Person(number).name, hashed, now, "customer"


def _devices(people: range, now: int) -> Rows:
    for number in people:
        yield number, "card", "active", serial.make(number), number, "card", 0, now, now


def _cards(verifier: Verifier, people: range) -> Rows:
    seal = verifier.keyring.seal
    for number in people:
        key = seal(Person(number).key, place("key_sealed", number))
        pin = seal(PIN.encode(), place("pin_sealed", number))
        yield number, ocra.DEFAULT_SUITE, key, pin, 0, "bench"


def _login_id(number: int) -> str:
    """An id that looks like one; in rising order, for a table is filled fastest so."""
    return f"{number:010}{hashlib.sha256(b'%d' % number).hexdigest()[:12]}"


def _begun(number: int, now: int) -> int:
    return now - _SECOND * (number % 10_000_000 + 86_400)


def _logins(past: range, so_far: int, now: int) -> Rows:
    for number in past:
        who, at = number % so_far + 1, _begun(number, now)
        yield (
            *(_login_id(number), who, who, "login", '{"challenge": "314159"}', "accepted", 1),
            *(at, at + 120 * _SECOND, at + 9 * _SECOND, "192.0.2.7", "Firefox on Linux"),
        )


def _sessions(past: range, so_far: int, now: int) -> Rows:
    for number in past:
        who, at = number % so_far + 1, _begun(number, now)
        token = number.to_bytes(8, "big") + hashlib.sha256(b"token %d" % number).digest()[8:]
        yield token, who, who, _login_id(number), at, at, at + 43_200 * _SECOND


def _log(verifier: Verifier, past: range, so_far: int) -> None:
    """Go on with the chain: it is in order afterwards."""
    key, now = verifier.secrets.get(AUDIT), verifier.clock.now()
    stamp, event, detail = (now - _EPOCH) // _MICROSECOND, Event.LOGIN_ACCEPTED.value, "{}"
    with verifier.database.reading() as connection:
        head = connection.execute(select(audit_head)).one()
    seq, mac = head.seq, head.mac

    def rows() -> Rows:
        nonlocal seq, mac
        for number in past:
            name = Person(number % so_far + 1).name
            seq += 1
            mac = chain.row_mac(key, mac, seq, now, event, f"user:{name}", name, detail)
            yield seq, stamp, event, f"user:{name}", name, detail, mac

    _load(verifier, audit_log, _EVENT, rows())
    with verifier.database.writing() as connection:
        connection.execute(update(audit_head).values(seq=seq, mac=mac))
    verifier.audit.seal(now)


def _load(verifier: Verifier, table: Table, columns: str, rows: Rows) -> None:
    """Put rows into a table the fastest way that its database has."""
    with verifier.database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        put = _insert if isinstance(driver, sqlite3.Connection) else _copy
        while batch := list(islice(rows, _AT_ONCE)):
            put(driver, table.name, columns, batch)


def _insert(
    driver: sqlite3.Connection, table: str, columns: str, batch: list[tuple[Any, ...]]
) -> None:
    marks = ", ".join("?" * len(batch[0]))
    driver.execute("BEGIN IMMEDIATE")
    driver.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", batch)
    driver.execute("COMMIT")


def _copy(
    driver: psycopg.Connection[Any], table: str, columns: str, batch: list[tuple[Any, ...]]
) -> None:
    statement = f"COPY {table} ({columns}) FROM STDIN"
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
