"""Invitations by an enterprise to somebody who lets themselves be found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Versioned
from app.rules.jobs.invitations import DeclineReason, InvitationState


class Invitation(Versioned, table=True):
    """Who was asked for which vacancy, and what they answered. The firm learns who it is only where they accept."""

    __table_args__ = (
        Index(
            "uq_invitation_open", "person_id", "vacancy_id", unique=True,
            postgresql_where=sql.text("state = 'sent'"), sqlite_where=sql.text("state = 'sent'"),
        ),
        Index("ix_invitation_vacancy", "vacancy_id", "created_at", "id"),
        Index("ix_invitation_person", "person_id", "created_at", "id"),
        # The sweep.
        Index("ix_invitation_state_expires", "state", "expires_at"),
    )  # fmt: skip
    person_id: UUID = Field(foreign_key="person.id")
    vacancy_id: UUID = Field(foreign_key="vacancy.id")
    vacancy_content_version: int
    state: InvitationState = Field(default=InvitationState.SENT, sa_type=str_enum(InvitationState))
    expires_at: datetime = Field(sa_type=UtcDateTime)
    invited_by: UUID = Field(foreign_key="person.id")
    reason: DeclineReason | None = Field(default=None, sa_type=str_enum(DeclineReason))
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    application_id: UUID | None = Field(default=None, foreign_key="application.id", index=True)
