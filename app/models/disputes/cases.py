"""A case, its log of events, the deadlines computed from it, internal notes, and the dated numbers behind the clocks."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.disputes.cases import (
    CaseCause,
    CaseKind,
    CaseOutcome,
    CaseState,
    EndReason,
    IntakeChannel,
    MediationBody,
)
from app.rules.disputes.clocks import ClockKind, ClockState, ClockUnit
from app.rules.disputes.log import CaseEventKind, CaseLevel


class DisputeCase(Versioned, table=True):
    """What the quarrel is about stands with the parties, sealed; here is only what lists and clocks need."""

    __table_args__ = (
        Index("ix_dispute_case_desk", "manager_id", "state", "created_at", "id"),
        Index("ix_dispute_case_enterprise", "enterprise_id", "created_at"),
        Index(
            "uq_dispute_case_subject", "subject_kind", "subject_id", unique=True,
            postgresql_where=sql.text("subject_id IS NOT NULL AND subject_kind <> 'vacancy'"),
            sqlite_where=sql.text("subject_id IS NOT NULL AND subject_kind <> 'vacancy'"),
        ),
    )  # fmt: skip
    # Random: a running number would tell every party how many cases there are.
    number: str = Field(max_length=20, unique=True)
    kind: CaseKind = Field(sa_type=str_enum(CaseKind))
    cause: CaseCause | None = Field(default=None, sa_type=str_enum(CaseCause))
    channel: IntakeChannel = Field(sa_type=str_enum(IntakeChannel))
    state: CaseState = Field(default=CaseState.SUBMITTED, sa_type=str_enum(CaseState))
    level: CaseLevel = Field(default=CaseLevel.MANAGER, sa_type=str_enum(CaseLevel))
    mediation_body: MediationBody | None = Field(default=None, sa_type=str_enum(MediationBody))
    # Somebody is hurt: the medical team is asked.
    injured: bool = False
    enterprise_id: UUID | None = Field(default=None, foreign_key="enterprise.id")
    area_id: UUID | None = Field(default=None, foreign_key="area.id", index=True)
    grid_id: UUID | None = Field(default=None, foreign_key="grid.id", index=True)
    # The “1”; NULL: the desk has it. The same person's seat says what they were and are.
    manager_id: UUID | None = Field(default=None, foreign_key="person.id")
    # timesheet | settlement | vacancy, where the case came from one.
    subject_kind: str | None = Field(default=None, max_length=20)
    subject_id: UUID | None = None
    # For the limitations: when the right's injury was known; whether the job goes on, and since when it does not.
    known_on: date | None = None
    employed: bool | None = None
    employment_ended_on: date | None = None
    # Days of an extension that the parties are being asked about.
    extension_days: int | None = None
    end_reason: EndReason | None = Field(default=None, sa_type=str_enum(EndReason))
    outcome: CaseOutcome | None = Field(default=None, sa_type=str_enum(CaseOutcome))
    merged_into_id: UUID | None = Field(default=None, foreign_key="dispute_case.id", index=True)
    separated_from_id: UUID | None = Field(default=None, foreign_key="dispute_case.id", index=True)
    follow_up_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("follow_up"))
    # When the other side was told of it; before that it knows nothing (who asks for help is not to be paid back for it).
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    opened_by: UUID = Field(foreign_key="person.id")
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseEvent(Identified, table=True):
    """One line of the log: codes and numbers in `data`, a reason in words sealed."""

    __table_args__ = (UniqueConstraint("case_id", "seq"),)
    case_id: UUID = Field(foreign_key="dispute_case.id")
    seq: int
    kind: CaseEventKind = Field(sa_type=str_enum(CaseEventKind))
    # NULL: time did it.
    by_person_id: UUID | None = Field(default=None, foreign_key="person.id")
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    words_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("words"))


class CaseDeadline(Versioned, table=True):
    """A clock as the log makes it now; `step` is how far its notices have gone."""

    __table_args__ = (
        UniqueConstraint("case_id", "kind", "subject_id"),
        CheckConstraint("state <> 'running' OR due_at IS NOT NULL", name="running_is_due"),
        Index("ix_case_deadline_next", "next_at", "id"),
    )
    case_id: UUID = Field(foreign_key="dispute_case.id")
    kind: ClockKind = Field(sa_type=str_enum(ClockKind))
    # The term of an agreement; else the case itself.
    subject_id: UUID
    state: ClockState = Field(sa_type=str_enum(ClockState))
    starts_on: date | None = None
    due_on: date | None = None
    # 24:00 of that day.
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    met_on: date | None = None
    # The sum in words, with the article.
    told: str = Field(max_length=300)
    provisional: bool = False
    # 0 nothing said, 1 due soon, 2 overdue, 3 the next on the ladder told; and when to look again.
    step: int = 0
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CaseNote(Identified, table=True):
    """Between the manager and the mediator; parties never see it."""

    __table_args__ = (Index("ix_case_note_case", "case_id", "created_at", "id"),)
    case_id: UUID = Field(foreign_key="dispute_case.id")
    by_person_id: UUID = Field(foreign_key="person.id")
    words_sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs=sealed("words"))


class DisputePolicyRow(Versioned, table=True):
    """A number of a clock or of a right, dated, with its article and how it is counted."""

    __table_args__ = (UniqueConstraint("key", "effective_from"),)
    key: str = Field(max_length=40)
    value: int
    unit: ClockUnit = Field(sa_type=str_enum(ClockUnit))
    # A rest day at the end moves it; our own suspension stops it; the law sets it; somebody has checked the text.
    rolls_over: bool
    stops: bool
    statutory: bool
    verified: bool
    law: str = Field(max_length=80)
    article: str = Field(max_length=60)
    effective_from: date
    effective_to: date | None = None
    source: str = Field(max_length=300)
