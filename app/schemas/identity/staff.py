"""Requests and answers of roster claims and appointments."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.identity.roles import Role, ScopeKind
from app.schemas.base import Input, Instant, InstantIn, Output, Text, example
from app.schemas.identity.sessions import ShortCode


class ClaimCodeRead(Output):
    claim_code: str = Field(description="Shown once; hand it over in person")
    expires_at: Instant


class RosterClaimForm(Input):
    model_config = example({"code": "7K3M9QX2VB", "name": "陈一民"})

    code: ShortCode
    name: Annotated[Text, Field(min_length=2, max_length=40)] = Field(description="As the public roster prints it")


class RosterClaimRead(Output):
    roster_person_id: UUID


class AppointmentForm(Input):
    model_config = example(
        {
            "person_id": "019abcde-0000-7000-8000-000000000001",
            "role": "jobs_officer",
            "scope_kind": "town",
            "scope_id": None,
            "valid_from": None,
            "valid_to": None,
            "source": "镇党委会议决定",
        }
    )

    person_id: UUID
    role: Role
    scope_kind: ScopeKind
    scope_id: UUID | None = None
    valid_from: InstantIn | None = Field(default=None, description="Default: now")
    valid_to: InstantIn | None = Field(default=None, description="Default: open")
    source: Annotated[Text, Field(min_length=2, max_length=200)] = Field(description="On what the appointment rests")


class SubstituteForm(Input):
    model_config = example(
        {
            "person_id": "019abcde-0000-7000-8000-000000000001",
            "valid_from": None,
            "valid_to": "2026-12-31T18:00:00+08:00",
        }
    )

    person_id: UUID
    valid_from: InstantIn | None = Field(default=None, description="Default: now")
    valid_to: InstantIn = Field(description="A substitute always has an end")


class AppointmentRead(Output):
    id: UUID
    version: int
    person_id: UUID
    role: Role
    scope_kind: ScopeKind
    scope_id: UUID | None
    valid_from: Instant
    valid_to: Instant | None
    source: str
    substitute_for: UUID | None = Field(description="The appointment this one stands in for")
