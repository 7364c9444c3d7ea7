"""Publication (公示), objections; households."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.core.columns import Table, UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.points.publication import ObjectionState, PublicationState, PublishedKind


class PointsPublication(Versioned, table=True):
    __table_args__ = (Index("ix_points_publication_days", "starts_on", "ends_on", unique=True),)
    starts_on: date
    ends_on: date
    state: PublicationState = Field(default=PublicationState.PUBLISHED, sa_type=str_enum(PublicationState))
    # Objections until here (exclusive), at least five working days.
    until: datetime = Field(sa_type=UtcDateTime)
    lines: int
    published_by: UUID = Field(foreign_key="person.id")


class PublicationLine(Identified, table=True):
    """As it was published; which award or redemption it speaks of is the office's to see."""

    __table_args__ = (UniqueConstraint("publication_id", "number"),)
    publication_id: UUID = Field(foreign_key="points_publication.id")
    number: int
    kind: PublishedKind = Field(sa_type=str_enum(PublishedKind))
    name: str = Field(max_length=40)
    what: str = Field(max_length=200)
    points: int
    on_day: date
    award_id: UUID | None = Field(default=None, foreign_key="points_award.id", index=True)
    redemption_id: UUID | None = Field(default=None, foreign_key="redemption.id", index=True)


class PointsObjection(Versioned, table=True):
    __table_args__ = (
        UniqueConstraint("line_id", "person_id"),
        Index("ix_points_objection_created", "created_at", "id"),
    )
    line_id: UUID = Field(foreign_key="publication_line.id")
    publication_id: UUID = Field(foreign_key="points_publication.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    state: ObjectionState = Field(default=ObjectionState.SUBMITTED, sa_type=str_enum(ObjectionState))
    words_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("words"))
    answer_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("answer"))
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")


class PointsHousehold(Versioned, table=True):
    name: str = Field(max_length=20)
    code_hash: str | None = Field(default=None, max_length=64, unique=True)
    code_until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HouseholdMember(Table, table=True):
    """A person is in one household at a time."""

    person_id: UUID = Field(foreign_key="person.id", primary_key=True)
    household_id: UUID = Field(foreign_key="points_household.id", index=True)
    joined_at: datetime = Field(sa_type=UtcDateTime)
