"""The funnel as the seeker and as the firm see it."""

from uuid import UUID

from pydantic import Field

from app.rules.jobs.applications import ApplicationSource, ApplicationState, RejectReason
from app.rules.jobs.invitations import DeclineReason
from app.schemas.base import Action, Input, Instant, Output, Version, example
from app.schemas.jobs.seekers import ScorePart


class ApplicationForm(Input):
    model_config = example({"vacancy_id": "019abcde-0000-7000-8000-000000000003", "release_contact": True})

    vacancy_id: UUID
    release_contact: bool = Field(description="Name and phone go to this enterprise, and to no other")
    fair_id: UUID | None = Field(default=None, description="Made on the spot, at this fair; checked in first if onsite")


class StepForm(Input):
    model_config = example({"state": "interview", "reason": None, "expected_version": 1})

    state: ApplicationState
    reason: RejectReason | None = None
    expected_version: Version


class StepRead(Output):
    state: ApplicationState
    state_label: str
    at: Instant


class ApplicationRead(Output):
    """As the seeker sees it."""

    id: UUID
    version: int
    vacancy_id: UUID
    vacancy_title: str
    enterprise_name: str
    vacancy_content_version: int
    source: ApplicationSource
    fair_id: UUID | None
    state: ApplicationState
    state_label: str
    reason: RejectReason | None
    offer_accepted_at: Instant | None = Field(
        description="When the person accepted the offer; hired is the firm's step"
    )
    decline_reason: DeclineReason | None = Field(description="Why the person declined the offer, if they said")
    created_at: Instant
    steps: list[StepRead]
    actions: list[Action]


class Contact(Output):
    name: str
    phone: str


class CandidateRead(Output):
    """An application as the firm sees it, with the contact that it released."""

    id: UUID
    version: int
    vacancy_id: UUID
    vacancy_content_version: int = Field(description="What the person saw: GET /vacancies/{id}/versions/{number}")
    source: ApplicationSource
    fair_id: UUID | None
    state: ApplicationState
    state_label: str
    offer_accepted_at: Instant | None = Field(description="When the person accepted the offer")
    decline_reason: DeclineReason | None = Field(description="Why the person declined the offer, if they said")
    created_at: Instant
    contact: Contact | None = Field(description="null once the application is withdrawn")
    score: int | None
    confidence: int | None
    parts: list[ScorePart]
    reasons: list[str]
    gaps: list[str]
    actions: list[Action]


class Candidates(Output):
    items: list[CandidateRead]
