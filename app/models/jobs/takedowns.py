"""Postings taken down: on what rule, with what evidence, what the firm says to it, how it ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.jobs.takedowns import TakedownState


class VacancyTakedown(Versioned, table=True):
    """One decision of the office about one posting. Evidence and words of both sides are sealed: they may name people."""

    __table_args__ = (
        # One that stands at a time; a posting put back may be taken down again.
        Index(
            "uq_vacancy_takedown_standing", "vacancy_id", unique=True,
            postgresql_where=sql.text("state <> 'overturned'"), sqlite_where=sql.text("state <> 'overturned'"),
        ),
        Index("ix_vacancy_takedown_vacancy_id", "vacancy_id", "created_at"),
    )  # fmt: skip
    vacancy_id: UUID = Field(foreign_key="vacancy.id")
    state: TakedownState = Field(default=TakedownState.IN_FORCE, sa_type=str_enum(TakedownState))
    # The rule as it read on that day; None where a report was upheld, whose answer is the ground.
    rule_id: str | None = Field(default=None, max_length=40)
    basis: str = Field(max_length=300)
    report_id: UUID | None = Field(default=None, foreign_key="report.id", index=True)
    evidence_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("evidence"))
    taken_by: UUID = Field(foreign_key="person.id")
    appeal_until: datetime = Field(sa_type=UtcDateTime)
    appeal_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("appeal"))
    appealed_by: UUID | None = Field(default=None, foreign_key="person.id")
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Until when the office answers the appeal.
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("answer"))
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
