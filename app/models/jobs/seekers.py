"""Seeker profiles: what a person looks for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, Index, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.jobs.terms import CoordType, PayUnit, SeekerState, SkillLevel, Vehicle


class SeekerProfile(Versioned, table=True):
    """What a person looks for; no CV. Unknown stays NULL and is asked as one next question."""

    __table_args__ = (
        Index(
            "ix_seeker_profile_findable", "updated_at", "id",
            postgresql_where=sql.text("findable"), sqlite_where=sql.text("findable"),
        ),
    )  # fmt: skip
    person_id: UUID = Field(foreign_key="person.id", unique=True)
    wanted: list[str] = Field(default_factory=list, sa_type=JSON)
    experience_years: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    machines: list[str] = Field(default_factory=list, sa_type=JSON)
    certificates: list[str] = Field(default_factory=list, sa_type=JSON)
    # What certificates of the town's training prove, with consent: {cause, title, word, level, occupation_code}.
    proven: list[dict[str, str | None]] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    level: SkillLevel | None = Field(default=None, sa_type=str_enum(SkillLevel))
    wish_pay_unit: PayUnit | None = Field(default=None, sa_type=str_enum(PayUnit))
    wish_pay_fen: int | None = None
    shift_patterns: list[str] = Field(default_factory=list, sa_type=JSON)
    free_until_minute: int | None = None
    earliest_start: date | None = None
    commute_limit_m: int | None = None
    vehicle: Vehicle | None = Field(default=None, sa_type=str_enum(Vehicle))
    wants_meals: bool | None = None
    wants_lodging: bool | None = None
    no_list: list[str] = Field(default_factory=list, sa_type=JSON)
    hidden_from: list[str] = Field(default_factory=list, sa_type=JSON)
    pay_cycles: list[str] = Field(default_factory=list, sa_type=JSON)
    seeker_state: SeekerState | None = Field(default=None, sa_type=str_enum(SeekerState))
    home_area_id: UUID | None = Field(default=None, foreign_key="area.id", index=True)
    # Exact location is sensitive: sealed as "latitude,longitude" in gcj02.
    home_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("home"))
    home_coord_type: CoordType | None = Field(default=None, sa_type=str_enum(CoordType))
    # Shown to firms that look for people: off until the person has read what that means and switched it on.
    findable: bool = False
    findable_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    findable_text: str | None = Field(default=None, max_length=20)
