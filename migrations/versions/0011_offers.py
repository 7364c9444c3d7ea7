"""jobs: the person's answer to an offer

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("application", sa.Column("offer_accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("application", sa.Column("decline_reason", sa.String(length=40), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("application") as batch_op:
        batch_op.drop_column("decline_reason")
        batch_op.drop_column("offer_accepted_at")
