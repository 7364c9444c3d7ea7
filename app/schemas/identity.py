"""Requests and answers of login, people and staff."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.identity import ConsentPurpose, Role, ScopeKind, WechatApp
from app.schemas.base import Input, Instant, InstantIn, Output, Text, Version, example


class WechatLogin(Input):
    model_config = example({"app": "zhipin", "code": "0a3bXc000example"})

    app: WechatApp = Field(description="Which mini-program the code comes from")
    code: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")] = Field(
        description="From wx.login; 5 minutes, single use"
    )


class LoginRead(Output):
    access_token: str = Field(description="Send as `Authorization: Bearer …`")
    expires_in: int = Field(description="Seconds")
    person_id: UUID
    is_new: bool = Field(description="First login of this person in either mini-program")


class ProfileForm(Input):
    model_config = example({"name": "林小梅", "birth_date": "1990-05-01", "expected_version": 1})

    name: Annotated[Text, Field(min_length=2, max_length=40)]
    birth_date: date
    expected_version: Version


class PhoneForm(Input):
    model_config = example({"code": "phonecode-example"})

    code: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")] = Field(
        description="From the getPhoneNumber button of the mini-program you are in; not the wx.login code"
    )


class PersonRead(Output):
    id: UUID
    version: int
    name: str | None
    phone_masked: str | None
    birth_date: date | None


class ConsentForm(Input):
    model_config = example({"policy_version": "2026-11"})

    policy_version: Annotated[str, Field(max_length=20)]


class AppointmentHeld(Output):
    role: Role
    role_label: str
    scope_kind: ScopeKind
    scope_id: UUID | None


class MissingConsent(Output):
    purpose: ConsentPurpose
    label: str
    policy_version: str


class MeRead(Output):
    person: PersonRead
    app: WechatApp
    roles: list[AppointmentHeld]
    roster_name: str | None = Field(description="The record of the public roster that this person has claimed")
    has_seeker_profile: bool
    missing_consents: list[MissingConsent]
    unread_notices: int
    open_tasks: int = Field(description="Open tasks this person may see; 0 for everybody who is not staff")


class ClaimCodeRead(Output):
    claim_code: str = Field(description="Shown once; hand it over in person")
    expires_at: Instant


class RosterClaimForm(Input):
    model_config = example({"code": "7K3M9QX2VB", "name": "陈一民"})

    code: Annotated[str, Field(min_length=8, max_length=20)]
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
