"""Settlements with their lines, overdue steps, publishing blocks, and differences taken to mediation."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.gigs.settlements import BlockState, LineKind, SettlementState
from app.rules.gigs.terms import PaidBy, Side, WagePeriod


class Settlement(Versioned, table=True):
    """What a firm owes one person for one wage period (保障农民工工资支付条例 第十五条 names the fields). Money in fen.

    The platform moves no money: it records what is due, what the firm says it paid, and what the person says arrived.
    """

    __table_args__ = (
        UniqueConstraint(
            "enterprise_id", "person_id", "period_start", "period_end", "part", name="uq_settlement_period"
        ),
        CheckConstraint("due_fen >= 0 AND paid_fen >= 0", name="amounts"),
        Index("ix_settlement_enterprise", "enterprise_id", "due_on", "id"),
        Index("ix_settlement_person", "person_id", "due_on", "id"),
        Index("ix_settlement_state", "state", "due_on"),
    )
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id")
    # The wage period in China's days; `part` counts what came after it was settled.
    period_start: date
    period_end: date
    part: int = 1
    state: SettlementState = Field(default=SettlementState.DUE, sa_type=str_enum(SettlementState))
    due_fen: int
    # How the firm has promised to pay, as accepted with the first line.
    wage_period: WagePeriod = Field(sa_type=str_enum(WagePeriod))
    pay_days: int
    # Not counted in `due_fen`: what two sides still differ about.
    disputed_fen: int = 0
    due_on: date
    # Which of the law's or the contract's dates is the earliest, and how a rest day moved it.
    due_because: str = Field(max_length=300)
    paid_fen: int = 0
    paid_on: date | None = None
    # How, and the receipt or transfer that the firm shows.
    paid_by: PaidBy | None = Field(default=None, sa_type=str_enum(PaidBy))
    proof_file_id: UUID | None = Field(default=None, foreign_key="file.id", index=True)
    received_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    contested_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("contested"))
    # How far the chain has gone: 0 none, 1 both sides, 2 liaison cadre, 3 gigs officer.
    overdue_step: int = 0
    overdue_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SettlementLine(Identified, table=True):
    """One part of a settlement and how it was reckoned; a time sheet is paid once."""

    __table_args__ = (
        Index(
            "uq_settlement_line_work", "timesheet_id", unique=True,
            postgresql_where=sql.text("kind = 'work'"), sqlite_where=sql.text("kind = 'work'"),
        ),
        Index("ix_settlement_line_settlement", "settlement_id", "created_at", "id"),
    )  # fmt: skip
    settlement_id: UUID = Field(foreign_key="settlement.id")
    kind: LineKind = Field(sa_type=str_enum(LineKind))
    assignment_id: UUID | None = Field(default=None, foreign_key="assignment.id", index=True)
    timesheet_id: UUID | None = Field(default=None, foreign_key="timesheet.id")
    minutes: int = 0
    pieces: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    # Fen as a fraction "n/d": the settlement is rounded once, its lines are the steps of the running sum.
    exact: str = Field(max_length=60)
    # Signed: a deduction is negative.
    fen: int
    # The sum in words: "平车 8 小时 × 22.00 元 = 176.00 元".
    reckoning: str = Field(max_length=300)


class PublishingBlock(Versioned, table=True):
    """No new orders while undisputed wages are overdue. Proposed by the system, decided by the officer."""

    __table_args__ = (
        Index(
            "uq_publishing_block_current", "enterprise_id", unique=True,
            postgresql_where=sql.text("state NOT IN ('dismissed', 'lifted')"),
            sqlite_where=sql.text("state NOT IN ('dismissed', 'lifted')"),
        ),
    )  # fmt: skip
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    state: BlockState = Field(default=BlockState.PROPOSED, sa_type=str_enum(BlockState))
    # What it rests on: how many settlements, how many people, how many fen, since when.
    settlements: int
    people: int
    overdue_fen: int
    oldest_due_on: date
    notified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The firm may answer until then; the decision waits for it.
    answer_by: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str | None = Field(default=None, max_length=500)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    because: str | None = Field(default=None, max_length=300)
    appeal: str | None = Field(default=None, max_length=500)
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appeal_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MediationReferral(Identified, table=True):
    """A side chose mediation over a difference: the facts as they stood, for the disputes domain to take over."""

    __table_args__ = (UniqueConstraint("subject_kind", "subject_id"),)
    # timesheet | settlement
    subject_kind: str = Field(max_length=20)
    subject_id: UUID
    enterprise_id: UUID = Field(foreign_key="enterprise.id", index=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    chosen_by: Side = Field(sa_type=str_enum(Side))
    # JSON: shift, terms, both records, sums, dates, words of both sides.
    facts_sealed: bytes = Field(sa_column_kwargs=sealed("facts"))
    # Filled when a case is opened from it.
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
