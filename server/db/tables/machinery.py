"""What the verifier keeps for itself: its own keys, and the audit log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, Text

from ..types import Moment, RowId
from .base import metadata

# Keys of this verifier's own making (the audit chain's, the form tokens').
secrets = Table(
    "secrets",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value_sealed", LargeBinary, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("seq", RowId, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("event", String(64), nullable=False),
    Column("actor", String(128), nullable=False),
    Column("subject", String(128)),
    Column("detail", Text, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    postgresql_partition_by="RANGE (seq)",
)

# One row: the end of the chain, and how far it is sealed. Appending holds this row.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False),
)

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

# At most one row: the last row of the log that was cut off for its age, the last seal up to there,
# and a MAC over that. The chain goes on from it.
audit_cut = Table(
    "audit_cut",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("row_mac", LargeBinary, nullable=False),
    Column("sealed_seq", BigInteger, nullable=False),
    Column("seal_mac", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

# At most one row: this database is not, or not yet, the verifier's (moving.marks).
whereabouts = Table(
    "whereabouts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("place", Text, nullable=False),
    Column("at", Moment, nullable=False),
)
