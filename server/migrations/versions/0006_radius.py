"""The clients of the RADIUS server."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "radius_clients",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("names_caller", sa.Boolean(), nullable=False),
        sa.Column("separator", sa.String(length=1), nullable=True),
        sa.Column("accepts", sa.String(length=128), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_radius_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_radius_clients_name")),
        sa.UniqueConstraint("network", name=op.f("uq_radius_clients_network")),
    )
