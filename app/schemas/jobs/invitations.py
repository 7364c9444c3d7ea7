"""People suggested to a firm, and invitations as both sides see them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.jobs.invitations import DeclineReason, InvitationState
from app.schemas.base import Action, Input, Instant, Output, Version, example
from app.schemas.jobs.seekers import ScorePart
from app.schemas.jobs.vacancies import VacancyListItem


class SuggestedSeeker(Output):
    """No name, no contact, no id: what the engine tells enterprises and a reference to invite by."""

    seeker_ref: str = Field(description="Only for inviting to this vacancy; reads differently on each call")
    score: int = Field(description="0–1000")
    confidence: int = Field(description="0–100: how much of the score rests on known facts")
    parts: list[ScorePart]
    reasons: list[str]
    gaps: list[str]


class SuggestedSeekers(Output):
    items: list[SuggestedSeeker]


class InvitationForm(Input):
    model_config = example({"seeker_ref": "AQExJq0f3s9cA7d2n4Qv"})

    seeker_ref: Annotated[str, Field(min_length=8, max_length=400, pattern=r"^[0-9A-Za-z_-]+$")] = Field(
        description="From GET /vacancies/{vacancy_id}/suggested-seekers"
    )


class InvitationRead(Output):
    """As the firm sees it: whom it asked it learns from the application."""

    id: UUID
    version: int
    vacancy_id: UUID
    state: InvitationState
    state_label: str
    created_at: Instant
    expires_at: Instant
    answered_at: Instant | None
    reason: DeclineReason | None
    application_id: UUID | None
    actions: list[Action]


class MyInvitation(Output):
    """As its person sees it."""

    id: UUID
    version: int
    vacancy: VacancyListItem
    vacancy_content_version: int
    state: InvitationState
    state_label: str
    created_at: Instant
    expires_at: Instant
    reason: DeclineReason | None
    application_id: UUID | None
    score: int | None
    reasons: list[str]
    gaps: list[str]
    actions: list[Action]


class AcceptForm(Input):
    model_config = example({"release_contact": True, "expected_version": 1})

    release_contact: bool = Field(description="Name and phone go to this enterprise, and to no other")
    expected_version: Version


class DeclineForm(Input):
    model_config = example({"reason": "distance", "expected_version": 1})

    reason: DeclineReason | None = None
    expected_version: Version
