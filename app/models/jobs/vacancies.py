"""Vacancies with frozen versions and their search documents."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Float, Index, Integer, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Table, Versioned
from app.rules.jobs.terms import CoordType, Engagement, PayCycle, PayUnit, ShiftPattern, SkillLevel
from app.rules.jobs.vacancies import VacancyState

# SQLite counts rows by itself only in a column that is exactly INTEGER PRIMARY KEY.
Sequence = BigInteger().with_variant(Integer, "sqlite")


class Vacancy(Versioned, table=True):
    """The current text of a posting and its state. Pay and conditions are frozen per version in `VacancyVersion`."""

    __table_args__ = (
        CheckConstraint("hired_count >= 0 AND hired_count <= headcount", name="seats"),
        CheckConstraint("headcount > 0", name="headcount"),
        # The public list: newest first, nothing but what is published.
        Index(
            "ix_vacancy_public", "published_at", "id",
            postgresql_where=sql.text("state = 'published'"), sqlite_where=sql.text("state = 'published'"),
        ),
        Index(
            "ix_vacancy_public_occupation", "occupation_code", "published_at", "id",
            postgresql_where=sql.text("state = 'published'"), sqlite_where=sql.text("state = 'published'"),
        ),
        Index(
            "ix_vacancy_public_area", "area_id", "published_at", "id",
            postgresql_where=sql.text("state = 'published'"), sqlite_where=sql.text("state = 'published'"),
        ),
        Index(
            "ix_vacancy_public_pay", "hourly_fen", "published_at", "id",
            postgresql_where=sql.text("state = 'published'"), sqlite_where=sql.text("state = 'published'"),
        ),
        # Nearest first reads nothing but this index until it knows which rows to show.
        Index(
            "ix_vacancy_public_place", "east_m", "north_m", "state", "valid_until", "published_at", "id",
            postgresql_where=sql.text("state = 'published'"), sqlite_where=sql.text("state = 'published'"),
        ),
        # The expiry sweep.
        Index("ix_vacancy_state_valid_until", "state", "valid_until"),
        Index("ix_vacancy_enterprise", "enterprise_id", "created_at", "id"),
        # Whether the firm has nearly the same posting open.
        Index("ix_vacancy_alike", "enterprise_id", "occupation_code", "id"),
        # What changed since a number (`services/jobs/feed`).
        Index("ix_vacancy_feed", "feed_seq"),
    )  # fmt: skip
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    # Shown with every posting; frozen here so that the public list needs no join.
    enterprise_name: str = Field(max_length=80)
    # Who verified the firm, how and until when; renewed when the firm is verified anew.
    enterprise_label: str = Field(default="", max_length=120)
    # An agency names the firm that the people will work for.
    using_firm: str | None = Field(default=None, max_length=80)
    state: VacancyState = Field(default=VacancyState.DRAFT, sa_type=str_enum(VacancyState))
    content_version: int = 1
    title: str = Field(max_length=40)
    occupation_code: str = Field(max_length=20)
    occupation_name: str = Field(max_length=80)
    engagement: Engagement = Field(sa_type=str_enum(Engagement))
    headcount: int
    hired_count: int = 0
    pay_unit: PayUnit = Field(sa_type=str_enum(PayUnit))
    pay_min_fen: int | None = None
    pay_max_fen: int | None = None
    piece_rate_fen: int | None = None
    piece_per_quantity: int | None = None
    piece_hourly_output: int | None = None
    pay_cycle: PayCycle = Field(sa_type=str_enum(PayCycle))
    minutes_per_day: int
    days_per_month: int | None = None
    shift_pattern: ShiftPattern = Field(sa_type=str_enum(ShiftPattern))
    work_start_minute: int | None = None
    work_end_minute: int | None = None
    place_address: str = Field(max_length=120)
    # As given, with its system; distances are computed in gcj02.
    latitude: float | None = Field(default=None, sa_type=Float)
    longitude: float | None = Field(default=None, sa_type=Float)
    coord_type: CoordType | None = Field(default=None, sa_type=str_enum(CoordType))
    # Where the work is: as the form says, else the firm's own area.
    area_id: UUID | None = Field(default=None, foreign_key="area.id")
    benefits: list[str] = Field(default_factory=list, sa_type=JSON)
    features: list[str] = Field(default_factory=list, sa_type=JSON)
    required_years: int | None = None
    required_machines: list[str] = Field(default_factory=list, sa_type=JSON)
    required_certificates: list[str] = Field(default_factory=list, sa_type=JSON)
    required_level: SkillLevel | None = Field(default=None, sa_type=str_enum(SkillLevel))
    minimum_age: int | None = None
    # What the limits for students are checked against, as the firm states it (订单班、学生实习).
    order_class: str | None = Field(default=None, max_length=80)
    firm_staff_count: int | None = None
    post_staff_count: int | None = None
    post_pay_fen: int | None = None
    start_date: date | None = None
    duties: str = Field(max_length=1000)
    requirements: str = Field(default="", max_length=1000)
    benefits_note: str = Field(default="", max_length=300)
    contact_note: str = Field(default="", max_length=200)
    # Where it was first published, if not here (人社部等五部门2026年1月通知: reposts name their source).
    repost_source: str | None = Field(default=None, max_length=80)
    valid_until: date
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Why it is held or was returned, for its firm.
    review_note: str | None = Field(default=None, max_length=200)
    posted_by: UUID = Field(foreign_key="person.id")
    # The number of the transaction that changed what the index in memory must know; 0 until that transaction ends.
    feed_seq: int | None = Field(default=None, sa_type=BigInteger)
    # Made of the columns above by `services.jobs.derived`, for search in integers alone.
    # Effective pay per hour; 0 where it cannot be known.
    hourly_fen: int = 0
    benefit_bits: int = 0
    # Metres from the origin of the town's grid (`rules.geo.to_grid`).
    east_m: int | None = None
    north_m: int | None = None


class VacancyVersion(Table, table=True):
    """The posting as it read, for ever: an application keeps the version it saw."""

    vacancy_id: UUID = Field(foreign_key="vacancy.id", primary_key=True)
    number: int = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)


class VacancyDocument(Table, table=True):
    """The search document of a published vacancy; its tokens live in the full-text index under `seq`."""

    seq: int | None = Field(default=None, sa_type=Sequence, primary_key=True)
    vacancy_id: UUID = Field(foreign_key="vacancy.id", unique=True)
