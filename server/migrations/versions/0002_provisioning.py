"""Provisioning: its credentials, and the state of every device."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = sa.text("state != 'revoked'")


def upgrade() -> None:
    op.create_table(
        "provisioners",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provisioners")),
        sa.UniqueConstraint("name", name=op.f("uq_provisioners_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_provisioners_token_hash")),
    )
    op.add_column("devices", sa.Column("state", sa.String(length=16), nullable=True))
    op.execute("UPDATE devices SET state = 'active'")
    with op.batch_alter_table("devices") as devices:
        devices.alter_column("state", existing_type=sa.String(length=16), nullable=False)
        devices.add_column(sa.Column("provisioner_id", ROW_ID, nullable=True))
        devices.create_foreign_key(
            op.f("fk_devices_provisioner_id"), "provisioners", ["provisioner_id"], ["id"]
        )
        devices.drop_constraint(op.f("uq_devices_serial"), type_="unique")
        devices.drop_constraint(op.f("uq_devices_owner_id_label"), type_="unique")
    for name, columns in (
        ("ix_devices_serial_kept", ["serial"]),
        ("ix_devices_owner_id_label_kept", ["owner_id", "label"]),
    ):
        op.create_index(
            name, "devices", columns, unique=True, sqlite_where=KEPT, postgresql_where=KEPT
        )
    with op.batch_alter_table("cards") as cards:
        cards.add_column(sa.Column("key_id", sa.String(length=128), nullable=True))
        cards.alter_column("key_sealed", existing_type=sa.LargeBinary(), nullable=True)
        cards.alter_column("pin_sealed", existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    raise RuntimeError("serials may stand twice by now: go back to a backup instead")
