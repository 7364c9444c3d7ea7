"""What the index in memory follows, and what was shown to whom."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from app.models.base import Identified, Table


class FeedHead(Table, table=True):
    """The number of the last transaction that changed rows which others follow; its row is that order's lock."""

    name: str = Field(primary_key=True, max_length=40)
    seq: int = Field(sa_type=BigInteger)


class Impression(Identified, table=True):
    """A recommended vacancy as it was shown: to whom, at which place, with which score (0 where not personal)."""

    __table_args__ = (
        Index("ix_impression_person", "person_id", "created_at"),
        Index("ix_impression_vacancy", "vacancy_id", "created_at"),
        # The purge.
        Index("ix_impression_created", "created_at"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    vacancy_id: UUID = Field(foreign_key="vacancy.id")
    rank: int
    score: int
    personalised: bool


class VacancyExposure(Table, table=True):
    """How often a vacancy was shown on a day of the town."""

    vacancy_id: UUID = Field(foreign_key="vacancy.id", primary_key=True)
    day: date = Field(primary_key=True)
    shown: int
