"""On site: marks, time sheets, differences, imports of clocks, accidents."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.gigs.terms import MarkKind, MarkMethod, Side
from app.rules.gigs.timesheets import AccidentState, DifferenceState, TimesheetState


class SiteMark(Identified, table=True):
    """Somebody came or went. A distance, never a place: no tracks are kept."""

    __table_args__ = (
        Index("ix_site_mark_assignment", "assignment_id", "at"),
        # What a phone recorded without a network carries its own id for ever.
        Index("uq_site_mark_client", "assignment_id", "client_id", unique=True),
    )
    assignment_id: UUID = Field(foreign_key="assignment.id")
    kind: MarkKind = Field(sa_type=str_enum(MarkKind))
    method: MarkMethod = Field(sa_type=str_enum(MarkMethod))
    at: datetime = Field(sa_type=UtcDateTime)
    by_person_id: UUID = Field(foreign_key="person.id")
    distance_m: int | None = None
    reason: str | None = Field(default=None, max_length=200)
    client_id: UUID | None = None


class Timesheet(Versioned, table=True):
    """What was worked in one assignment, as each side states it."""

    __table_args__ = (
        Index("ix_timesheet_enterprise", "enterprise_id", "day", "id"),
        Index("ix_timesheet_person", "person_id", "day", "id"),
        Index("ix_timesheet_state", "state", "stated_at"),
    )
    assignment_id: UUID = Field(foreign_key="assignment.id", unique=True)
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id")
    day: date
    state: TimesheetState = Field(default=TimesheetState.OPEN, sa_type=str_enum(TimesheetState))
    # Each side's record: minutes and [{style, process_code, quantity}].
    firm_minutes: int | None = None
    firm_pieces: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    worker_minutes: int | None = None
    worker_pieces: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    # Who stated first, and when: 48 hours of silence count from here.
    stated_by: Side | None = Field(default=None, sa_type=str_enum(Side))
    stated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provisional_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # What counts: agreed or provisional; for a disputed one the undisputed part.
    final_minutes: int | None = None
    final_pieces: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    agreed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Both were asked once more because neither had stated anything.
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TimesheetDifference(Versioned, table=True):
    """对账: one side objects, the other answers within two days; what both accept stays payable."""

    __table_args__ = (
        Index(
            "uq_timesheet_difference_open", "timesheet_id", unique=True,
            postgresql_where=sql.text("state IN ('open', 'answered')"),
            sqlite_where=sql.text("state IN ('open', 'answered')"),
        ),
        Index("ix_timesheet_difference_state", "state", "answer_by"),
    )  # fmt: skip
    timesheet_id: UUID = Field(foreign_key="timesheet.id")
    raised_by: Side = Field(sa_type=str_enum(Side))
    state: DifferenceState = Field(default=DifferenceState.OPEN, sa_type=str_enum(DifferenceState))
    claimed_minutes: int
    claimed_pieces: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    # People's own words in a quarrel about wages: sealed.
    reason_sealed: bytes = Field(sa_column_kwargs=sealed("reason"))
    answer_by: datetime = Field(sa_type=UtcDateTime)
    answer_sealed: bytes | None = Field(default=None, sa_column_kwargs=sealed("answer"))
    offered_minutes: int | None = None
    offered_pieces: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Both were told once that the time to answer had gone by.
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TimesheetImport(Versioned, table=True):
    """A clock's or a sheet's rows for many people at once: counts and errors by cell, nothing silently altered."""

    __table_args__ = (Index("ix_timesheet_import_enterprise", "enterprise_id", "created_at", "id"),)
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    imported_by: UUID = Field(foreign_key="person.id")
    file_name: str = Field(max_length=80)
    rows: int
    accepted: int
    # [{row, cell, column, message}], at most 500.
    errors: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)


class AccidentReport(Versioned, table=True):
    """An accident at work: the report starts the firm's thirty days for the 工伤 application (工伤保险条例 第十七条)."""

    __table_args__ = (
        UniqueConstraint("assignment_id", "client_id"),
        Index("ix_accident_report_enterprise", "enterprise_id", "created_at", "id"),
        Index("ix_accident_report_state", "state", "claim_due_on"),
    )
    assignment_id: UUID = Field(foreign_key="assignment.id")
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    person_id: UUID = Field(foreign_key="person.id", index=True)
    client_id: UUID
    happened_at: datetime = Field(sa_type=UtcDateTime)
    reported_by: Side = Field(sa_type=str_enum(Side))
    state: AccidentState = Field(default=AccidentState.REPORTED, sa_type=str_enum(AccidentState))
    # What happened to a person's body is health data: sealed.
    account_sealed: bytes = Field(sa_column_kwargs=sealed("account"))
    claim_due_on: date
    # The person's own right to apply runs for a year.
    own_claim_until: date
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    filed_on: date | None = None
    # The firm was reminded of its last days.
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
