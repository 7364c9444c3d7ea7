"""Offers, assignments and the waiting list."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Versioned
from app.rules.gigs.offers import AssignmentState, OfferSource, OfferState, WaitingState
from app.rules.gigs.terms import RelationLabel, SeatKind


class Offer(Versioned, table=True):
    """A seat held for one person until they answer or the time is up. Holds `units` halves of `shift.offered`."""

    __table_args__ = (
        Index(
            "uq_offer_open", "shift_id", "person_id", unique=True,
            postgresql_where=sql.text("state = 'offered'"), sqlite_where=sql.text("state = 'offered'"),
        ),
        Index("ix_offer_person", "person_id", "created_at", "id"),
        Index("ix_offer_shift", "shift_id", "created_at", "id"),
        Index("ix_offer_state_answer", "state", "answer_by"),
    )  # fmt: skip
    shift_id: UUID = Field(foreign_key="shift.id")
    person_id: UUID = Field(foreign_key="person.id")
    run_id: UUID | None = Field(default=None, foreign_key="allocation_run.id", index=True)
    source: OfferSource = Field(sa_type=str_enum(OfferSource))
    seat: SeatKind = Field(default=SeatKind.REGULAR, sa_type=str_enum(SeatKind))
    units: int
    state: OfferState = Field(default=OfferState.OFFERED, sa_type=str_enum(OfferState))
    # The terms that an acceptance freezes.
    order_version: int
    ring: int = 0
    answer_by: datetime = Field(sa_type=UtcDateTime)
    # The notice that carries it: whether it reached the person decides whether silence counts. No key: notices are purged.
    notice_id: UUID | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Why this person, in a sentence made from the plan.
    reason: str = Field(default="", max_length=200)


class Assignment(Versioned, table=True):
    """A seat that somebody took: the terms are those of `order_version`, whatever the order says later."""

    __table_args__ = (
        Index(
            "uq_assignment_holding", "shift_id", "person_id", unique=True,
            postgresql_where=sql.text("state NOT IN ('released', 'left', 'called_off')"),
            sqlite_where=sql.text("state NOT IN ('released', 'left', 'called_off')"),
        ),
        CheckConstraint("units IN (1, 2)", name="units"),
        Index("ix_assignment_person", "person_id", "starts_at", "id"),
        Index("ix_assignment_shift", "shift_id", "created_at", "id"),
        Index("ix_assignment_enterprise", "enterprise_id", "starts_at", "id"),
        Index("ix_assignment_state", "state", "starts_at"),
    )  # fmt: skip
    shift_id: UUID = Field(foreign_key="shift.id")
    person_id: UUID = Field(foreign_key="person.id")
    offer_id: UUID | None = Field(default=None, foreign_key="offer.id", index=True)
    # As in the shift: for the law of hours without a join.
    enterprise_id: UUID = Field(foreign_key="enterprise.id")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    work_minutes: int
    seat: SeatKind = Field(sa_type=str_enum(SeatKind))
    units: int
    state: AssignmentState = Field(sa_type=str_enum(AssignmentState))
    order_version: int
    # 提示 at acceptance, with the average it was made from (minutes a day and a week with this firm).
    label: RelationLabel = Field(sa_type=str_enum(RelationLabel))
    label_day_minutes: int
    label_week_minutes: int
    accepted_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The dispatcher let this person lead.
    leads: bool = False


class WaitingEntry(Versioned, table=True):
    """A place in the line of a shift: first come, first asked."""

    __table_args__ = (
        Index(
            "uq_waiting_entry_current", "shift_id", "person_id", unique=True,
            postgresql_where=sql.text("state = 'waiting'"), sqlite_where=sql.text("state = 'waiting'"),
        ),
        Index("ix_waiting_entry_line", "shift_id", "state", "created_at", "id"),
        Index("ix_waiting_entry_person", "person_id", "created_at", "id"),
    )  # fmt: skip
    shift_id: UUID = Field(foreign_key="shift.id")
    person_id: UUID = Field(foreign_key="person.id")
    state: WaitingState = Field(default=WaitingState.WAITING, sa_type=str_enum(WaitingState))
