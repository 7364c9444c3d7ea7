"""Imports of postings from a sheet: the job with its progress, and one row for each row of the sheet."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, LargeBinary, sql
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.identity.apps import ClientApp
from app.rules.jobs.imports import ImportState, RowState

_RUNNING = sql.text("state IN ('queued', 'reading', 'running')")


class VacancyImport(Versioned, table=True):
    """`next_row` moves in the transaction that stores a batch: a worker that died half way leaves nothing half done."""

    __table_args__ = (
        Index(
            "uq_vacancy_import_running", "enterprise_id", unique=True,
            postgresql_where=_RUNNING, sqlite_where=_RUNNING,
        ),
        Index("ix_vacancy_import_enterprise", "enterprise_id", "created_at"),
    )  # fmt: skip
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    file_id: UUID = Field(foreign_key="file.id", index=True)
    imported_by: UUID = Field(foreign_key="person.id")
    # Under whose mini-program WeChat is asked about the words.
    app: ClientApp = Field(sa_type=str_enum(ClientApp))
    submit: bool
    state: ImportState = Field(default=ImportState.QUEUED, sa_type=str_enum(ImportState))
    # The labels of the heading, column by column, as far as they were read.
    head: list[str] = Field(default_factory=list, sa_type=JSON)
    # Why nothing of it could be read at all.
    problem: str | None = Field(default=None, max_length=300)
    rows: int = 0
    done: int = 0
    created: int = 0
    published: int = 0
    held: int = 0
    refused: int = 0
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VacancyImportRow(Table, table=True):
    """A row of the sheet: what stood in it while it waits, then what became of it."""

    __table_args__ = (
        Index(
            "ix_vacancy_import_row_waiting", "import_id", "number",
            postgresql_where=sql.text("state = 'waiting'"), sqlite_where=sql.text("state = 'waiting'"),
        ),
        Index("ix_vacancy_import_row_state", "import_id", "state", "number"),
    )  # fmt: skip
    import_id: UUID = Field(foreign_key="vacancy_import.id", primary_key=True)
    # As the sheet counts, the heading being row 1.
    number: int = Field(primary_key=True)
    state: RowState = Field(default=RowState.WAITING, sa_type=str_enum(RowState))
    # The cells as read, sealed: a firm may have typed a person's number into them. Gone once the row is done.
    cells_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("cells"))
    vacancy_id: UUID | None = Field(default=None, foreign_key="vacancy.id", index=True)
    # [{cell, column, message}]: what must be mended, and what was read otherwise than it was written.
    issues: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    notes: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
