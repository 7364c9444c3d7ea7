"""点单: what is asked for, pooled, quoted; and what the records of jobs and gigs propose."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Versioned
from app.rules.training.demands import Asker, DemandState, PoolState, ShortageKind, ShortageState


class DemandPool(Versioned, table=True):
    """Everybody of the three areas who wants the same course; one is open for each course."""

    __table_args__ = (
        Index(
            "uq_demand_pool_open", "course_id", unique=True,
            postgresql_where=sql.text("state = 'open'"), sqlite_where=sql.text("state = 'open'"),
        ),
        Index("ix_demand_pool_state", "state", "created_at", "id"),
        Index(
            "ix_demand_pool_answer_until", "answer_until",
            postgresql_where=sql.text("state = 'quoted'"), sqlite_where=sql.text("state = 'quoted'"),
        ),
        CheckConstraint("state = 'open' OR state = 'closed' OR answer_until IS NOT NULL", name="quote"),
    )  # fmt: skip
    course_id: UUID = Field(foreign_key="course.id", index=True)
    state: PoolState = Field(default=PoolState.OPEN, sa_type=str_enum(PoolState))
    # The plan that was offered: in words, what it costs each (0: nothing), until when to answer.
    plan: str | None = Field(default=None, max_length=300)
    each_fen: int | None = None
    answer_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    quoted_by: UUID | None = Field(default=None, foreign_key="person.id")


class TrainingDemand(Versioned, table=True):
    __table_args__ = (
        CheckConstraint("heads > 0", name="heads"),
        CheckConstraint("(asker = 'enterprise') = (enterprise_id IS NOT NULL)", name="firm"),
        CheckConstraint("(asker = 'grid') = (grid_id IS NOT NULL)", name="grid"),
        # A person asks once for a course; a firm or a grid may need more later.
        Index(
            "uq_training_demand_open", "person_id", "course_id", unique=True,
            postgresql_where=sql.text("asker = 'person' AND state IN ('submitted', 'pooled', 'quoted', 'accepted')"),
            sqlite_where=sql.text("asker = 'person' AND state IN ('submitted', 'pooled', 'quoted', 'accepted')"),
        ),
        Index("ix_training_demand_person", "person_id", "created_at", "id"),
        Index("ix_training_demand_enterprise", "enterprise_id", "created_at", "id"),
        Index("ix_training_demand_grid", "grid_id", "created_at", "id"),
        Index("ix_training_demand_state", "state", "created_at", "id"),
        Index("ix_training_demand_expires", "state", "expires_at"),
    )  # fmt: skip
    asker: Asker = Field(sa_type=str_enum(Asker))
    # Who asked, or asked for others.
    person_id: UUID = Field(foreign_key="person.id")
    enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id")
    grid_id: UUID | None = Field(default=None, foreign_key="grid.id")
    course_id: UUID | None = Field(default=None, foreign_key="course.id", index=True)
    pool_id: UUID | None = Field(default=None, foreign_key="demand_pool.id", index=True)
    class_id: UUID | None = Field(default=None, foreign_key="training_class.id", index=True)
    shortage_id: UUID | None = Field(default=None, foreign_key="training_shortage.id", index=True)
    state: DemandState = Field(default=DemandState.DRAFT, sa_type=str_enum(DemandState))
    heads: int
    # In their own words: what they want to learn, when they can come.
    wish_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("wish"))
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))
    expires_at: datetime = Field(sa_type=UtcDateTime)


class TrainingShortage(Versioned, table=True):
    """A demand that the records propose: a trade that vacancies wait for, a process that plans lacked."""

    __table_args__ = (
        UniqueConstraint("kind", "key"),
        CheckConstraint("heads > 0", name="heads"),
        Index("ix_training_shortage_state", "state", "created_at", "id"),
    )
    kind: ShortageKind = Field(sa_type=str_enum(ShortageKind))
    # What it is about, once: trade and month, or the proposal of a plan.
    key: str = Field(max_length=80)
    occupation_code: str = Field(max_length=20, index=True)
    level: int | None = None
    heads: int
    # The numbers behind it, in a sentence.
    told: str = Field(max_length=300)
    state: ShortageState = Field(default=ShortageState.PROPOSED, sa_type=str_enum(ShortageState))
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
