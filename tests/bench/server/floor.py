"""The floor: a login and its answer with the smallest code that still is durable and correct.

Durable: committed by fsync before the answer leaves. Correct: a login is claimed by one atomic
statement, the card's row is held while its counter moves, and each event is a row of a chained log.
It has no limits on guessing, no life of devices, no locks, no log lines, no metrics, no pages.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from granian.constants import Interfaces, Loops
from granian.server import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from protocol import ocra

TABLES = (
    "CREATE TABLE floor_users (name varchar(64) PRIMARY KEY, password_hash text NOT NULL, "
    "card_key {blob} NOT NULL, pin text NOT NULL, counter bigint NOT NULL)",
    "CREATE TABLE floor_logins (id varchar(32) PRIMARY KEY, name text NOT NULL, "
    "challenge text NOT NULL, open integer NOT NULL, expires_at bigint NOT NULL)",
    "CREATE TABLE floor_sessions (token_hash {blob} PRIMARY KEY, name text NOT NULL, "
    "ends_at bigint NOT NULL)",
    "CREATE TABLE floor_audit (seq bigint PRIMARY KEY, at bigint NOT NULL, event text NOT NULL, "
    "name text NOT NULL, mac {blob} NOT NULL)",
    "CREATE TABLE floor_head (seq bigint NOT NULL, mac {blob} NOT NULL)",
)
_AUDIT_KEY = bytes(32)
_SECONDS, _WINDOW = 120, 20
_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Cursor(Protocol):
    """What both drivers' connections are used for."""

    def execute(self, query: str, values: tuple[Any, ...] = (), /) -> Any: ...


class Sqlite:
    """One connection to a file, set as the verifier sets its own."""

    def __init__(self, path: str) -> None:
        self.connection = sqlite3.connect(path, timeout=15, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self.connection.execute(f"PRAGMA {pragma}")

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def one(self, connection: Cursor, query: str, *values: Any) -> Any:
        return connection.execute(query.replace(" FOR UPDATE", ""), values).fetchone()


class Postgres:
    """One connection to a server."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    @contextmanager
    def writing(self) -> Iterator[Cursor]:
        with self.connection.transaction():
            yield self.connection

    def one(self, connection: Cursor, query: str, *values: Any) -> Any:
        cursor = connection.execute(query.replace("?", "%s"), values)
        return cursor.fetchone() if cursor.description else None


def create() -> Starlette:
    """Return the application; called once in each worker."""
    url = os.environ["FLOOR_DATABASE"]
    database = Sqlite(url) if url.startswith("/") else Postgres(url)
    one = database.one

    def audit(connection: Cursor, now: int, event: str, name: str) -> None:
        seq, before = one(connection, "SELECT seq, mac FROM floor_head FOR UPDATE")
        row = json.dumps([seq + 1, now, event, name]).encode()
        mac = hmac.digest(_AUDIT_KEY, before + row, hashlib.sha256)
        entry = (seq + 1, now, event, name, mac)
        one(connection, "INSERT INTO floor_audit VALUES (?, ?, ?, ?, ?)", *entry)
        one(connection, "UPDATE floor_head SET seq = ?, mac = ?", seq + 1, mac)

    async def begin(request: Request) -> Response:
        body = await request.json()
        name, now = body["username"], int(time.time())
        found = one(
            database.connection, "SELECT password_hash FROM floor_users WHERE name = ?", name
        )
        try:
            _HASHER.verify(found[0], body["password"])
        except (TypeError, VerificationError):
            return Response(status_code=401)
        login, challenge = secrets.token_urlsafe(16), str(100_000 + secrets.randbelow(900_000))
        with database.writing() as connection:
            row = (login, name, challenge, 1, now + _SECONDS)
            one(connection, "INSERT INTO floor_logins VALUES (?, ?, ?, ?, ?)", *row)
            audit(connection, now, "begun", name)
        return JSONResponse({"login": login, "prompt": {"challenge": challenge}})

    async def answer(request: Request) -> Response:
        text, now = (await request.json())["answer"], int(time.time())
        token = secrets.token_urlsafe(32)
        with database.writing() as connection:
            claimed = one(
                connection,
                "UPDATE floor_logins SET open = 0 WHERE id = ? AND open = 1 AND expires_at > ? "
                "RETURNING name, challenge",
                request.path_params["login"],
                now,
            )
            if claimed is None:
                return Response(status_code=409)
            name, challenge = claimed
            key, pin, expected = one(
                connection,
                "SELECT card_key, pin, counter FROM floor_users WHERE name = ? FOR UPDATE",
                name,
            )
            for counter in range(expected, expected + _WINDOW + 1):
                right = ocra.response(
                    ocra.DEFAULT_SUITE, key, question=challenge, counter=counter, pin=pin
                )
                if hmac.compare_digest(right, text):
                    break
            else:
                return Response(status_code=401)
            one(
                connection,
                "UPDATE floor_users SET counter = ? WHERE name = ?",
                counter + 1,
                name,
            )
            session = (hashlib.sha256(token.encode()).digest(), name, now + 43_200)
            one(connection, "INSERT INTO floor_sessions VALUES (?, ?, ?)", *session)
            audit(connection, now, "accepted", name)
        return JSONResponse({"session": token})

    return Starlette(
        routes=[
            Route("/api/v1/login", begin, methods=["POST"]),
            Route("/api/v1/login/{login}/answer", answer, methods=["POST"]),
        ]
    )


def main(port: int, workers: int) -> None:
    """Serve it as `challng-server serve` serves the verifier."""
    Server(
        f"{__spec__.name}:create",
        factory=True,
        interface=Interfaces.ASGI,
        loop=Loops.asyncio,
        address="127.0.0.1",
        port=port,
        workers=workers,
        websockets=False,
        log_enabled=False,
    ).serve()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
