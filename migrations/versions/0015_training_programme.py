"""training: courses, demand, classes, enrolment, attendance, certificates, declarations, competitions

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "course_menu",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("quarter", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.CheckConstraint("quarter BETWEEN 1 AND 4", name=op.f("ck_course_menu_quarter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course_menu")),
        sa.UniqueConstraint("year", "quarter", "title", name=op.f("uq_course_menu_year_quarter_title")),
    )
    op.create_table(
        "declaration_material",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_material")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_declaration_material_kind_code")),
    )
    op.create_table(
        "subsidy_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subsidy_rate")),
        sa.UniqueConstraint("kind", "valid_from", name=op.f("uq_subsidy_rate_kind_valid_from")),
    )
    op.create_table(
        "training_provider",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_provider")),
        sa.UniqueConstraint("name", name=op.f("uq_training_provider_name")),
    )
    op.create_table(
        "competition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("occupation_code", sa.String(length=20), nullable=False),
        sa.Column("licensed", sa.Boolean(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=120), nullable=False),
        sa.Column("registering_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("theory_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("practical_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("theory_weight", sa.Integer(), nullable=False),
        sa.Column("judges", sa.Integer(), nullable=False),
        sa.Column("drop_extremes", sa.Boolean(), nullable=False),
        sa.Column("tie", sa.String(length=40), nullable=False),
        sa.Column("objection_days", sa.Integer(), nullable=False),
        sa.Column("objections_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("awards", sa.JSON(), nullable=False),
        sa.Column("cancelled_because", sa.String(length=200), nullable=True),
        sa.Column("announced_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "capacity IS NULL OR (capacity > 0 AND entered <= capacity)", name=op.f("ck_competition_capacity")
        ),
        sa.CheckConstraint("judges > 0", name=op.f("ck_competition_judges")),
        sa.CheckConstraint("theory_weight BETWEEN 0 AND 100", name=op.f("ck_competition_weight")),
        sa.ForeignKeyConstraint(["announced_by"], ["person.id"], name=op.f("fk_competition_announced_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competition")),
    )
    with op.batch_alter_table("competition", schema=None) as batch_op:
        batch_op.create_index("ix_competition_practical_at", ["practical_at", "id"], unique=False)

    op.create_table(
        "course",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("brand", sa.String(length=40), nullable=False),
        sa.Column("audience", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("prerequisites", sa.JSON(), nullable=False),
        sa.Column("materials", sa.JSON(), nullable=False),
        sa.Column("licensed", sa.Boolean(), nullable=False),
        sa.Column("least_age", sa.Integer(), nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("pass_by", sa.String(length=40), nullable=False),
        sa.Column("least_share", sa.Integer(), nullable=False),
        sa.Column("pass_score", sa.Integer(), nullable=False),
        sa.Column("certified", sa.Boolean(), nullable=False),
        sa.Column("valid_years", sa.Integer(), nullable=True),
        sa.Column("skill_word", sa.String(length=20), nullable=True),
        sa.Column("occupation_code", sa.String(length=20), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=True),
        sa.Column("process_code", sa.String(length=20), nullable=True),
        sa.Column("gig_level", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "gig_level IS NULL OR (gig_level BETWEEN 1 AND 5 AND process_code IS NOT NULL)",
            name=op.f("ck_course_skill"),
        ),
        sa.CheckConstraint("hours > 0", name=op.f("ck_course_hours")),
        sa.CheckConstraint("least_share BETWEEN 1 AND 100", name=op.f("ck_course_share")),
        sa.CheckConstraint("minimum > 0 AND minimum <= capacity", name=op.f("ck_course_sizes")),
        sa.CheckConstraint("pass_score BETWEEN 0 AND 100", name=op.f("ck_course_score")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["training_provider.id"], name=op.f("fk_course_provider_id_training_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_course")),
        sa.UniqueConstraint("code", name=op.f("uq_course_code")),
    )
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_course_occupation_code"), ["occupation_code"], unique=False)
        batch_op.create_index(batch_op.f("ix_course_provider_id"), ["provider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_course_state"), ["state"], unique=False)

    op.create_table(
        "declaration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("occupation_code", sa.String(length=20), nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("outside_office", sa.String(length=80), nullable=True),
        sa.Column("outside_number", sa.String(length=60), nullable=True),
        sa.Column("forwarded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"], name=op.f("fk_declaration_checked_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_declaration_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration")),
    )
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.create_index("ix_declaration_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_declaration_state", ["state", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_declaration_open",
            ["person_id", "kind", "occupation_code"],
            unique=True,
            postgresql_where=sa.text("state NOT IN ('passed', 'failed', 'withdrawn')"),
            sqlite_where=sa.text("state NOT IN ('passed', 'failed', 'withdrawn')"),
        )

    op.create_table(
        "training_shortage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("occupation_code", sa.String(length=20), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("told", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("heads > 0", name=op.f("ck_training_shortage_heads")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_training_shortage_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_shortage")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_training_shortage_kind_key")),
    )
    with op.batch_alter_table("training_shortage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_shortage_occupation_code"), ["occupation_code"], unique=False)
        batch_op.create_index("ix_training_shortage_state", ["state", "created_at", "id"], unique=False)

    op.create_table(
        "competition_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("competition_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("theory_milli", sa.Integer(), nullable=True),
        sa.Column("practical_milli", sa.Integer(), nullable=True),
        sa.Column("total_milli", sa.Integer(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("award", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["checked_by"], ["person.id"], name=op.f("fk_competition_entry_checked_by_person")),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competition.id"], name=op.f("fk_competition_entry_competition_id_competition")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_competition_entry_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competition_entry")),
        sa.UniqueConstraint("competition_id", "person_id", name=op.f("uq_competition_entry_competition_id_person_id")),
    )
    with op.batch_alter_table("competition_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_competition_entry_person_id"), ["person_id"], unique=False)
        batch_op.create_index("ix_competition_entry_state", ["competition_id", "state"], unique=False)

    op.create_table(
        "declaration_paper",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declaration_id", sa.Uuid(), nullable=False),
        sa.Column("material", sa.String(length=40), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["declaration_id"], ["declaration.id"], name=op.f("fk_declaration_paper_declaration_id_declaration")
        ),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_declaration_paper_file_id_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declaration_paper")),
        sa.UniqueConstraint(
            "declaration_id", "material", "file_id", name=op.f("uq_declaration_paper_declaration_id_material_file_id")
        ),
    )
    with op.batch_alter_table("declaration_paper", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_declaration_paper_file_id"), ["file_id"], unique=False)

    op.create_table(
        "demand_pool",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("plan", sa.String(length=300), nullable=True),
        sa.Column("each_fen", sa.Integer(), nullable=True),
        sa.Column("answer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quoted_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state = 'open' OR state = 'closed' OR answer_until IS NOT NULL", name=op.f("ck_demand_pool_quote")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_demand_pool_course_id_course")),
        sa.ForeignKeyConstraint(["quoted_by"], ["person.id"], name=op.f("fk_demand_pool_quoted_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_demand_pool")),
    )
    with op.batch_alter_table("demand_pool", schema=None) as batch_op:
        batch_op.create_index(
            "ix_demand_pool_answer_until",
            ["answer_until"],
            unique=False,
            postgresql_where=sa.text("state = 'quoted'"),
            sqlite_where=sa.text("state = 'quoted'"),
        )
        batch_op.create_index(batch_op.f("ix_demand_pool_course_id"), ["course_id"], unique=False)
        batch_op.create_index("ix_demand_pool_state", ["state", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_demand_pool_open",
            ["course_id"],
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
            sqlite_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "menu_course",
        sa.Column("menu_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_menu_course_course_id_course")),
        sa.ForeignKeyConstraint(["menu_id"], ["course_menu.id"], name=op.f("fk_menu_course_menu_id_course_menu")),
        sa.PrimaryKeyConstraint("menu_id", "course_id", name=op.f("pk_menu_course")),
    )
    with op.batch_alter_table("menu_course", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_menu_course_course_id"), ["course_id"], unique=False)

    op.create_table(
        "competition_objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("competition_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["person.id"], name=op.f("fk_competition_objection_answered_by_person")
        ),
        sa.ForeignKeyConstraint(
            ["competition_id"], ["competition.id"], name=op.f("fk_competition_objection_competition_id_competition")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["competition_entry.id"], name=op.f("fk_competition_objection_entry_id_competition_entry")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_competition_objection_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competition_objection")),
    )
    with op.batch_alter_table("competition_objection", schema=None) as batch_op:
        batch_op.create_index(
            "ix_competition_objection_competition", ["competition_id", "created_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_competition_objection_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_competition_objection_person_id"), ["person_id"], unique=False)

    op.create_table(
        "competition_score",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("judge_id", sa.Uuid(), nullable=False),
        sa.Column("tenths", sa.Integer(), nullable=False),
        sa.CheckConstraint("tenths BETWEEN 0 AND 1000", name=op.f("ck_competition_score_tenths")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["competition_entry.id"], name=op.f("fk_competition_score_entry_id_competition_entry")
        ),
        sa.ForeignKeyConstraint(["judge_id"], ["person.id"], name=op.f("fk_competition_score_judge_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_competition_score")),
        sa.UniqueConstraint("entry_id", "part", "judge_id", name=op.f("uq_competition_score_entry_id_part_judge_id")),
    )
    op.create_table(
        "training_class",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("only_enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("next_place", sa.BigInteger(), nullable=False),
        sa.Column("first_place", sa.BigInteger(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("enrol_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("cost_fen", sa.Integer(), nullable=False),
        sa.Column("subsidised", sa.Boolean(), nullable=False),
        sa.Column("filing_number", sa.String(length=60), nullable=True),
        sa.Column("cancelled_because", sa.String(length=200), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_training_class_capacity")),
        sa.CheckConstraint(
            "taken >= 0 AND offered >= 0 AND taken + offered <= capacity", name=op.f("ck_training_class_seats")
        ),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name=op.f("fk_training_class_approved_by_person")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_training_class_course_id_course")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_training_class_created_by_person")),
        sa.ForeignKeyConstraint(
            ["only_enterprise_id"], ["enterprise.id"], name=op.f("fk_training_class_only_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["demand_pool.id"], name=op.f("fk_training_class_pool_id_demand_pool")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["training_provider.id"], name=op.f("fk_training_class_provider_id_training_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_class")),
    )
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_class_course_id"), ["course_id"], unique=False)
        batch_op.create_index("ix_training_class_first_at", ["first_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_class_only_enterprise_id"), ["only_enterprise_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_class_pool_id"), ["pool_id"], unique=False)
        batch_op.create_index("ix_training_class_provider", ["provider_id", "first_at"], unique=False)
        batch_op.create_index("ix_training_class_state", ["state", "first_at", "id"], unique=False)

    op.create_table(
        "class_feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("score BETWEEN 1 AND 5", name=op.f("ck_class_feedback_score")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.id"], name=op.f("fk_class_feedback_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_class_feedback_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_feedback")),
        sa.UniqueConstraint("class_id", "person_id", name=op.f("uq_class_feedback_class_id_person_id")),
    )
    with op.batch_alter_table("class_feedback", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_class_feedback_person_id"), ["person_id"], unique=False)

    op.create_table(
        "class_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("venue", sa.String(length=80), nullable=False),
        sa.Column("trainer_id", sa.Uuid(), nullable=True),
        sa.Column("topic", sa.String(length=80), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_class_session_period")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.id"], name=op.f("fk_class_session_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(["trainer_id"], ["person.id"], name=op.f("fk_class_session_trainer_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_session")),
        sa.UniqueConstraint("class_id", "number", name=op.f("uq_class_session_class_id_number")),
    )
    with op.batch_alter_table("class_session", schema=None) as batch_op:
        batch_op.create_index("ix_class_session_starts_at", ["starts_at"], unique=False)
        batch_op.create_index("ix_class_session_trainer", ["trainer_id", "starts_at"], unique=False)
        batch_op.create_index("ix_class_session_venue", ["venue", "starts_at"], unique=False)

    op.create_table(
        "entry_group",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.id"], name=op.f("fk_entry_group_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_entry_group_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["person.id"], name=op.f("fk_entry_group_made_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_group")),
    )
    with op.batch_alter_table("entry_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_group_class_id"), ["class_id"], unique=False)
        batch_op.create_index("ix_entry_group_enterprise", ["enterprise_id", "created_at", "id"], unique=False)

    op.create_table(
        "training_demand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asker", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("grid_id", sa.Uuid(), nullable=True),
        sa.Column("course_id", sa.Uuid(), nullable=True),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("shortage_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("heads", sa.Integer(), nullable=False),
        sa.Column("wish_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(asker = 'enterprise') = (enterprise_id IS NOT NULL)", name=op.f("ck_training_demand_firm")
        ),
        sa.CheckConstraint("(asker = 'grid') = (grid_id IS NOT NULL)", name=op.f("ck_training_demand_grid")),
        sa.CheckConstraint("heads > 0", name=op.f("ck_training_demand_heads")),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.id"], name=op.f("fk_training_demand_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_training_demand_course_id_course")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_training_demand_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["grid_id"], ["grid.id"], name=op.f("fk_training_demand_grid_id_grid")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_training_demand_person_id_person")),
        sa.ForeignKeyConstraint(["pool_id"], ["demand_pool.id"], name=op.f("fk_training_demand_pool_id_demand_pool")),
        sa.ForeignKeyConstraint(
            ["shortage_id"], ["training_shortage.id"], name=op.f("fk_training_demand_shortage_id_training_shortage")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_demand")),
    )
    with op.batch_alter_table("training_demand", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_training_demand_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_demand_course_id"), ["course_id"], unique=False)
        batch_op.create_index("ix_training_demand_enterprise", ["enterprise_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_training_demand_expires", ["state", "expires_at"], unique=False)
        batch_op.create_index("ix_training_demand_grid", ["grid_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_training_demand_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_demand_pool_id"), ["pool_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_training_demand_shortage_id"), ["shortage_id"], unique=False)
        batch_op.create_index("ix_training_demand_state", ["state", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_training_demand_open",
            ["person_id", "course_id"],
            unique=True,
            postgresql_where=sa.text("asker = 'person' AND state IN ('submitted', 'pooled', 'quoted', 'accepted')"),
            sqlite_where=sa.text("asker = 'person' AND state IN ('submitted', 'pooled', 'quoted', 'accepted')"),
        )

    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=True),
        sa.Column("enterprise_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.BigInteger(), nullable=True),
        sa.Column("jump_reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("jumped_by", sa.Uuid(), nullable=True),
        sa.Column("offered_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("told", sa.String(length=120), nullable=True),
        sa.CheckConstraint("state <> 'offered' OR offered_until IS NOT NULL", name=op.f("ck_enrolment_offer")),
        sa.CheckConstraint("state <> 'waitlisted' OR place IS NOT NULL", name=op.f("ck_enrolment_waiting")),
        sa.CheckConstraint("score IS NULL OR score BETWEEN 0 AND 100", name=op.f("ck_enrolment_score")),
        sa.ForeignKeyConstraint(["class_id"], ["training_class.id"], name=op.f("fk_enrolment_class_id_training_class")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_enrolment_decided_by_person")),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_enrolment_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["entry_group.id"], name=op.f("fk_enrolment_group_id_entry_group")),
        sa.ForeignKeyConstraint(["jumped_by"], ["person.id"], name=op.f("fk_enrolment_jumped_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_enrolment_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment")),
    )
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.create_index("ix_enrolment_class", ["class_id", "state", "created_at", "id"], unique=False)
        batch_op.create_index("ix_enrolment_enterprise", ["enterprise_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_enrolment_group_id"), ["group_id"], unique=False)
        batch_op.create_index(
            "ix_enrolment_offers",
            ["offered_until"],
            unique=False,
            postgresql_where=sa.text("state = 'offered'"),
            sqlite_where=sa.text("state = 'offered'"),
        )
        batch_op.create_index("ix_enrolment_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_enrolment_waiting",
            ["class_id", "place"],
            unique=False,
            postgresql_where=sa.text("state = 'waitlisted'"),
            sqlite_where=sa.text("state = 'waitlisted'"),
        )
        batch_op.create_index(
            "uq_enrolment_running",
            ["class_id", "person_id"],
            unique=True,
            postgresql_where=sa.text("state NOT IN ('refused', 'lapsed', 'declined', 'withdrawn', 'class_cancelled')"),
            sqlite_where=sa.text("state NOT IN ('refused', 'lapsed', 'declined', 'withdrawn', 'class_cancelled')"),
        )

    op.create_table(
        "attendance_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.String(length=40), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=False),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_attendance_mark_minutes")),
        sa.ForeignKeyConstraint(
            ["enrolment_id"], ["enrolment.id"], name=op.f("fk_attendance_mark_enrolment_id_enrolment")
        ),
        sa.ForeignKeyConstraint(["marked_by"], ["person.id"], name=op.f("fk_attendance_mark_marked_by_person")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["class_session.id"], name=op.f("fk_attendance_mark_session_id_class_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_mark")),
        sa.UniqueConstraint("session_id", "enrolment_id", name=op.f("uq_attendance_mark_session_id_enrolment_id")),
    )
    with op.batch_alter_table("attendance_mark", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attendance_mark_enrolment_id"), ["enrolment_id"], unique=False)

    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("enrolment_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("course_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("expired", sa.Boolean(), nullable=False),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["training_class.id"], name=op.f("fk_certificate_class_id_training_class")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_certificate_course_id_course")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_certificate_ended_by_person")),
        sa.ForeignKeyConstraint(["enrolment_id"], ["enrolment.id"], name=op.f("fk_certificate_enrolment_id_enrolment")),
        sa.ForeignKeyConstraint(["issued_by"], ["person.id"], name=op.f("fk_certificate_issued_by_person")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_certificate_person_id_person")),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["certificate.id"], name=op.f("fk_certificate_supersedes_id_certificate")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_number")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index("ix_certificate_class", ["class_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_course_id"), ["course_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_enrolment_id"), ["enrolment_id"], unique=False)
        batch_op.create_index("ix_certificate_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_certificate_supersedes_id"), ["supersedes_id"], unique=False)
        batch_op.create_index("ix_certificate_valid_to", ["state", "expired", "valid_to"], unique=False)
        batch_op.create_index(
            "uq_certificate_held",
            ["enrolment_id"],
            unique=True,
            postgresql_where=sa.text("state = 'issued'"),
            sqlite_where=sa.text("state = 'issued'"),
        )

    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.add_column(sa.Column("proven", sa.JSON(none_as_null=True), nullable=True))

    with op.batch_alter_table("worker_skill", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cause", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("before_level", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("before_proof", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("worker_skill", schema=None) as batch_op:
        batch_op.drop_column("before_proof")
        batch_op.drop_column("before_level")
        batch_op.drop_column("cause")

    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.drop_column("proven")

    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_certificate_held",
            postgresql_where=sa.text("state = 'issued'"),
            sqlite_where=sa.text("state = 'issued'"),
        )
        batch_op.drop_index("ix_certificate_valid_to")
        batch_op.drop_index(batch_op.f("ix_certificate_supersedes_id"))
        batch_op.drop_index("ix_certificate_person")
        batch_op.drop_index(batch_op.f("ix_certificate_enrolment_id"))
        batch_op.drop_index(batch_op.f("ix_certificate_course_id"))
        batch_op.drop_index("ix_certificate_class")

    op.drop_table("certificate")
    with op.batch_alter_table("attendance_mark", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attendance_mark_enrolment_id"))

    op.drop_table("attendance_mark")
    with op.batch_alter_table("enrolment", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_enrolment_running",
            postgresql_where=sa.text("state NOT IN ('refused', 'lapsed', 'declined', 'withdrawn', 'class_cancelled')"),
            sqlite_where=sa.text("state NOT IN ('refused', 'lapsed', 'declined', 'withdrawn', 'class_cancelled')"),
        )
        batch_op.drop_index(
            "ix_enrolment_waiting",
            postgresql_where=sa.text("state = 'waitlisted'"),
            sqlite_where=sa.text("state = 'waitlisted'"),
        )
        batch_op.drop_index("ix_enrolment_person")
        batch_op.drop_index(
            "ix_enrolment_offers",
            postgresql_where=sa.text("state = 'offered'"),
            sqlite_where=sa.text("state = 'offered'"),
        )
        batch_op.drop_index(batch_op.f("ix_enrolment_group_id"))
        batch_op.drop_index("ix_enrolment_enterprise")
        batch_op.drop_index("ix_enrolment_class")

    op.drop_table("enrolment")
    with op.batch_alter_table("training_demand", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_training_demand_open",
            postgresql_where=sa.text("asker = 'person' AND state IN ('submitted', 'pooled', 'quoted', 'accepted')"),
            sqlite_where=sa.text("asker = 'person' AND state IN ('submitted', 'pooled', 'quoted', 'accepted')"),
        )
        batch_op.drop_index("ix_training_demand_state")
        batch_op.drop_index(batch_op.f("ix_training_demand_shortage_id"))
        batch_op.drop_index(batch_op.f("ix_training_demand_pool_id"))
        batch_op.drop_index("ix_training_demand_person")
        batch_op.drop_index("ix_training_demand_grid")
        batch_op.drop_index("ix_training_demand_expires")
        batch_op.drop_index("ix_training_demand_enterprise")
        batch_op.drop_index(batch_op.f("ix_training_demand_course_id"))
        batch_op.drop_index(batch_op.f("ix_training_demand_class_id"))

    op.drop_table("training_demand")
    with op.batch_alter_table("entry_group", schema=None) as batch_op:
        batch_op.drop_index("ix_entry_group_enterprise")
        batch_op.drop_index(batch_op.f("ix_entry_group_class_id"))

    op.drop_table("entry_group")
    with op.batch_alter_table("class_session", schema=None) as batch_op:
        batch_op.drop_index("ix_class_session_venue")
        batch_op.drop_index("ix_class_session_trainer")
        batch_op.drop_index("ix_class_session_starts_at")

    op.drop_table("class_session")
    with op.batch_alter_table("class_feedback", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_class_feedback_person_id"))

    op.drop_table("class_feedback")
    with op.batch_alter_table("training_class", schema=None) as batch_op:
        batch_op.drop_index("ix_training_class_state")
        batch_op.drop_index("ix_training_class_provider")
        batch_op.drop_index(batch_op.f("ix_training_class_pool_id"))
        batch_op.drop_index(batch_op.f("ix_training_class_only_enterprise_id"))
        batch_op.drop_index("ix_training_class_first_at")
        batch_op.drop_index(batch_op.f("ix_training_class_course_id"))

    op.drop_table("training_class")
    op.drop_table("competition_score")
    with op.batch_alter_table("competition_objection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_competition_objection_person_id"))
        batch_op.drop_index(batch_op.f("ix_competition_objection_entry_id"))
        batch_op.drop_index("ix_competition_objection_competition")

    op.drop_table("competition_objection")
    with op.batch_alter_table("menu_course", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_menu_course_course_id"))

    op.drop_table("menu_course")
    with op.batch_alter_table("demand_pool", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_demand_pool_open", postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'")
        )
        batch_op.drop_index("ix_demand_pool_state")
        batch_op.drop_index(batch_op.f("ix_demand_pool_course_id"))
        batch_op.drop_index(
            "ix_demand_pool_answer_until",
            postgresql_where=sa.text("state = 'quoted'"),
            sqlite_where=sa.text("state = 'quoted'"),
        )

    op.drop_table("demand_pool")
    with op.batch_alter_table("declaration_paper", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_declaration_paper_file_id"))

    op.drop_table("declaration_paper")
    with op.batch_alter_table("competition_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_competition_entry_state")
        batch_op.drop_index(batch_op.f("ix_competition_entry_person_id"))

    op.drop_table("competition_entry")
    with op.batch_alter_table("training_shortage", schema=None) as batch_op:
        batch_op.drop_index("ix_training_shortage_state")
        batch_op.drop_index(batch_op.f("ix_training_shortage_occupation_code"))

    op.drop_table("training_shortage")
    with op.batch_alter_table("declaration", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_declaration_open",
            postgresql_where=sa.text("state NOT IN ('passed', 'failed', 'withdrawn')"),
            sqlite_where=sa.text("state NOT IN ('passed', 'failed', 'withdrawn')"),
        )
        batch_op.drop_index("ix_declaration_state")
        batch_op.drop_index("ix_declaration_person")

    op.drop_table("declaration")
    with op.batch_alter_table("course", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_state"))
        batch_op.drop_index(batch_op.f("ix_course_provider_id"))
        batch_op.drop_index(batch_op.f("ix_course_occupation_code"))

    op.drop_table("course")
    with op.batch_alter_table("competition", schema=None) as batch_op:
        batch_op.drop_index("ix_competition_practical_at")

    op.drop_table("competition")
    op.drop_table("training_provider")
    op.drop_table("subsidy_rate")
    op.drop_table("declaration_material")
    op.drop_table("course_menu")
