"""jobs: question sets, waves, households, assignments, answers of the employment survey

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "survey_option",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("questions_version", sa.String(length=20), nullable=False),
        sa.Column("question_key", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_option")),
        sa.UniqueConstraint(
            "questions_version",
            "question_key",
            "code",
            name=op.f("uq_survey_option_questions_version_question_key_code"),
        ),
    )
    op.create_table(
        "survey_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("questions_version", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("only_if_key", sa.String(length=40), nullable=True),
        sa.Column("only_if_codes", sa.String(length=200), nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("maximum", sa.Integer(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_question")),
        sa.UniqueConstraint("questions_version", "key", name=op.f("uq_survey_question_questions_version_key")),
    )
    op.create_table(
        "survey_wave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("questions_version", sa.String(length=20), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statistics", sa.JSON(), nullable=True),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_survey_wave_created_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_wave")),
    )
    with op.batch_alter_table("survey_wave", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_wave_keep_until"), ["keep_until"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_wave_state"), ["state"], unique=False)

    op.create_table(
        "survey_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["assigned_by"], ["person.id"], name=op.f("fk_survey_assignment_assigned_by_person")),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_survey_assignment_grid_id_grid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_survey_assignment_person_id_person")),
        sa.ForeignKeyConstraint(["wave_id"], ["survey_wave.id"], name=op.f("fk_survey_assignment_wave_id_survey_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_assignment")),
        sa.UniqueConstraint(
            "wave_id", "grid_id", "person_id", name=op.f("uq_survey_assignment_wave_id_grid_id_person_id")
        ),
    )
    with op.batch_alter_table("survey_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_assignment_grid_id"), ["grid_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_assignment_person_id"), ["person_id"], unique=False)

    op.create_table(
        "survey_household",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("grid_id", sa.Uuid(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_survey_household_grid_id_grid")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_survey_household_recorded_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_household")),
        sa.UniqueConstraint("client_id", name=op.f("uq_survey_household_client_id")),
        sa.UniqueConstraint("grid_id", "address_hash", name=op.f("uq_survey_household_grid_id_address_hash")),
    )
    op.create_table(
        "survey_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wave_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("member_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("age_band", sa.String(length=40), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("person_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consent_by_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("consent_method", sa.String(length=40), nullable=True),
        sa.Column("consent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_version", sa.String(length=20), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["survey_household.id"], name=op.f("fk_survey_answer_household_id_survey_household")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_survey_answer_person_id_person")),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"], name=op.f("fk_survey_answer_recorded_by_person")),
        sa.ForeignKeyConstraint(["wave_id"], ["survey_wave.id"], name=op.f("fk_survey_answer_wave_id_survey_wave")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
        sa.UniqueConstraint("client_id", name=op.f("uq_survey_answer_client_id")),
    )
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.create_index("ix_survey_answer_household", ["household_id", "wave_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_survey_answer_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_survey_answer_wave", ["wave_id", "household_id"], unique=False)
        batch_op.create_index(
            "uq_survey_answer_member",
            ["wave_id", "household_id", "member_no"],
            unique=True,
            postgresql_where=sa.text("outcome = 'answered'"),
            sqlite_where=sa.text("outcome = 'answered'"),
        )

    op.create_table(
        "survey_choice",
        sa.Column("answer_id", sa.Uuid(), nullable=False),
        sa.Column("question_key", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["answer_id"], ["survey_answer.id"], name=op.f("fk_survey_choice_answer_id_survey_answer")
        ),
        sa.PrimaryKeyConstraint("answer_id", "question_key", "code", name=op.f("pk_survey_choice")),
    )


def downgrade() -> None:
    op.drop_table("survey_choice")
    with op.batch_alter_table("survey_answer", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_survey_answer_member",
            postgresql_where=sa.text("outcome = 'answered'"),
            sqlite_where=sa.text("outcome = 'answered'"),
        )
        batch_op.drop_index("ix_survey_answer_wave")
        batch_op.drop_index(batch_op.f("ix_survey_answer_person_id"))
        batch_op.drop_index("ix_survey_answer_household")

    op.drop_table("survey_answer")
    op.drop_table("survey_household")
    with op.batch_alter_table("survey_assignment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_assignment_person_id"))
        batch_op.drop_index(batch_op.f("ix_survey_assignment_grid_id"))

    op.drop_table("survey_assignment")
    with op.batch_alter_table("survey_wave", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_survey_wave_state"))
        batch_op.drop_index(batch_op.f("ix_survey_wave_keep_until"))

    op.drop_table("survey_wave")
    op.drop_table("survey_question")
    op.drop_table("survey_option")
