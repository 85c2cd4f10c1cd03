"""Where the kept part of the log begins: the one row of `audit_cut`, and its MAC."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from ..db.tables import audit_cut
from . import chain

_ID = 1


@dataclass(frozen=True)
class Cut:
    """The last row that is gone with its MAC, and the last seal at or before it with its own."""

    seq: int
    row_mac: bytes
    sealed_seq: int
    seal_mac: bytes
    at: datetime


START = (0, chain.FIRST, 0, chain.FIRST)
"""Row, its MAC, seal, its MAC: of a log that was never cut."""


def read(connection: Connection) -> Cut | None:
    """Return the cut as it stands, not checked; None where there is none."""
    row = connection.execute(select(audit_cut)).one_or_none()
    if row is None:
        return None
    return Cut(row.seq, row.row_mac, row.sealed_seq, row.seal_mac, row.at)


def is_genuine(connection: Connection, key: bytes, cut: Cut) -> bool:
    """Tell whether whoever holds the key has made this cut."""
    mac = connection.execute(select(audit_cut.c.mac)).scalar_one()
    return hmac.compare_digest(mac, _mac(key, cut))


def write(connection: Connection, key: bytes, cut: Cut) -> None:
    """Put a cut in the place of the one before."""
    connection.execute(delete(audit_cut))
    connection.execute(
        insert(audit_cut).values(
            id=_ID,
            seq=cut.seq,
            row_mac=cut.row_mac,
            sealed_seq=cut.sealed_seq,
            seal_mac=cut.seal_mac,
            at=cut.at,
            mac=_mac(key, cut),
        )
    )


def _mac(key: bytes, cut: Cut) -> bytes:
    return chain.cut_mac(key, cut.seq, cut.row_mac, cut.sealed_seq, cut.seal_mac, cut.at)
