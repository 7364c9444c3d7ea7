"""What earns points: rules, budgets, awards; volunteer activities; claims."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.points.activities import ActivityState, ParticipationState
from app.rules.points.claims import ClaimState
from app.rules.points.earning import AwardState, Evidence, FactKind, RuleState


class PointsRule(Versioned, table=True):
    """A rule as it was decided on; a changed one is a new row with the same code."""

    __table_args__ = (
        Index(
            "uq_points_rule_code", "code", unique=True,
            postgresql_where=sql.text("state = 'adopted'"), sqlite_where=sql.text("state = 'adopted'"),
        ),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("state = 'proposed' OR state = 'withdrawn' OR decided_on IS NOT NULL", name="decision"),
    )  # fmt: skip
    code: str = Field(max_length=40)
    text: str = Field(max_length=200)
    fact: FactKind = Field(sa_type=str_enum(FactKind))
    points: int
    cap_day: int | None = None
    cap_month: int | None = None
    cap_year: int | None = None
    evidence: Evidence = Field(default=Evidence.NONE, sa_type=str_enum(Evidence))
    # Who confirms, as the decision words it.
    confirmed_by: str = Field(max_length=80)
    # Claims worth more than this need a second person.
    second_above: int | None = None
    # The points live until 31 December so many years after the year of the credit.
    lasts_years: int = 1
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = Field(max_length=200)
    state: RuleState = Field(default=RuleState.PROPOSED, sa_type=str_enum(RuleState))
    proposed_by: UUID | None = Field(default=None, foreign_key="person.id")
    # The decision: who decided, its number or title, its day.
    decided_by: str | None = Field(default=None, max_length=80)
    decision: str | None = Field(default=None, max_length=200)
    decided_on: date | None = None
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")


class PointsBudget(Versioned, table=True):
    """How many points may be given in a year, and how many have been."""

    __table_args__ = (CheckConstraint("granted >= 0 AND granted <= points", name="granted"),)
    year: int = Field(unique=True)
    points: int = Field(sa_type=BigInteger)
    granted: int = Field(default=0, sa_type=BigInteger)
    # From how many points in the year on somebody who wishes stands on the honour roll; None: no roll.
    honour_from: int | None = None
    decided_by: str = Field(max_length=80)
    decision: str = Field(max_length=200)
    decided_on: date
    recorded_by: UUID = Field(foreign_key="person.id")


class PointsAward(Identified, table=True):
    """What a fact was worth. Once for each rule, cause and person, whichever revision of the rule."""

    __table_args__ = (
        UniqueConstraint("code", "cause", "person_id"),
        Index("ix_points_award_person", "person_id", "on_day"),
        Index("ix_points_award_day", "on_day"),
        Index(
            "ix_points_award_waiting", "created_at",
            postgresql_where=sql.text("state = 'waiting'"), sqlite_where=sql.text("state = 'waiting'"),
        ),
    )  # fmt: skip
    rule_id: UUID = Field(foreign_key="points_rule.id", index=True)
    code: str = Field(max_length=40)
    person_id: UUID = Field(foreign_key="person.id")
    cause: str = Field(max_length=80, index=True)
    # When it happened, and how often (hours).
    on_day: date
    year: int
    quantity: int
    points: int
    state: AwardState = Field(sa_type=str_enum(AwardState))
    grid_id: UUID | None = Field(default=None, foreign_key="grid.id", index=True)
    told: str = Field(max_length=120)
    actor_id: UUID | None = Field(default=None, foreign_key="person.id")


class Activity(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="period"),
        CheckConstraint("capacity IS NULL OR (capacity > 0 AND joined <= capacity)", name="capacity"),
        Index("ix_activity_starts_at", "starts_at", "id"),
    )
    title: str = Field(max_length=60)
    description: str = Field(default="", max_length=500)
    state: ActivityState = Field(default=ActivityState.OPEN, sa_type=str_enum(ActivityState))
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    place: str = Field(max_length=120)
    grid_id: UUID | None = Field(default=None, foreign_key="grid.id", index=True)
    capacity: int | None = None
    # People who come or came.
    joined: int = 0
    organised_by: UUID = Field(foreign_key="person.id")
    cancelled_because: str | None = Field(default=None, max_length=200)


class ActivityPerson(Versioned, table=True):
    __table_args__ = (UniqueConstraint("activity_id", "person_id"),)
    activity_id: UUID = Field(foreign_key="activity.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    state: ParticipationState = Field(default=ParticipationState.JOINED, sa_type=str_enum(ParticipationState))
    minutes: int | None = None
    confirmed_by: UUID | None = Field(default=None, foreign_key="person.id")
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # How often hours were confirmed: each time is a cause of its own.
    turn: int = 0
    void_reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("void_reason"))


class PointsClaim(Versioned, table=True):
    __table_args__ = (
        Index("ix_points_claim_person", "person_id", "created_at", "id"),
        Index("ix_points_claim_state", "state", "created_at", "id"),
        Index("ix_points_claim_same", "person_id", "rule_id", "on_day"),
    )
    person_id: UUID = Field(foreign_key="person.id")
    # The human at the screen: the person, or who acts for them.
    submitted_by: UUID = Field(foreign_key="person.id")
    rule_id: UUID = Field(foreign_key="points_rule.id", index=True)
    on_day: date
    grid_id: UUID | None = Field(default=None, foreign_key="grid.id", index=True)
    state: ClaimState = Field(default=ClaimState.SUBMITTED, sa_type=str_enum(ClaimState))
    words_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("words"))
    # Why it deserves a second look (`ClaimFlag`).
    flags: list[str] = Field(default_factory=list, sa_type=JSON)
    reviewed_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))
    appeal_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("appeal"))
    appeal_answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answer_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("answer"))


class PointsClaimPhoto(Identified, table=True):
    """The keyed hash of a photo's bytes, so that the same photo is noticed with another claim."""

    claim_id: UUID = Field(foreign_key="points_claim.id", index=True)
    digest: str = Field(max_length=64, index=True)
