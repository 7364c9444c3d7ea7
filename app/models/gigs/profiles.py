"""Workers: what they can do, when they can come, where from, and with whom they work."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.gigs.terms import Proof
from app.rules.jobs.terms import CoordType, Vehicle


class WorkerProfile(Versioned, table=True):
    """A gig worker. Locked by whatever gives or takes a seat: two seats at one time are decided under this row's lock."""

    __table_args__ = (
        CheckConstraint("wanted_minutes_week >= 0", name="wanted"),
        CheckConstraint("outside_minutes_week >= 0", name="outside"),
    )
    person_id: UUID = Field(foreign_key="person.id", unique=True)
    # Off: keeps the profile, is neither allotted nor asked.
    active: bool = True
    # Asked when a shift is short of people at once.
    urgent: bool = False
    least_hour_fen: int | None = None
    reach_m: int | None = None
    vehicle: Vehicle | None = Field(default=None, sa_type=str_enum(Vehicle))
    wanted_minutes_week: int = 0
    # Declared by the person: hours for others outside of this platform; they warn, they do not bind.
    outside_minutes_week: int = 0
    overtime_consent: bool = False
    student: bool | None = None
    # Draws a pension or is past the age of retirement, as the person says; from the highest age on it is so anyway.
    retired: bool | None = None
    night_ok: bool | None = None
    favourites: list[str] = Field(default_factory=list, sa_type=JSON)
    # Firms the person will not work for, and firms that shall not see them; nobody is told which.
    blocks: list[str] = Field(default_factory=list, sa_type=JSON)
    hidden_from: list[str] = Field(default_factory=list, sa_type=JSON)
    # People who go together name the same word; all of a group come to a shift or none.
    companions: list[str] = Field(default_factory=list, sa_type=JSON)
    home_area_id: UUID | None = Field(default=None, foreign_key="area.id", index=True)
    # Exact location is sensitive: sealed as "latitude,longitude" in gcj02.
    home_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("home"))
    home_coord_type: CoordType | None = Field(default=None, sa_type=str_enum(CoordType))
    # 未成年工 (16–17): registration and health check, looked at by the office (未成年工特殊保护规定 第六、九条).
    minor_registration_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    minor_health_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    minor_ready_until: date | None = None
    minor_confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")


class WorkerSkill(Versioned, table=True):
    """A process (工序) the person knows, how well (1–5), and how that is known."""

    __table_args__ = (
        UniqueConstraint("person_id", "process_code"),
        CheckConstraint("level BETWEEN 1 AND 5", name="level"),
        Index("ix_worker_skill_process", "process_code", "level"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    process_code: str = Field(max_length=20)
    level: int
    proof: Proof = Field(default=Proof.CLAIMED, sa_type=str_enum(Proof))
    proof_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    proved_by: UUID | None = Field(default=None, foreign_key="person.id")
    # A pass of the town's training that proves it, and how it stood before (None: it was not there).
    cause: str | None = Field(default=None, max_length=80)
    before_level: int | None = None
    before_proof: Proof | None = Field(default=None, sa_type=str_enum(Proof))
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WeeklyWindow(Identified, table=True):
    """When somebody can be at work in an ordinary week: minutes from midnight in China, up to 2880 (over midnight)."""

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("start_minute >= 0 AND start_minute < 1440", name="start"),
        CheckConstraint("end_minute > start_minute AND end_minute <= start_minute + 1440", name="end"),
        Index("ix_weekly_window_person", "person_id", "weekday"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    # Monday is 0.
    weekday: int
    start_minute: int
    end_minute: int


class DayException(Identified, table=True):
    """One day that departs from the week: free from–to instead, or not at all (both minutes NULL)."""

    __table_args__ = (
        CheckConstraint("(start_minute IS NULL) = (end_minute IS NULL)", name="both"),
        Index("ix_day_exception_person", "person_id", "day"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    day: date
    start_minute: int | None = None
    end_minute: int | None = None


class Anchor(Identified, table=True):
    """“At place P by time T” (a grandchild at 16:30): the way from work must leave time for it."""

    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        Index("ix_anchor_person", "person_id", "weekday"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    weekday: int
    minute: int
    # Where a person is at a fixed hour is as sensitive as the home: sealed as "latitude,longitude" in gcj02.
    place_sealed: bytes = Field(sa_column_kwargs=sealed("place"))


class RosterMember(Versioned, table=True):
    """A worker on a firm's list: joined by scanning the firm's code, never by an uploaded number."""

    __table_args__ = (
        Index(
            "uq_roster_member_current", "enterprise_id", "person_id", unique=True,
            postgresql_where=sql.text("left_at IS NULL"), sqlite_where=sql.text("left_at IS NULL"),
        ),
        Index("ix_roster_member_person", "person_id", "enterprise_id"),
    )  # fmt: skip
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id")
    # The firm likes to see this person again.
    favourite: bool = False
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WorkerBlock(Versioned, table=True):
    """A firm does not want a person any more. Soon after a wage claim it is flagged to the office."""

    __table_args__ = (UniqueConstraint("enterprise_id", "person_id"), Index("ix_worker_block_person", "person_id"))
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id")
    reason: str = Field(max_length=200)
    blocked_by: UUID = Field(foreign_key="person.id")
    # Days since the person's last wage claim against this firm, where that is what made it suspicious.
    flagged_days: int | None = None
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class WageClaim(Identified, table=True):
    """Somebody asked a firm for unpaid wages: that it happened and when, so that a block soon after it is noticed."""

    __table_args__ = (Index("ix_wage_claim_pair", "enterprise_id", "person_id", "created_at"),)
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)


class LabourLimitRow(Versioned, table=True):
    """A number of the law of hours and ages, dated. `value` in the unit named; off while not confirmed where it says so."""

    __table_args__ = (UniqueConstraint("limit_id", "effective_from"),)
    limit_id: str = Field(max_length=40)
    kind: str = Field(max_length=10)
    scope: str = Field(max_length=20)
    value: int
    unit: str = Field(max_length=20)
    # False: known, not yet in force here (e.g. a draft law): shown, not applied.
    confirmed: bool = True
    law: str = Field(max_length=80)
    article: str = Field(max_length=40)
    effective_from: date
    effective_to: date | None = None
    source: str = Field(max_length=300)
