"""What a seeker keeps: vacancies and searches."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed
from app.models.base import Identified, Versioned


class SavedVacancy(Identified, table=True):
    """Title and firm as they read when it was kept: a later text may be one that nobody has approved."""

    __table_args__ = (
        UniqueConstraint("person_id", "vacancy_id"),
        Index("ix_saved_vacancy_person", "person_id", "created_at", "id"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    vacancy_id: UUID = Field(foreign_key="vacancy.id", index=True)
    title: str = Field(max_length=40)
    enterprise_name: str = Field(max_length=80)


class SavedSearch(Versioned, table=True):
    """A filter form under a name, and how far the person has been told what is new in it."""

    __table_args__ = (Index("ix_saved_search_due", "told_on", "person_id"),)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=20)
    notify: bool
    # As `schemas.jobs.search.SearchFilters`, without the point.
    filters: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    # Where distances are counted from is most often a home: sealed as "latitude,longitude,coord_type".
    point_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("point"))
    # The last day on which it was looked at, and up to which instant postings are known.
    told_on: date
    told_until: datetime = Field(sa_type=UtcDateTime)
