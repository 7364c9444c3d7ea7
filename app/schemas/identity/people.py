"""Requests and answers about other people: found, revealed, disabled, merged. Values are masked unless revealed."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.identity.people import PersonalField, RevealReason
from app.schemas.base import Input, Output, Text, Version, example

Phone = Annotated[str, Field(pattern=r"^1[3-9]\d{9}$", description="Mainland mobile number, 11 digits")]


class PersonSearchForm(Input):
    model_config = example({"phone": "13850000001"})

    phone: Phone


class PersonMasked(Output):
    id: UUID
    version: int
    name_masked: str | None
    phone_masked: str | None
    birth_year: int | None
    id_number_masked: str | None


class PeopleFound(Output):
    items: list[PersonMasked]


class RevealForm(Input):
    model_config = example({"fields": ["phone"], "reason": "contact", "reference_id": None})

    fields: Annotated[list[PersonalField], Field(min_length=1, max_length=4)]
    reason: RevealReason = Field(description="Goes into the audit log; the person can see it")
    reference_id: UUID | None = Field(default=None, description="The call, report or task it is for")


class RevealRead(Output):
    values: dict[PersonalField, str]


class AccountStateForm(Input):
    model_config = example({"reason": "经核实冒用他人身份", "expected_version": 3})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class AccountStateRead(Output):
    id: UUID
    version: int
    state: str
    state_label: str


class MergeForm(Input):
    model_config = example({"into": "019abcde-0000-7000-8000-000000000001"})

    into: UUID = Field(description="The record that stays")


class MergePairRead(Output):
    task_id: UUID
    title: str
    first: PersonMasked
    second: PersonMasked | None
