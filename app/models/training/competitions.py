"""技能竞赛: the competition, its entries, judges' scores, objections."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.training.competitions import CompetitionState, ContestObjectionState, ContestPart, EntryState, TieRule


class Competition(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("theory_weight BETWEEN 0 AND 100", name="weight"),
        CheckConstraint("judges > 0", name="judges"),
        CheckConstraint("capacity IS NULL OR (capacity > 0 AND entered <= capacity)", name="capacity"),
        Index("ix_competition_practical_at", "practical_at", "id"),
    )
    title: str = Field(max_length=60)
    description: str = Field(default="", max_length=500)
    occupation_code: str = Field(max_length=20)
    licensed: bool = False
    categories: list[str] = Field(sa_type=JSON)
    state: CompetitionState = Field(default=CompetitionState.ANNOUNCED, sa_type=str_enum(CompetitionState))
    place: str = Field(max_length=120)
    registering_until: datetime = Field(sa_type=UtcDateTime)
    theory_at: datetime = Field(sa_type=UtcDateTime)
    practical_at: datetime = Field(sa_type=UtcDateTime)
    capacity: int | None = None
    entered: int = 0
    # Per cent of the theory part; how many judges score the practical one.
    theory_weight: int
    judges: int
    drop_extremes: bool = True
    tie: TieRule = Field(default=TieRule.PRACTICAL, sa_type=str_enum(TieRule))
    # Working days, and when the window that is open ends.
    objection_days: int = 3
    objections_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Rank → what is awarded, in words.
    awards: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    cancelled_because: str | None = Field(default=None, max_length=200)
    announced_by: UUID = Field(foreign_key="person.id")


class CompetitionEntry(Versioned, table=True):
    __table_args__ = (
        UniqueConstraint("competition_id", "person_id"),
        Index("ix_competition_entry_state", "competition_id", "state"),
    )
    competition_id: UUID = Field(foreign_key="competition.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    category: str = Field(max_length=20)
    number: int
    state: EntryState = Field(default=EntryState.REGISTERED, sa_type=str_enum(EntryState))
    checked_by: UUID | None = Field(default=None, foreign_key="person.id")
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))
    # Thousandths of a point; set when results are made.
    theory_milli: int | None = None
    practical_milli: int | None = None
    total_milli: int | None = None
    rank: int | None = None
    award: str | None = Field(default=None, max_length=40)


class CompetitionScore(Versioned, table=True):
    """One judge's score for a part, in tenths of a point."""

    __table_args__ = (
        UniqueConstraint("entry_id", "part", "judge_id"),
        CheckConstraint("tenths BETWEEN 0 AND 1000", name="tenths"),
    )
    entry_id: UUID = Field(foreign_key="competition_entry.id")
    part: ContestPart = Field(sa_type=str_enum(ContestPart))
    judge_id: UUID = Field(foreign_key="person.id")
    tenths: int


class CompetitionObjection(Versioned, table=True):
    __table_args__ = (Index("ix_competition_objection_competition", "competition_id", "created_at", "id"),)
    competition_id: UUID = Field(foreign_key="competition.id")
    entry_id: UUID = Field(foreign_key="competition_entry.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    state: ContestObjectionState = Field(default=ContestObjectionState.OPEN, sa_type=str_enum(ContestObjectionState))
    words_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("words"))
    answered_by: UUID | None = Field(default=None, foreign_key="person.id")
    answer_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("answer"))
