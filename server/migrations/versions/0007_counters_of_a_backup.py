"""Cards and mobile keys whose counter came from a backup.

New columns that may be empty: the version before this one goes on beside it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("cards", "mobile_keys"):
        op.add_column(table, sa.Column("resync", sa.LargeBinary(), nullable=True))
