"""Requests and answers of acting for one another (代办)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.identity.consents import ConsentMethod
from app.rules.identity.onbehalf import AgentScope, RepresentationKind, RepresentationState
from app.schemas.base import Input, Instant, InstantIn, Output, Text, example
from app.schemas.identity.people import Phone
from app.schemas.identity.sessions import ShortCode

Scopes = Annotated[list[AgentScope], Field(min_length=1, max_length=6)]
TextVersion = Annotated[Text, Field(max_length=20, description="Of the explanation read to the person, see /config")]


class RepresentationOffer(Input):
    model_config = example(
        {"kind": "relative", "scopes": ["jobs"], "text_version": "2026-11", "valid_to": "2027-06-30T18:00:00+08:00"}
    )

    kind: RepresentationKind
    scopes: Scopes
    text_version: TextVersion
    valid_to: InstantIn | None = Field(default=None, description="Default: as long as allowed")


class RepresentationRecord(Input):
    model_config = example(
        {
            "person_id": "019abcde-0000-7000-8000-000000000001",
            "scopes": ["jobs"],
            "text_version": "2026-11",
            "method": "verbal",
            "note": "本人在塘后村便民窗口口头同意",
            "evidence_file_id": None,
            "valid_to": None,
        }
    )

    person_id: UUID
    scopes: Scopes
    text_version: TextVersion
    method: ConsentMethod = Field(description="verbal (one day), signed or recorded (up to a year)")
    note: Annotated[Text, Field(max_length=200)] = ""
    evidence_file_id: UUID | None = Field(default=None, description="Required for signed; purpose consent_proof")
    valid_to: InstantIn | None = None


class RepresentationClaim(Input):
    model_config = example({"code": "7K3M9QX2VB"})

    code: ShortCode


class RepresentationRead(Output):
    id: UUID
    version: int
    kind: RepresentationKind
    kind_label: str
    state: RepresentationState
    person_id: UUID
    agent_id: UUID | None
    mine: bool = Field(description="True: this is about me; false: I act for somebody")
    scopes: list[AgentScope]
    method: ConsentMethod
    text_version: str
    valid_from: Instant
    valid_to: Instant


class RepresentationOffered(Output):
    representation: RepresentationRead
    code: str = Field(description="Shown once: hand it to the one who will act for you; one day")


class AssistedPersonForm(Input):
    model_config = example({"name": "王阿婆", "birth_date": "1952-03-01", "phone": None})

    name: Annotated[Text, Field(min_length=2, max_length=40)]
    birth_date: date | None = None
    phone: Phone | None = None


class AssistedPersonRead(Output):
    person_id: UUID


class AssistedActRead(Output):
    id: UUID
    operation: str
    agent_id: UUID
    at: Instant
    undone_at: Instant | None


class OwnCodeForm(Input):
    model_config = example({"operation": "give_consent"})

    operation: Annotated[str, Field(max_length=80, pattern=r"^[a-z_]+$")] = Field(
        description="operationId of the act for which the person's own word is needed"
    )


class OwnCodeSent(Output):
    expires_at: Instant


class OwnCodeRead(Output):
    operation: str
    code: str
    expires_at: Instant
