"""The facts that services tell one another (`core.events.emit`); who reacts stands in `reactions.py`."""

from uuid import UUID

from app.core.events import Event
from app.rules.jobs.applications import ApplicationState, RejectReason


class EnterpriseClaimReviewed(Event):
    claim_id: UUID
    person_id: UUID
    enterprise_name: str
    approved: bool
    reason: str | None


class VacancyReviewed(Event):
    vacancy_id: UUID
    person_id: UUID
    title: str
    published: bool
    note: str | None


class ApplicationReceived(Event):
    application_id: UUID
    vacancy_id: UUID
    enterprise_id: UUID
    title: str


class ApplicationMoved(Event):
    """A step that the firm took; the seeker sees every one."""

    application_id: UUID
    person_id: UUID
    title: str
    enterprise_name: str
    state: ApplicationState
    reason: RejectReason | None


class VacancyFilled(Event):
    """The headcount is reached; `waiting` are the people whose applications were still running."""

    vacancy_id: UUID
    title: str
    enterprise_name: str
    headcount: int
    waiting: tuple[UUID, ...]
