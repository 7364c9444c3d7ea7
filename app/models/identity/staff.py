"""Appointments and the codes with which people claim roster records."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Identified, Versioned
from app.rules.identity.roles import Role, ScopeKind


class Appointment(Versioned, table=True):
    """任职: a role within a scope, from a day to a day. Ending one works on the next call in every process."""

    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        Index("ix_appointment_scope", "scope_kind", "scope_id"),
    )
    person_id: UUID = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=str_enum(Role))
    scope_kind: ScopeKind = Field(sa_type=str_enum(ScopeKind))
    scope_id: UUID | None = None
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # Why this person holds it: an act of the town in words, or what in the system gave it.
    source: str = Field(max_length=200)
    appointed_by: UUID | None = Field(default=None, foreign_key="person.id")
    # A substitute stands in for this appointment and ends with it.
    substitute_for: UUID | None = Field(default=None, foreign_key="appointment.id", index=True)


class ClaimCode(Identified, table=True):
    """A single-use code with which a person claims a seeded roster record, and a first role with it at bootstrap."""

    code_hash: str = Field(max_length=64, unique=True)
    # Open at bootstrap: the name in the claim picks the record.
    roster_person_id: UUID | None = Field(default=None, foreign_key="roster_person.id", index=True)
    grants_role: Role | None = Field(default=None, sa_type=str_enum(Role))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    issued_by: UUID | None = Field(default=None, foreign_key="person.id")
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: UUID | None = Field(default=None, foreign_key="person.id")
