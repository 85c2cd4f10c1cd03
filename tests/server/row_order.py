"""What a transaction holds, and in which order: for a database with locks on rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, event
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import Delete, Select, Update

from server.db import transaction
from server.db.prepared import Prepared
from server.verifier import Verifier

ORDER = ("users", "orders", "returns", "logins", "devices", "secrets", "sessions", "audit")
"""Who holds what comes later never waits for what comes before it, so nobody waits in a circle."""

_CALLED = {
    "cards": "secrets",
    "code_cards": "secrets",
    "temporary_codes": "secrets",
    "sms_codes": "secrets",
    "mobile_keys": "secrets",
    "audit_head": "audit",
}

Held = list[str]


@contextmanager
def recorded(verifier: Verifier) -> Iterator[list[Held]]:
    """Note each transaction's rows that are changed or held, by what they belong to."""
    done: list[Held] = []

    def begin(connection: Connection, text: str) -> None:
        done.append([])
        transaction.begin(connection, text)

    def begun(connection: Connection) -> None:
        if not transaction.is_open(connection):  # else SQLAlchemy joins it
            done.append([])

    def note(_connection: Any, statement: Any, *_others: Any) -> None:
        if isinstance(statement, Update | Delete):
            name = str(statement.table)
        elif isinstance(statement, Select) and "FOR " in in_postgresql(statement).split("FROM")[-1]:
            name = str(statement.get_final_froms()[0])
        else:
            return
        done[-1].append(_CALLED.get(name, name))

    def noting(prepared: Prepared, connection: Any, values: Any) -> Any:
        note(connection, prepared.statement)
        return run(prepared, connection, values)

    run = Prepared._run
    engine = verifier.database.engine
    event.listen(engine, "begin", begun)
    event.listen(engine, "before_execute", note)
    try:
        with patch.object(Prepared, "_run", noting), patch("server.db.engine.begin", begin):
            yield done
    finally:
        event.remove(engine, "begin", begun)
        event.remove(engine, "before_execute", note)


def in_order(held: Held) -> bool:
    """Tell whether rows are first held in ORDER, and none of them after the audit log."""
    first = list(dict.fromkeys(each for each in held if each in ORDER))
    late = held[held.index("audit") :] if "audit" in held else []
    return first == sorted(first, key=ORDER.index) and not {"users", "logins", "devices"} & {*late}


def in_postgresql(statement: Any) -> str:
    """Return a statement as PostgreSQL reads it."""
    return str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
