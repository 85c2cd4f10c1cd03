"""The mobile key and its registrations, SMS codes, and where a login was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()
ACTIVE_PHONE = sa.text("kind = 'mobile_key' AND state = 'active'")


def upgrade() -> None:
    op.create_table(
        "mobile_keys",
        sa.Column("device_id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("installation", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("suite", sa.String(length=64), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pin_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("far_counter", sa.BigInteger(), nullable=True),
        sa.Column("far_login_id", sa.String(length=32), nullable=True),
        sa.Column("sign_key", sa.LargeBinary(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=True),
        sa.Column("credential_key", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("backed_up", sa.Boolean(), nullable=True),
        sa.Column("push_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("prompted_first", MOMENT, nullable=True),
        sa.Column("prompted_second", MOMENT, nullable=True),
        sa.Column("prompted_third", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_mobile_keys_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_mobile_keys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_mobile_keys_credential_id")),
    )
    op.create_index("ix_mobile_keys_installation", "mobile_keys", ["installation"])
    op.create_table(
        "mobile_registrations",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("installation", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("beside_id", ROW_ID, nullable=True),
        sa.Column("sends", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("exchange_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("challenge", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("device_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["beside_id"], ["devices.id"], name=op.f("fk_mobile_registrations_beside_id")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_mobile_registrations_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_mobile_registrations_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mobile_registrations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mobile_registrations_token_hash")),
    )
    op.create_index(
        "ix_mobile_registrations_user_id_begun_at",
        "mobile_registrations",
        ["user_id", "begun_at"],
    )
    op.create_table(
        "sms_codes",
        sa.Column("device_id", ROW_ID, nullable=False, autoincrement=False),
        sa.Column("sends", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_sms_codes_device_id")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_sms_codes")),
    )
    op.add_column("logins", sa.Column("approval_id", sa.String(length=32), nullable=True))
    op.add_column("logins", sa.Column("from_address", sa.String(length=64), nullable=True))
    op.add_column("logins", sa.Column("from_agent", sa.String(length=128), nullable=True))
    op.create_index("ix_logins_approval_id", "logins", ["approval_id"], unique=True)
    op.create_index(
        "ix_devices_owner_id_phone",
        "devices",
        ["owner_id"],
        unique=True,
        sqlite_where=ACTIVE_PHONE,
        postgresql_where=ACTIVE_PHONE,
    )


def downgrade() -> None:
    raise RuntimeError("mobile keys would be lost: go back to a backup")
