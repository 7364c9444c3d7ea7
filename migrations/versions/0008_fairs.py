"""jobs: fairs

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "fair",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place_address", sa.String(length=120), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("coord_type", sa.String(length=40), nullable=True),
        sa.Column("corridor", sa.String(length=300), nullable=True),
        sa.Column("school", sa.String(length=80), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("cancelled_because", sa.String(length=200), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_fair_capacity")),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_fair_period")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fair")),
    )
    with op.batch_alter_table("fair", schema=None) as batch_op:
        batch_op.create_index("ix_fair_starts_at", ["starts_at", "id"], unique=False)
        batch_op.create_index("ix_fair_state", ["state", "starts_at"], unique=False)

    op.create_table(
        "intern_limit_row",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limit_id", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("law", sa.String(length=80), nullable=False),
        sa.Column("article", sa.String(length=40), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intern_limit_row")),
        sa.UniqueConstraint("limit_id", "effective_from", name=op.f("uq_intern_limit_row_limit_id_effective_from")),
    )
    op.create_table(
        "fair_area",
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("area_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_fair_area_area_id_area")),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_area_fair_id_fair")),
        sa.PrimaryKeyConstraint("fair_id", "area_id", name=op.f("pk_fair_area")),
    )
    with op.batch_alter_table("fair_area", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fair_area_area_id"), ["area_id"], unique=False)

    op.create_table(
        "fair_check_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_check_in_fair_id_fair")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_fair_check_in_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fair_check_in")),
        sa.UniqueConstraint("fair_id", "person_id", name=op.f("uq_fair_check_in_fair_id_person_id")),
    )
    with op.batch_alter_table("fair_check_in", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fair_check_in_person_id"), ["person_id"], unique=False)

    op.create_table(
        "fair_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("follow_up_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("follow_up", sa.JSON(), nullable=True),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_report_fair_id_fair")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fair_report")),
        sa.UniqueConstraint("fair_id", name=op.f("uq_fair_report_fair_id")),
    )
    with op.batch_alter_table("fair_report", schema=None) as batch_op:
        batch_op.create_index("ix_fair_report_follow_up", ["followed_up_at", "follow_up_due_at"], unique=False)

    op.create_table(
        "fair_tally",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["counted_by"], ["person.id"], name=op.f("fk_fair_tally_counted_by_person")),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_tally_fair_id_fair")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fair_tally")),
    )
    with op.batch_alter_table("fair_tally", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fair_tally_fair_id"), ["fair_id"], unique=False)

    op.create_table(
        "fair_visits",
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_visits_fair_id_fair")),
        sa.PrimaryKeyConstraint("fair_id", "hour", name=op.f("pk_fair_visits")),
    )
    op.create_table(
        "fair_booth",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_id", sa.Uuid(), nullable=False),
        sa.Column("enterprise_name", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("declined_because", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["enterprise_id"], ["enterprise.id"], name=op.f("fk_fair_booth_enterprise_id_enterprise")
        ),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_booth_fair_id_fair")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fair_booth")),
        sa.UniqueConstraint("fair_id", "enterprise_id", name=op.f("uq_fair_booth_fair_id_enterprise_id")),
    )
    with op.batch_alter_table("fair_booth", schema=None) as batch_op:
        batch_op.create_index("ix_fair_booth_enterprise", ["enterprise_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_fair_booth_fair", ["fair_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_fair_booth_number",
            ["fair_id", "number"],
            unique=True,
            postgresql_where=sa.text("state = 'confirmed'"),
            sqlite_where=sa.text("state = 'confirmed'"),
        )

    op.create_table(
        "fair_vacancy",
        sa.Column("fair_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("booth_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["booth_id"], ["fair_booth.id"], name=op.f("fk_fair_vacancy_booth_id_fair_booth")),
        sa.ForeignKeyConstraint(["fair_id"], ["fair.id"], name=op.f("fk_fair_vacancy_fair_id_fair")),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_fair_vacancy_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("fair_id", "vacancy_id", name=op.f("pk_fair_vacancy")),
    )
    with op.batch_alter_table("fair_vacancy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_fair_vacancy_booth_id"), ["booth_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_fair_vacancy_vacancy_id"), ["vacancy_id"], unique=False)

    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fair_id", sa.Uuid(), nullable=True))
        batch_op.create_index("ix_application_fair", ["fair_id", "vacancy_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_application_fair_id_fair"), "fair", ["fair_id"], ["id"])

    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("order_class", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("firm_staff_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("post_staff_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("post_pay_fen", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("vacancy", schema=None) as batch_op:
        batch_op.drop_column("post_pay_fen")
        batch_op.drop_column("post_staff_count")
        batch_op.drop_column("firm_staff_count")
        batch_op.drop_column("order_class")

    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_application_fair_id_fair"), type_="foreignkey")
        batch_op.drop_index("ix_application_fair")
        batch_op.drop_column("fair_id")

    with op.batch_alter_table("fair_vacancy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fair_vacancy_vacancy_id"))
        batch_op.drop_index(batch_op.f("ix_fair_vacancy_booth_id"))

    op.drop_table("fair_vacancy")
    with op.batch_alter_table("fair_booth", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_fair_booth_number",
            postgresql_where=sa.text("state = 'confirmed'"),
            sqlite_where=sa.text("state = 'confirmed'"),
        )
        batch_op.drop_index("ix_fair_booth_fair")
        batch_op.drop_index("ix_fair_booth_enterprise")

    op.drop_table("fair_booth")
    op.drop_table("fair_visits")
    with op.batch_alter_table("fair_tally", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fair_tally_fair_id"))

    op.drop_table("fair_tally")
    with op.batch_alter_table("fair_report", schema=None) as batch_op:
        batch_op.drop_index("ix_fair_report_follow_up")

    op.drop_table("fair_report")
    with op.batch_alter_table("fair_check_in", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fair_check_in_person_id"))

    op.drop_table("fair_check_in")
    with op.batch_alter_table("fair_area", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fair_area_area_id"))

    op.drop_table("fair_area")
    op.drop_table("intern_limit_row")
    with op.batch_alter_table("fair", schema=None) as batch_op:
        batch_op.drop_index("ix_fair_state")
        batch_op.drop_index("ix_fair_starts_at")

    op.drop_table("fair")
