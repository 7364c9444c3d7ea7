"""Imports of postings from a sheet."""

from uuid import UUID

from pydantic import Field

from app.rules.jobs.imports import ImportState, RowState
from app.schemas.base import Action, Input, Instant, Output, example


class ImportForm(Input):
    model_config = example({"file_id": "019abcde-0000-7000-8000-000000000009", "submit": True})

    file_id: UUID = Field(description="An upload of purpose `vacancy_import`: the filled template, xlsx")
    submit: bool = Field(
        default=True, description="False keeps drafts; true publishes, holds for review, or refuses, row by row"
    )


class ImportRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    state: ImportState
    state_label: str
    submit: bool
    problem: str | None = Field(description="Why the sheet could not be imported at all")
    rows: int = Field(description="Rows with a posting; 0 until the sheet has been read")
    done: int
    created: int = Field(description="Drafts and published ones")
    published: int
    held: int = Field(description="Waiting for the office's review")
    refused: int = Field(description="Not imported; the rows say why, cell by cell")
    created_at: Instant
    finished_at: Instant | None
    rows_kept_until: Instant | None = Field(
        description="From then on the list of rows is empty; the counts stay. Null while it runs"
    )
    actions: list[Action]


class CellIssue(Output):
    cell: str = Field(description="As the sheet names it: D17")
    column: str
    message: str


class ImportRowRead(Output):
    number: int = Field(description="As the sheet counts")
    state: RowState
    state_label: str
    vacancy_id: UUID | None
    issues: list[CellIssue] = Field(description="What must be mended")
    notes: list[CellIssue] = Field(description="Warnings, and what was read otherwise than it is written")
