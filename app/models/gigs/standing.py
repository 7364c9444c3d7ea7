"""Ratings, no-shows, and 共享用工."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.gigs.standing import Excuse, NoShowState, SharingState
from app.rules.gigs.terms import Side


class Rating(Identified, table=True):
    """One side about the other after a done shift."""

    __table_args__ = (
        UniqueConstraint("assignment_id", "side"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_rating_person", "person_id", "side"),
        Index("ix_rating_enterprise", "enterprise_id", "side"),
    )
    assignment_id: UUID = Field(foreign_key="assignment.id")
    side: Side = Field(sa_type=str_enum(Side))
    person_id: UUID = Field(foreign_key="person.id")
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    stars: int
    by_person_id: UUID = Field(foreign_key="person.id")


class NoShow(Versioned, table=True):
    """Somebody left late or did not come: points by the notice given, with decay and appeal."""

    __table_args__ = (
        Index("ix_no_show_person", "person_id", "created_at", "id"),
        Index("ix_no_show_state", "state", "appeal_due_at"),
    )
    assignment_id: UUID = Field(foreign_key="assignment.id", unique=True)
    person_id: UUID = Field(foreign_key="person.id")
    enterprise_id: UUID = Field(foreign_key="enterprise.id", index=True)
    # Minutes before the start; negative: nothing was said.
    notice_minutes: int
    points: int
    # Which row of the rules, in words with its numbers.
    rule: str = Field(max_length=200)
    state: NoShowState = Field(sa_type=str_enum(NoShowState))
    excuse: Excuse | None = Field(default=None, sa_type=str_enum(Excuse))
    # From this day on it no longer counts.
    expires_on: date
    appeal_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("appeal"))
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appeal_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The office's words may speak of illness: sealed as the appeal is.
    decision_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("decision"))


class SharingAgreement(Versioned, table=True):
    """共享用工: a firm lends its own people to another for a period; the employment tie stays with the lender."""

    __table_args__ = (
        CheckConstraint("lender_id <> borrower_id", name="two_firms"),
        CheckConstraint("ends_on >= starts_on", name="period"),
        Index("ix_sharing_agreement_lender", "lender_id", "created_at", "id"),
        Index("ix_sharing_agreement_borrower", "borrower_id", "created_at", "id"),
    )
    lender_id: UUID = Field(foreign_key="enterprise.id")
    borrower_id: UUID = Field(foreign_key="enterprise.id")
    state: SharingState = Field(default=SharingState.DRAFT, sa_type=str_enum(SharingState))
    starts_on: date
    ends_on: date
    process_code: str = Field(max_length=20)
    # What the borrower pays the lender for, in words of the agreement; the lender pays its people.
    terms: str = Field(max_length=1000)
    # Both agreements on file: between the firms, and between the lender and its people.
    firms_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    workers_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    offered_by: UUID = Field(foreign_key="person.id")
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SharedWorker(Table, table=True):
    """A lent person, with their own consent."""

    agreement_id: UUID = Field(foreign_key="sharing_agreement.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    consented_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
