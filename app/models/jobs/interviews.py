"""Interviews of an application."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.jobs.interviews import InterviewState


class Interview(Versioned, table=True):
    """One interview from the first offer of times to its result. Whose it is says the application."""

    __table_args__ = (
        Index(
            "uq_interview_running", "application_id", unique=True,
            postgresql_where=sql.text("state IN ('proposed', 'other_asked', 'confirmed')"),
            sqlite_where=sql.text("state IN ('proposed', 'other_asked', 'confirmed')"),
        ),
        Index("ix_interview_application", "application_id", "created_at", "id"),
        # The sweeps: what was not arranged in time, and who is to be reminded.
        Index("ix_interview_state_slots_until", "state", "slots_until"),
        Index(
            "ix_interview_remind_at", "remind_at",
            postgresql_where=sql.text("remind_at IS NOT NULL"), sqlite_where=sql.text("remind_at IS NOT NULL"),
        ),
    )  # fmt: skip
    application_id: UUID = Field(foreign_key="application.id")
    state: InterviewState = Field(default=InterviewState.PROPOSED, sa_type=str_enum(InterviewState))
    # How often times were offered; the list holds the latest: `{starts_at, minutes, mode, place, note}`.
    round: int = 1
    slots: list[dict[str, Any]] = Field(sa_type=JSON)
    # After the last of them has begun nothing can be confirmed any more.
    slots_until: datetime = Field(sa_type=UtcDateTime)
    chosen: int | None = None
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The seeker's own words about when it would suit them.
    asked_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("asked"))
    proposed_by: UUID = Field(foreign_key="person.id")
