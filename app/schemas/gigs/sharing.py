"""共享用工."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.gigs.standing import SharingState
from app.schemas.base import Input, Instant, Output, Text, Version, example


class SharingForm(Input):
    """`person_ids`: people of the lender's list. There is no field for a margin: lending earns nothing."""

    model_config = example(
        {
            "borrower_id": "01a217c8-2751-739b-9abc-87ac9bf7de60", "starts_on": "2026-12-01", "ends_on": "2026-12-31",
            "process_code": "61101.01", "terms": "借用平车工五人，工资由原单位按原标准发放，借入单位按实结算给原单位。",
            "firms_file_id": None, "workers_file_id": None,
            "person_ids": ["01a217c8-2751-739b-9abc-87ac9bf7de61"],
        }
    )  # fmt: skip

    borrower_id: UUID
    starts_on: dt.date
    ends_on: dt.date
    process_code: Annotated[Text, Field(min_length=1, max_length=20)]
    terms: Annotated[Text, Field(min_length=5, max_length=1000)]
    firms_file_id: UUID | None = Field(default=None, description="Between the two firms; purpose `sharing_paper`")
    workers_file_id: UUID | None = Field(default=None, description="Between the lender and its people")
    person_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]


class SharingAnswer(Input):
    model_config = example({"accept": True, "expected_version": 2})

    accept: bool
    expected_version: Version


class SharedPerson(Output):
    person_id: UUID
    name: str | None = Field(description="Masked")
    consented: bool


class SharingRead(Output):
    id: UUID
    version: int
    state: SharingState
    state_label: str
    lender_id: UUID
    lender_name: str
    borrower_id: UUID
    borrower_name: str
    starts_on: dt.date
    ends_on: dt.date
    process_code: str
    terms: str
    text: str
    people: list[SharedPerson]
    answered_at: Instant | None


class MySharingRead(Output):
    """As somebody sees it who is to be lent."""

    id: UUID
    state: SharingState
    state_label: str
    lender_name: str
    borrower_name: str
    starts_on: dt.date
    ends_on: dt.date
    process_code: str
    terms: str
    text: str
    consented_at: Instant | None
