"""jobs: invitations, interviews, what both sides say of a hire, seekers who let themselves be found

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None
RUNNING = "state IN ('proposed', 'other_asked', 'confirmed')"


def upgrade() -> None:
    _invitation()
    _interview()
    op.create_table(
        "kept_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("firm_says", sa.String(length=40), nullable=True),
        sa.Column("firm_said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("person_says", sa.String(length=40), nullable=True),
        sa.Column("person_said_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_kept_check_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_check")),
        sa.UniqueConstraint("application_id", "days", name=op.f("uq_kept_check_application_id_days")),
    )
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=40), nullable=False, server_default=sa.text("'self'")))
        batch_op.add_column(sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("hired_at", sa.DateTime(timezone=True), nullable=True))
    # Each step was written down when it was taken: the last one, and the one that says hired.
    step = "(SELECT max(s.created_at) FROM application_step s WHERE s.application_id = application.id"
    op.execute(f"UPDATE application SET moved_at = coalesce({step}), updated_at)")  # noqa: S608  # constants
    op.execute(f"UPDATE application SET hired_at = {step} AND s.state = 'hired')")  # noqa: S608  # constants
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.alter_column("source", existing_type=sa.String(length=40), server_default=None)
        batch_op.alter_column("moved_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.create_index("ix_application_state_moved", ["state", "moved_at"], unique=False)
    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.add_column(sa.Column("findable", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("findable_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("findable_text", sa.String(length=20), nullable=True))
    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.alter_column("findable", existing_type=sa.Boolean(), server_default=None)
        batch_op.create_index(
            "ix_seeker_profile_findable",
            ["updated_at", "id"],
            unique=False,
            postgresql_where=sa.text("findable"),
            sqlite_where=sa.text("findable"),
        )


def _invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_content_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_invitation_person_id_person")),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_invitation_vacancy_id_vacancy")),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_invitation_invited_by_person")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_invitation_application_id_application")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_application_id"), ["application_id"], unique=False)
        batch_op.create_index("ix_invitation_person", ["person_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_invitation_state_expires", ["state", "expires_at"], unique=False)
        batch_op.create_index("ix_invitation_vacancy", ["vacancy_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_invitation_open",
            ["person_id", "vacancy_id"],
            unique=True,
            postgresql_where=sa.text("state = 'sent'"),
            sqlite_where=sa.text("state = 'sent'"),
        )


def _interview() -> None:
    op.create_table(
        "interview",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("slots_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_interview_application_id_application")
        ),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_interview_proposed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interview")),
    )
    with op.batch_alter_table("interview", schema=None) as batch_op:
        batch_op.create_index("ix_interview_application", ["application_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_interview_remind_at",
            ["remind_at"],
            unique=False,
            postgresql_where=sa.text("remind_at IS NOT NULL"),
            sqlite_where=sa.text("remind_at IS NOT NULL"),
        )
        batch_op.create_index("ix_interview_state_slots_until", ["state", "slots_until"], unique=False)
        batch_op.create_index(
            "uq_interview_running",
            ["application_id"],
            unique=True,
            postgresql_where=sa.text(RUNNING),
            sqlite_where=sa.text(RUNNING),
        )


def downgrade() -> None:
    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_seeker_profile_findable", postgresql_where=sa.text("findable"), sqlite_where=sa.text("findable")
        )
    with op.batch_alter_table("seeker_profile", schema=None) as batch_op:
        batch_op.drop_column("findable_text")
        batch_op.drop_column("findable_at")
        batch_op.drop_column("findable")
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_index("ix_application_state_moved")
    with op.batch_alter_table("application", schema=None) as batch_op:
        batch_op.drop_column("hired_at")
        batch_op.drop_column("reminded_at")
        batch_op.drop_column("moved_at")
        batch_op.drop_column("source")
    op.drop_table("kept_check")
    op.drop_table("interview")
    op.drop_table("invitation")
