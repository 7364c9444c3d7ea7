"""Runs of the allocation, pins and bans, and what was short."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Identified, Versioned
from app.rules.gigs.allocation import PinKind, ProposalState, RunState


class AllocationRun(Versioned, table=True):
    """One solve of a horizon. The best plan so far replaces the instant one while it runs, under a lease."""

    __table_args__ = (
        CheckConstraint("horizon_ends_at > horizon_starts_at", name="horizon"),
        Index("ix_allocation_run_state", "state", "created_at", "id"),
        # One at a time for a firm, and one for the town.
        Index(
            "uq_allocation_run_open", "scope", unique=True,
            postgresql_where=sql.text("state IN ('queued', 'running')"),
            sqlite_where=sql.text("state IN ('queued', 'running')"),
        ),
        Index("ix_allocation_run_enterprise", "enterprise_id", "created_at", "id"),
    )  # fmt: skip
    # The firm's id, or "town": what may run once at a time.
    scope: str = Field(max_length=40)
    # None: the whole town's open shifts.
    enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id")
    horizon_starts_at: datetime = Field(sa_type=UtcDateTime)
    horizon_ends_at: datetime = Field(sa_type=UtcDateTime)
    state: RunState = Field(default=RunState.QUEUED, sa_type=str_enum(RunState))
    seed: int = 1
    limit_seconds: int
    cancel_asked: bool = False
    # {phase, seconds, filled, bound, gap}, for whoever watches.
    progress: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    # Best plan so far: {assignments, objectives, bounds, gaps, unfilled, unallotted}; ids of shifts and people only.
    plan: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    # What the independent checker said of it: {rules, checked, violations}.
    verdict: dict[str, Any] | None = Field(default=None, sa_type=JSON(none_as_null=True))
    failure: str | None = Field(default=None, max_length=200)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    published_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    requested_by: UUID = Field(foreign_key="person.id")


class PlanPin(Versioned, table=True):
    """Staff or a dispatcher say: this person on that shift, or never. The law is still checked."""

    __table_args__ = (UniqueConstraint("shift_id", "person_id"),)
    shift_id: UUID = Field(foreign_key="shift.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    kind: PinKind = Field(sa_type=str_enum(PinKind))
    reason: str = Field(max_length=200)
    set_by: UUID = Field(foreign_key="person.id")


class TrainingProposal(Identified, table=True):
    """What was short in a published plan: process × level × time. Proposed training demand, taken up by the training domain."""

    __table_args__ = (
        UniqueConstraint("process_code", "level", "week", "time_band"),
        Index("ix_training_proposal_state", "state", "week"),
    )
    process_code: str = Field(max_length=20)
    level: int
    # Monday of the week, and when in the day: day | evening | night.
    week: date
    time_band: str = Field(max_length=10)
    # Heads × 2 short in the last plan of that week, and the shifts they come from.
    short_halves: int
    shifts: int
    run_id: UUID | None = Field(default=None, foreign_key="allocation_run.id", index=True)
    state: ProposalState = Field(default=ProposalState.PROPOSED, sa_type=str_enum(ProposalState))
    updated_at: datetime = Field(sa_type=UtcDateTime)


class PlanUnfilled(Identified, table=True):
    """A seat that a published plan left open, with the sentence that says why."""

    __table_args__ = (Index("ix_plan_unfilled_run", "run_id", "shift_id"),)
    run_id: UUID = Field(foreign_key="allocation_run.id")
    shift_id: UUID = Field(foreign_key="shift.id", index=True)
    halves: int
    reason: str = Field(max_length=200)
