"""points: the ledger

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

KEPT = ("journal_entry", "posting")


def upgrade() -> None:
    op.create_table(
        "journal_entry",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=160), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("told", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_journal_entry_actor_id_person")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal_entry")),
        sa.UniqueConstraint("kind", "cause", name=op.f("uq_journal_entry_kind_cause")),
    )
    with op.batch_alter_table("journal_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_journal_entry_actor_id"), ["actor_id"], unique=False)

    op.create_table(
        "points_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("moved_to", sa.Uuid(), nullable=True),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("debt", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind <> 'person' OR balance + debt >= 0", name=op.f("ck_points_account_available")),
        sa.CheckConstraint("debt >= 0", name=op.f("ck_points_account_debt")),
        sa.ForeignKeyConstraint(
            ["moved_to"], ["points_account.id"], name=op.f("fk_points_account_moved_to_points_account")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_points_account_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_account")),
    )
    with op.batch_alter_table("points_account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_account_moved_to"), ["moved_to"], unique=False)
        batch_op.create_index(
            "uq_points_account_person",
            ["person_id"],
            unique=True,
            postgresql_where=sa.text("person_id IS NOT NULL"),
            sqlite_where=sa.text("person_id IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_points_account_shard",
            ["kind", "shard"],
            unique=True,
            postgresql_where=sa.text("person_id IS NULL"),
            sqlite_where=sa.text("person_id IS NULL"),
        )

    op.create_table(
        "points_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["points_account.id"], name=op.f("fk_points_hold_account_id_points_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_hold")),
    )
    with op.batch_alter_table("points_hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_hold_account_id"), ["account_id"], unique=False)
        batch_op.create_index(
            "ix_points_hold_open",
            ["account_id"],
            unique=False,
            postgresql_where=sa.text("state = 'held'"),
            sqlite_where=sa.text("state = 'held'"),
        )

    op.create_table(
        "points_lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "remaining >= 0 AND held >= 0 AND remaining + held <= granted", name=op.f("ck_points_lot_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["points_account.id"], name=op.f("fk_points_lot_account_id_points_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_lot")),
        sa.UniqueConstraint("account_id", "expires_at", name=op.f("uq_points_lot_account_id_expires_at")),
    )
    with op.batch_alter_table("points_lot", schema=None) as batch_op:
        batch_op.create_index(
            "ix_points_lot_due",
            ["expires_at"],
            unique=False,
            postgresql_where=sa.text("remaining > 0"),
            sqlite_where=sa.text("remaining > 0"),
        )

    op.create_table(
        "posting",
        sa.Column("entry_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("account_seq", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("points <> 0", name=op.f("ck_posting_points")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["points_account.id"], name=op.f("fk_posting_account_id_points_account")
        ),
        sa.ForeignKeyConstraint(["entry_seq"], ["journal_entry.seq"], name=op.f("fk_posting_entry_seq_journal_entry")),
        sa.PrimaryKeyConstraint("entry_seq", "account_id", name=op.f("pk_posting")),
    )
    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.create_index("uq_posting_account_seq", ["account_id", "account_seq"], unique=True)

    op.create_table(
        "points_hold_part",
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["points_hold.id"], name=op.f("fk_points_hold_part_hold_id_points_hold")),
        sa.ForeignKeyConstraint(["lot_id"], ["points_lot.id"], name=op.f("fk_points_hold_part_lot_id_points_lot")),
        sa.PrimaryKeyConstraint("hold_id", "lot_id", name=op.f("pk_points_hold_part")),
    )
    with op.batch_alter_table("points_hold_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_points_hold_part_lot_id"), ["lot_id"], unique=False)
    _guards()


def _guards() -> None:
    """What is written in the ledger stays, also where somebody reaches past the service."""
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT:
            for what in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_{what.lower()} BEFORE {what} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION points_ledger_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_guard BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION points_ledger_guard()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION points_ledger_guard()"
        )


def downgrade() -> None:
    """The ledger goes with its tables: make a backup first."""
    for table in ("points_hold_part", "points_hold", "points_lot", "posting", "journal_entry", "points_account"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION points_ledger_guard()")
