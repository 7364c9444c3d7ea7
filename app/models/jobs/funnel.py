"""Applications and each of their steps."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, sql
from sqlmodel import Field

from app.core.columns import UtcDateTime, str_enum
from app.models.base import Identified, Versioned
from app.rules.jobs.applications import ApplicationSource, ApplicationState, RejectReason
from app.rules.jobs.invitations import DeclineReason


class Application(Versioned, table=True):
    __table_args__ = (
        Index(
            "uq_application_active", "person_id", "vacancy_id", unique=True,
            postgresql_where=sql.text("state NOT IN ('rejected', 'withdrawn')"),
            sqlite_where=sql.text("state NOT IN ('rejected', 'withdrawn')"),
        ),
        Index("ix_application_vacancy", "vacancy_id", "created_at", "id"),
        Index("ix_application_person", "person_id", "created_at", "id"),
        # The sweeps: what waits, and who was hired so many days ago.
        Index("ix_application_state_moved", "state", "moved_at"),
        Index("ix_application_fair", "fair_id", "vacancy_id"),
    )  # fmt: skip
    person_id: UUID = Field(foreign_key="person.id")
    vacancy_id: UUID = Field(foreign_key="vacancy.id")
    vacancy_content_version: int
    state: ApplicationState = Field(default=ApplicationState.APPLIED, sa_type=str_enum(ApplicationState))
    contact_released: bool
    # Where it was made on the spot: a job fair or the online corridor.
    fair_id: UUID | None = Field(default=None, foreign_key="fair.id")
    reason: RejectReason | None = Field(default=None, sa_type=str_enum(RejectReason))
    source: ApplicationSource = Field(default=ApplicationSource.SELF, sa_type=str_enum(ApplicationSource))
    # When the last step was taken: what has waited since then too long is reminded of.
    moved_at: datetime = Field(sa_type=UtcDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    hired_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The person's answer to an offer: accepted then, or why not (an application that was withdrawn).
    offer_accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decline_reason: DeclineReason | None = Field(default=None, sa_type=str_enum(DeclineReason))


class ApplicationStep(Identified, table=True):
    """One step of the funnel, so that the person sees every one."""

    application_id: UUID = Field(foreign_key="application.id", index=True)
    state: ApplicationState = Field(sa_type=str_enum(ApplicationState))
    by_person_id: UUID | None = Field(default=None, foreign_key="person.id")
