"""A login writes fewer pages: the audit log is found by its number itself, phones by a small index.

A number of SQLite's type BIGINT is looked up in an index beside the table; one of type INTEGER is
the row's own place. PostgreSQL knows no such difference.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
APPROVAL = sa.text("approval_id IS NOT NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        with op.batch_alter_table("audit_log") as audit_log:
            audit_log.alter_column(
                "seq", existing_type=sa.BigInteger(), type_=ROW_ID, existing_nullable=False
            )
    op.drop_index("ix_logins_approval_id", table_name="logins")
    op.create_index(
        "ix_logins_approval_id",
        "logins",
        ["approval_id"],
        sqlite_where=APPROVAL,
        postgresql_where=APPROVAL,
    )
