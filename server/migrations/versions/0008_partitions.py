"""Where the audit log was cut, where a verifier moved to, and PostgreSQL's partitions.

On PostgreSQL `audit_log` is cut into ranges of its numbers and `logins` into ranges of its ids,
which grow with time. Partitions stand in a schema of their own; what has none yet lies in the
default one, and `tick` makes those to come (server.retention).
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.BigInteger()

LOGINS = """
CREATE TABLE logins (
    id VARCHAR(32) COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL,
    device_id BIGINT NOT NULL,
    purpose VARCHAR(16) DEFAULT 'login' NOT NULL,
    prompt TEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    attempts INTEGER NOT NULL,
    begun_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_at BIGINT,
    browser BYTEA,
    session_hash BYTEA,
    detail_sealed BYTEA,
    approval_id VARCHAR(32),
    from_address VARCHAR(64),
    from_agent VARCHAR(128),
    CONSTRAINT pk_logins PRIMARY KEY (id),
    CONSTRAINT fk_logins_user_id FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT fk_logins_device_id FOREIGN KEY (device_id) REFERENCES devices (id)
) PARTITION BY RANGE (id)
"""

AUDIT_LOG = """
CREATE TABLE audit_log (
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event VARCHAR(64) NOT NULL,
    actor VARCHAR(128) NOT NULL,
    subject VARCHAR(128),
    detail TEXT NOT NULL,
    mac BYTEA NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (seq)
) PARTITION BY RANGE (seq)
"""


def upgrade() -> None:
    op.create_table(
        "audit_cut",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_seq", sa.BigInteger(), nullable=False),
        sa.Column("seal_mac", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_cut")),
    )
    op.create_table(
        "whereabouts",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whereabouts")),
    )
    # One index over all partitions could only be unique with their key in it. A name of 128 random
    # bits needs no index to be the only one.
    op.drop_index("ix_logins_approval_id", table_name="logins")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SCHEMA challng_parts")
        partition("audit_log", AUDIT_LOG)
        op.drop_constraint("fk_sessions_login_id", "sessions", type_="foreignkey")
        op.drop_index("ix_logins_user_id_state", table_name="logins")
        partition("logins", LOGINS)
        op.create_foreign_key("fk_sessions_login_id", "sessions", "logins", ["login_id"], ["id"])
        op.create_index("ix_logins_user_id_state", "logins", ["user_id", "state"])
    op.create_index("ix_logins_approval_id", "logins", ["approval_id"])


def partition(table: str, made: str) -> None:
    """Make a table anew, of partitions, with the rows that it has."""
    op.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    op.execute(f"ALTER TABLE old_{table} DROP CONSTRAINT pk_{table}")
    op.execute(made)
    op.execute(f"CREATE TABLE challng_parts.{table}_rest PARTITION OF {table} DEFAULT")
    columns = ", ".join(
        column["name"] for column in sa.inspect(op.get_bind()).get_columns(f"old_{table}")
    )
    op.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM old_{table}")  # noqa: S608
    op.execute(f"DROP TABLE old_{table}")
