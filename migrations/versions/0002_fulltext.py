"""full-text index of vacancies

Purpose and concerns: see NOTES.md.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        # Tokens come segmented; unicode61 splits at the spaces between them and nothing else.
        op.execute(
            "CREATE VIRTUAL TABLE vacancy_document_fts USING fts5(tokens, tokenize='unicode61', detail=none, columnsize=0)"
        )
        return
    op.execute(
        "CREATE TABLE vacancy_document_fts ("
        "seq BIGINT CONSTRAINT pk_vacancy_document_fts PRIMARY KEY "
        "CONSTRAINT fk_vacancy_document_fts_seq REFERENCES vacancy_document (seq) ON DELETE CASCADE, "
        "tokens TSVECTOR NOT NULL)"
    )
    op.execute("CREATE INDEX ix_vacancy_document_fts_tokens ON vacancy_document_fts USING gin (tokens)")


def downgrade() -> None:
    op.execute("DROP TABLE vacancy_document_fts")
