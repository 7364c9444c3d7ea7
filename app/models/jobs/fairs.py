"""Job fairs: the fair, its firms and their vacancies, who came, what it led to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Float, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Identified, Table, Versioned
from app.rules.jobs.fairs import BoothState, FairKind, FairState
from app.rules.jobs.terms import CoordType


class Fair(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("capacity > 0", name="capacity"),
        CheckConstraint("ends_at >= starts_at", name="period"),
        Index("ix_fair_starts_at", "starts_at", "id"),
        # What time starts and ends by itself.
        Index("ix_fair_state", "state", "starts_at"),
    )
    title: str = Field(max_length=60)
    kind: FairKind = Field(sa_type=str_enum(FairKind))
    state: FairState = Field(default=FairState.DRAFT, sa_type=str_enum(FairState))
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    place_address: str | None = Field(default=None, max_length=120)
    latitude: float | None = Field(default=None, sa_type=Float)
    longitude: float | None = Field(default=None, sa_type=Float)
    coord_type: CoordType | None = Field(default=None, sa_type=str_enum(CoordType))
    # Where the online fair is entered: a page of the mini-program or an https address.
    corridor: str | None = Field(default=None, max_length=300)
    school: str | None = Field(default=None, max_length=80)
    # Booths: so many firms can be confirmed.
    capacity: int
    description: str = Field(default="", max_length=1000)
    cancelled_because: str | None = Field(default=None, max_length=200)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FairArea(Table, table=True):
    """For which of the areas a fair is held; none: for all."""

    fair_id: UUID = Field(foreign_key="fair.id", primary_key=True)
    area_id: UUID = Field(foreign_key="area.id", primary_key=True, index=True)


class FairBooth(Versioned, table=True):
    """A firm at a fair, from its application or invitation on; one row per firm and fair, whatever becomes of it."""

    __table_args__ = (
        UniqueConstraint("fair_id", "enterprise_id"),
        Index(
            "uq_fair_booth_number", "fair_id", "number", unique=True,
            postgresql_where=sql.text("state = 'confirmed'"), sqlite_where=sql.text("state = 'confirmed'"),
        ),
        Index("ix_fair_booth_fair", "fair_id", "created_at", "id"),
        Index("ix_fair_booth_enterprise", "enterprise_id", "created_at", "id"),
    )  # fmt: skip
    fair_id: UUID = Field(foreign_key="fair.id")
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    enterprise_name: str = Field(max_length=80)
    state: BoothState = Field(sa_type=str_enum(BoothState))
    number: str | None = Field(default=None, max_length=20)
    declined_because: str | None = Field(default=None, max_length=200)


class FairVacancy(Table, table=True):
    """A firm's own posting at its booth: the same row as everywhere else, so what closes there is closed here."""

    fair_id: UUID = Field(foreign_key="fair.id", primary_key=True)
    vacancy_id: UUID = Field(foreign_key="vacancy.id", primary_key=True, index=True)
    booth_id: UUID = Field(foreign_key="fair_booth.id", index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)


class FairCheckIn(Identified, table=True):
    """Somebody came. `person_id` goes when it is no longer needed or the account ends; the row is still counted."""

    __table_args__ = (UniqueConstraint("fair_id", "person_id"),)
    fair_id: UUID = Field(foreign_key="fair.id")
    person_id: UUID | None = Field(default=None, foreign_key="person.id", index=True)


class FairTally(Identified, table=True):
    """People counted at the entrance who have no phone to scan with: a number, no names."""

    fair_id: UUID = Field(foreign_key="fair.id", index=True)
    people: int
    counted_by: UUID = Field(foreign_key="person.id")


class FairVisits(Table, table=True):
    """How often the fair's pages were opened, by hour: nobody is told apart."""

    fair_id: UUID = Field(foreign_key="fair.id", primary_key=True)
    hour: datetime = Field(sa_type=UtcDateTime, primary_key=True)
    visits: int


class FairReport(Identified, table=True):
    """What it led to, computed once; the second part follows after thirty days."""

    __table_args__ = (Index("ix_fair_report_follow_up", "followed_up_at", "follow_up_due_at"),)
    fair_id: UUID = Field(foreign_key="fair.id", unique=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    follow_up_due_at: datetime = Field(sa_type=UtcDateTime)
    follow_up: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    followed_up_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
