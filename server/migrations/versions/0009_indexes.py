"""Indexes for what is looked for among a million devices and ten million logins."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("state IN ('open', 'approved')")
PROOF = sa.text("session_hash IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_devices_owner_id", "devices", ["owner_id"])
    op.create_index("ix_sessions_device_id", "sessions", ["device_id"])
    op.create_index(
        "ix_logins_device_id_unfinished",
        "logins",
        ["device_id"],
        sqlite_where=UNFINISHED,
        postgresql_where=UNFINISHED,
    )
    op.create_index(
        "ix_logins_session_hash",
        "logins",
        ["session_hash"],
        sqlite_where=PROOF,
        postgresql_where=PROOF,
    )
