"""Answers to the auditor: who did what to what, ids and codes only."""

from uuid import UUID

from pydantic import Field

from app.schemas.base import Instant, Output


class AuditEntryRead(Output):
    id: UUID
    created_at: Instant
    actor_id: UUID | None = Field(description="null: the system itself, or nobody known")
    act: str
    subject_kind: str
    subject_id: str
    details: dict[str, str]
    seq: int | None = Field(description="Place in the sealed chain; null: not sealed yet")
