"""Appending to the log: each event in the transaction of the change it tells of."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import Connection, bindparam, insert, select, update

from ..crypto.secrets_table import AUDIT, Secrets
from ..db import tables
from ..db.engine import Database
from ..db.prepared import Prepared
from ..db.transaction import after_commit
from . import chain
from .anchor import Anchor, AnchorFile
from .events import Event

_HEAD = 1
_READ_HEAD = Prepared(select(tables.audit_head).with_for_update())
_MOVED = (
    update(tables.audit_head)
    .where(tables.audit_head.c.seq == bindparam("old_seq"))
    .values(seq=bindparam("to_seq"), mac=bindparam("to_mac"), sealed_seq=bindparam("to_sealed"))
)
_MOVE_HEAD = Prepared(_MOVED)
_COLUMNS = ("seq", "at", "event", "actor", "subject", "detail", "mac")
_APPENDED = insert(tables.audit_log).values({name: bindparam(f"row_{name}") for name in _COLUMNS})
_APPEND = Prepared(_APPENDED)
_APPEND_AND_MOVE = Prepared(_MOVED.add_cte(_APPENDED.cte("appended")))
"""Both in one way to the server and back; SQLite, which is not far away, does not know it."""
_log = structlog.get_logger()


class AuditLog:
    """Writes rows, and seals them in batches of `rows_per_seal`."""

    def __init__(
        self, database: Database, secrets: Secrets, anchor: AnchorFile, rows_per_seal: int
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._anchor = anchor
        self._rows_per_seal = rows_per_seal

    def begin(self, connection: Connection) -> None:
        """Make the empty chain of a new verifier."""
        connection.execute(
            insert(tables.audit_head).values(id=_HEAD, seq=0, mac=chain.FIRST, sealed_seq=0)
        )

    def write(
        self,
        connection: Connection,
        now: datetime,
        event: Event,
        actor: str,
        subject: str | None = None,
        **detail: str | int | bool | None,
    ) -> None:
        """Append one event; it stands or falls with the transaction of `connection`.

        `actor` is who did it (`user:alice`, `cli:root`), `subject` whom or what it concerns.
        The row of the chain's head is held until the transaction ends, so write late in it.
        """
        head = _READ_HEAD.one(connection)
        seq = head.seq + 1
        text = chain.canonical(detail)
        mac = chain.row_mac(
            self._secrets.get(AUDIT), head.mac, seq, now, event.value, actor, subject, text
        )
        sealed = head.sealed_seq
        if seq - sealed >= self._rows_per_seal:
            self._seal(connection, now, seq, mac, sealed)
            sealed = seq
        moved = {"old_seq": head.seq, "to_seq": seq, "to_mac": mac, "to_sealed": sealed}
        row = {
            "row_seq": seq,
            "row_at": now,
            "row_event": event.value,
            "row_actor": actor,
            "row_subject": subject,
            "row_detail": text,
            "row_mac": mac,
        }
        if connection.dialect.name == "sqlite":
            _APPEND.count(connection, **row)
            _MOVE_HEAD.count(connection, **moved)
        else:
            _APPEND_AND_MOVE.count(connection, **row, **moved)

    def seal(self, now: datetime) -> int:
        """Seal what is not sealed yet; returns how many rows that was."""
        with self._database.writing() as connection:
            head = _READ_HEAD.one(connection)
            rows: int = head.seq - head.sealed_seq
            if rows:
                self._seal(connection, now, head.seq, head.mac, head.sealed_seq)
                connection.execute(update(tables.audit_head).values(sealed_seq=head.seq))
        return rows

    def _seal(
        self, connection: Connection, now: datetime, seq: int, row: bytes, sealed: int
    ) -> None:
        before = chain.FIRST
        if sealed:
            before = connection.execute(
                select(tables.audit_seals.c.mac).where(tables.audit_seals.c.seq == sealed)
            ).scalar_one()
        mac = chain.seal_mac(self._secrets.get(AUDIT), before, seq, now, row)
        connection.execute(insert(tables.audit_seals).values(seq=seq, at=now, mac=mac))
        after_commit(connection, lambda: self._move_anchor(Anchor(seq, mac)))

    def _move_anchor(self, anchor: Anchor) -> None:
        try:
            self._anchor.advance(anchor)
        except OSError as error:  # what was decided stands; the next seal tries again
            _log.error("audit.anchor-not-written", seq=anchor.seq, reason=error.strerror)
