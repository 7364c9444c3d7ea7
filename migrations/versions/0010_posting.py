"""jobs: posting

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


RUNNING = sa.text("state IN ('queued', 'reading', 'running')")
STANDING = sa.text("state <> 'overturned'")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    # The name of a sheet's type is 65 characters long.
    with op.batch_alter_table("file") as batch_op:
        batch_op.alter_column(
            "media_type", existing_type=sa.String(length=40), type_=sa.String(length=80), existing_nullable=False
        )
    op.add_column("vacancy", sa.Column("repost_source", sa.String(length=80), nullable=True))
    op.create_index("ix_vacancy_alike", "vacancy", ["enterprise_id", "occupation_code", "id"])
    op.create_table(
        "posting_policy_row",
        *_versioned(),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_policy_row")),
        sa.UniqueConstraint("key", "effective_from", name=op.f("uq_posting_policy_row_key_effective_from")),
    )
    op.create_table(
        "posting_change",
        *_versioned(),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_posting_change_proposed_by_person")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_posting_change_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_change")),
    )
    op.create_index(op.f("ix_posting_change_state"), "posting_change", ["state"])
    _takedowns()
    _imports()


def _versioned() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _takedowns() -> None:
    op.create_table(
        "vacancy_takedown",
        *_versioned(),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("rule_id", sa.String(length=40), nullable=True),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("appeal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_by", sa.Uuid(), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_vacancy_takedown_vacancy_id_vacancy")),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_vacancy_takedown_report_id_report")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_vacancy_takedown_taken_by_person")),
        sa.ForeignKeyConstraint(["appealed_by"], ["person.id"], name=op.f("fk_vacancy_takedown_appealed_by_person")),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_vacancy_takedown_answered_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vacancy_takedown")),
    )
    op.create_index(
        "uq_vacancy_takedown_standing", "vacancy_takedown", ["vacancy_id"], unique=True,
        postgresql_where=STANDING, sqlite_where=STANDING,
    )  # fmt: skip
    op.create_index("ix_vacancy_takedown_vacancy_id", "vacancy_takedown", ["vacancy_id", "created_at"])
    op.create_index(op.f("ix_vacancy_takedown_report_id"), "vacancy_takedown", ["report_id"])


def _imports() -> None:
    op.create_table(
        "vacancy_import",
        *_versioned(),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.Column("app", sa.String(length=40), nullable=False),
        sa.Column("submit", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("head", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=300), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("published", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_vacancy_import_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_vacancy_import_file_id_file")),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name=op.f("fk_vacancy_import_imported_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vacancy_import")),
    )
    op.create_index(
        "uq_vacancy_import_running", "vacancy_import", ["enterprise_id"], unique=True,
        postgresql_where=RUNNING, sqlite_where=RUNNING,
    )  # fmt: skip
    op.create_index("ix_vacancy_import_enterprise", "vacancy_import", ["enterprise_id", "created_at"])
    op.create_index(op.f("ix_vacancy_import_file_id"), "vacancy_import", ["file_id"])
    op.create_table(
        "vacancy_import_row",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("cells_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("vacancy_id", sa.Uuid(), nullable=True),
        sa.Column("issues", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["vacancy_import.id"], name=op.f("fk_vacancy_import_row_import_id_vacancy_import")
        ),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_vacancy_import_row_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_vacancy_import_row")),
    )
    op.create_index(
        "ix_vacancy_import_row_waiting", "vacancy_import_row", ["import_id", "number"],
        postgresql_where=WAITING, sqlite_where=WAITING,
    )  # fmt: skip
    op.create_index("ix_vacancy_import_row_state", "vacancy_import_row", ["import_id", "state", "number"])
    op.create_index(op.f("ix_vacancy_import_row_vacancy_id"), "vacancy_import_row", ["vacancy_id"])


def downgrade() -> None:
    for table in ("vacancy_import_row", "vacancy_import", "vacancy_takedown", "posting_change", "posting_policy_row"):
        op.drop_table(table)
    op.execute("UPDATE file SET media_type = 'application/zip' WHERE length(media_type) > 40")

    with op.batch_alter_table("file") as batch_op:
        batch_op.alter_column(
            "media_type", existing_type=sa.String(length=80), type_=sa.String(length=40), existing_nullable=False
        )
    op.drop_index("ix_vacancy_alike", "vacancy")
    with op.batch_alter_table("vacancy") as batch_op:
        batch_op.drop_column("repost_source")
