"""jobs: recommendation

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "feed_head",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_feed_head")),
    )
    op.create_table(
        "impression",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("personalised", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_impression_person_id_person")),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_impression_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_impression")),
    )
    op.create_index("ix_impression_person", "impression", ["person_id", "created_at"])
    op.create_index("ix_impression_vacancy", "impression", ["vacancy_id", "created_at"])
    op.create_index("ix_impression_created", "impression", ["created_at"])
    op.create_table(
        "vacancy_exposure",
        sa.Column("vacancy_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["vacancy_id"], ["vacancy.id"], name=op.f("fk_vacancy_exposure_vacancy_id_vacancy")),
        sa.PrimaryKeyConstraint("vacancy_id", "day", name=op.f("pk_vacancy_exposure")),
    )
    # Nullable: neither database rewrites the table for it, and what is open already is read at the start anyway.
    op.add_column("vacancy", sa.Column("feed_seq", sa.BigInteger(), nullable=True))
    op.create_index("ix_vacancy_feed", "vacancy", ["feed_seq"])


def downgrade() -> None:
    op.drop_index("ix_vacancy_feed", table_name="vacancy")
    with op.batch_alter_table("vacancy") as batch_op:
        batch_op.drop_column("feed_seq")
    op.drop_table("vacancy_exposure")
    op.drop_table("impression")
    op.drop_table("feed_head")
