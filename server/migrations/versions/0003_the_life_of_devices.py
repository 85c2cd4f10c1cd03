"""People, the life of devices, orders, shares, returns, notices, and proofs among the logins."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.BigInteger()


def upgrade() -> None:
    op.create_table(
        "entities",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("identification_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entities")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("entity_id", ROW_ID, nullable=False),
        sa.Column("equity_cents", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["entity_id"], ["entities.id"], name=op.f("fk_accounts_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("number", name=op.f("uq_accounts_number")),
    )
    op.create_table(
        "identity_checks",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("staff_id", ROW_ID, nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["users.id"], name=op.f("fk_identity_checks_staff_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_identity_checks_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_checks")),
    )
    op.create_index("ix_identity_checks_user_id_at", "identity_checks", ["user_id", "at"])
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("notice", sa.String(length=32), nullable=False),
        sa.Column("once", sa.String(length=128), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reached", sa.Text(), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("given_up_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_outbox_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("once", name=op.f("uq_outbox_once")),
    )
    op.create_index("ix_outbox_due", "outbox", ["sent_at", "given_up_at", "due_at"])
    op.create_table(
        "code_cards",
        sa.Column("device_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("asked_first", sa.Integer(), nullable=True),
        sa.Column("asked_second", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_code_cards_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_code_cards")),
    )
    op.create_table(
        "code_pairs",
        sa.Column("device_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("low", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("high", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_code_pairs_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", "low", "high", name=op.f("pk_code_pairs")),
    )
    op.create_table(
        "orders",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("pin_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("deposit_cents", sa.BigInteger(), nullable=False),
        sa.Column("shipping", sa.String(length=32), nullable=False),
        sa.Column("ships_by", sa.Date(), nullable=True),
        sa.Column("device_id", ROW_ID, nullable=True),
        sa.Column("replaces_id", ROW_ID, nullable=True),
        sa.Column("taken_by", sa.String(length=64), nullable=True),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("provisioned_at", MOMENT, nullable=True),
        sa.Column("shipped_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_orders_account_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_orders_device_id")),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["devices.id"], name=op.f("fk_orders_replaces_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_orders_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_state", "orders", ["state"])
    op.create_index("ix_orders_user_id", "orders", ["user_id"])
    open_orders = sa.text("state IN ('draft', 'waiting', 'taken', 'provisioned')")
    op.create_index(
        "ix_orders_user_id_open",
        "orders",
        ["user_id"],
        unique=True,
        sqlite_where=open_orders,
        postgresql_where=open_orders,
    )
    op.create_table(
        "returns",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("device_id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("received_by_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_returns_device_id")),
        sa.ForeignKeyConstraint(
            ["received_by_id"], ["users.id"], name=op.f("fk_returns_received_by_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_returns_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
    )
    op.create_index("ix_returns_device_id", "returns", ["device_id"])
    op.create_index("ix_returns_state", "returns", ["state"])
    op.create_index(
        "ix_returns_device_id_announced",
        "returns",
        ["device_id"],
        unique=True,
        sqlite_where=sa.text("state = 'announced'"),
        postgresql_where=sa.text("state = 'announced'"),
    )
    op.create_table(
        "shares",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("device_id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", ROW_ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["users.id"], name=op.f("fk_shares_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_shares_device_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_shares_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
    )
    op.create_index("ix_shares_device_id", "shares", ["device_id"])
    op.create_index("ix_shares_state", "shares", ["state"])
    op.create_index("ix_shares_user_id", "shares", ["user_id"])
    op.create_table(
        "temporary_codes",
        sa.Column("device_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_temporary_codes_device_id")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_temporary_codes")),
    )
    op.create_table(
        "ledger",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("transfer", sa.String(length=32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", ROW_ID, nullable=False),
        sa.Column("book", sa.String(length=16), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=32), nullable=False),
        sa.Column("device_id", ROW_ID, nullable=True),
        sa.Column("order_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_ledger_account_id")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_ledger_device_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_ledger_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
    )
    op.create_index("ix_ledger_account_id", "ledger", ["account_id"])
    op.create_index("ix_ledger_transfer", "ledger", ["transfer"])
    with op.batch_alter_table("cards") as table:
        table.add_column(sa.Column("pin_reset_at", MOMENT, nullable=True))
    with op.batch_alter_table("devices") as table:
        table.add_column(sa.Column("activated_at", MOMENT, nullable=True))
        table.add_column(sa.Column("shipped_at", MOMENT, nullable=True))
        table.add_column(sa.Column("auto_activates_at", MOMENT, nullable=True))
        table.add_column(sa.Column("limited_from", MOMENT, nullable=True))
        table.add_column(sa.Column("valid_until", MOMENT, nullable=True))
        table.add_column(sa.Column("ended_at", MOMENT, nullable=True))
        table.add_column(sa.Column("end_reason", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("settled_at", MOMENT, nullable=True))
    with op.batch_alter_table("logins") as table:
        table.add_column(
            sa.Column("purpose", sa.String(length=16), server_default="login", nullable=False)
        )
        table.add_column(sa.Column("session_hash", sa.LargeBinary(), nullable=True))
        table.add_column(sa.Column("detail_sealed", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("sessions") as table:
        table.drop_column("access")
    with op.batch_alter_table("users") as table:
        table.add_column(
            sa.Column("role", sa.String(length=16), server_default="customer", nullable=False)
        )
        table.add_column(sa.Column("entity_id", ROW_ID, nullable=True))
        table.add_column(sa.Column("account_id", ROW_ID, nullable=True))
        table.add_column(sa.Column("contact_sealed", sa.LargeBinary(), nullable=True))
        table.add_column(
            sa.Column("is_primary", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        table.add_column(
            sa.Column("may_change_security", sa.Boolean(), server_default=sa.true(), nullable=False)
        )
        table.add_column(sa.Column("opted_out_at", MOMENT, nullable=True))
        table.add_column(sa.Column("locale", sa.String(length=16), nullable=True))
        table.add_column(
            sa.Column("identity_failures", sa.Integer(), server_default="0", nullable=False)
        )
        table.add_column(sa.Column("identity_locked_at", MOMENT, nullable=True))
        table.create_foreign_key(op.f("fk_users_account_id"), "accounts", ["account_id"], ["id"])
        table.create_foreign_key(op.f("fk_users_entity_id"), "entities", ["entity_id"], ["id"])
    # Whoever has a device by now has answered with it, or could have.
    op.execute("UPDATE devices SET activated_at = added_at WHERE state != 'pending'")


def downgrade() -> None:
    raise RuntimeError("what the life of devices has written would be lost: go back to a backup")
