"""N: seats, sessions with who was there."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, UniqueConstraint, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, sealed, str_enum
from app.models.base import Identified, Versioned
from app.rules.disputes.panel import SeatBody, SeatRole, SeatState
from app.rules.disputes.sessions import MediationSessionState, MinutesWord, SessionMode


class PanelSeat(Versioned, table=True):
    """Somebody's place in a case, the manager's included; only an accepted one lets them in."""

    __table_args__ = (
        Index(
            "uq_panel_seat_person", "case_id", "person_id", unique=True,
            postgresql_where=sql.text("state IN ('awaiting_consent', 'invited', 'accepted')"),
            sqlite_where=sql.text("state IN ('awaiting_consent', 'invited', 'accepted')"),
        ),
        Index(
            "uq_panel_seat_mediator", "case_id", unique=True,
            postgresql_where=sql.text("role = 'mediator' AND state IN ('awaiting_consent', 'invited', 'accepted')"),
            sqlite_where=sql.text("role = 'mediator' AND state IN ('awaiting_consent', 'invited', 'accepted')"),
        ),
        Index("ix_panel_seat_person", "person_id", "state"),
    )  # fmt: skip
    case_id: UUID = Field(foreign_key="dispute_case.id")
    person_id: UUID = Field(foreign_key="person.id")
    role: SeatRole = Field(sa_type=str_enum(SeatRole))
    body: SeatBody = Field(sa_type=str_enum(SeatBody))
    state: SeatState = Field(sa_type=str_enum(SeatState))
    # Codes of `Conflict`, as the graph had them when last looked at.
    conflicts: list[str] = Field(default_factory=list, sa_type=JSON)
    # Why they declined, stepped aside, or were replaced.
    reason_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("reason"))
    invited_by: UUID = Field(foreign_key="person.id")
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MediationSession(Versioned, table=True):
    __table_args__ = (Index("ix_mediation_session_case", "case_id", "starts_at", "id"),)
    case_id: UUID = Field(foreign_key="dispute_case.id")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    mode: SessionMode = Field(sa_type=str_enum(SessionMode))
    # Where, or how the call is made.
    place: str = Field(max_length=120)
    state: MediationSessionState = Field(
        default=MediationSessionState.SCHEDULED, sa_type=str_enum(MediationSessionState)
    )
    minutes_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("minutes"))
    minutes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    set_by: UUID = Field(foreign_key="person.id")


class SessionAttendance(Identified, table=True):
    """Who was there, and what they say of the minutes."""

    __table_args__ = (
        UniqueConstraint("session_id", "party_id"),
        UniqueConstraint("session_id", "seat_id"),
        CheckConstraint("(party_id IS NULL) <> (seat_id IS NULL)", name="one_who"),
    )
    session_id: UUID = Field(foreign_key="mediation_session.id")
    party_id: UUID | None = Field(default=None, foreign_key="case_party.id", index=True)
    seat_id: UUID | None = Field(default=None, foreign_key="panel_seat.id", index=True)
    word: MinutesWord = Field(default=MinutesWord.PENDING, sa_type=str_enum(MinutesWord))
    said_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    said_by: UUID | None = Field(default=None, foreign_key="person.id")
    objection_sealed: bytes | None = Field(default=None, sa_type=LargeBinary, sa_column_kwargs=sealed("objection"))
