"""Requests and answers about oneself: profile, consents, data, devices to be reached on."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from app.rules.identity.ages import AgeBand
from app.rules.identity.apps import ClientApp
from app.rules.identity.consents import ConsentMethod, ConsentPurpose
from app.rules.identity.people import RevealReason
from app.rules.identity.roles import Role, ScopeKind
from app.schemas.base import Input, Instant, Output, Text, Version, example
from app.schemas.identity.sessions import Code


class ProfileForm(Input):
    model_config = example({"name": "林小梅", "birth_date": "1990-05-01", "expected_version": 1})

    name: Annotated[Text, Field(min_length=2, max_length=40)]
    birth_date: date
    expected_version: Version


class IdNumberForm(Input):
    model_config = example({"id_number": "11010519491231002X", "expected_version": 2})

    id_number: Annotated[Text, Field(min_length=1, max_length=30)] = Field(
        description="公民身份号码, 18 characters (GB 11643-1999); needs the consent `id_number`"
    )
    expected_version: Version


class PhoneForm(Input):
    model_config = example({"code": "phonecode-example"})

    code: Code = Field(description="From the getPhoneNumber button of the mini-program you are in; not wx.login's")


class PersonRead(Output):
    id: UUID
    version: int
    name: str | None
    name_held: bool = Field(description="True while a second person has not yet looked at the name")
    phone_masked: str | None
    birth_date: date | None
    age_band: AgeBand
    id_number_masked: str | None


class ConsentForm(Input):
    model_config = example({"policy_version": "2026-11"})

    policy_version: Annotated[Text, Field(max_length=20)]


class ConsentRead(Output):
    purpose: ConsentPurpose
    label: str
    policy_version: str
    app: ClientApp
    method: ConsentMethod
    given_at: Instant
    withdrawn_at: Instant | None


class ConsentState(Output):
    purpose: ConsentPurpose
    label: str
    sensitive: bool = Field(description="Asked for only by the act that needs it, never in advance")
    policy_version: str = Field(description="The version in force")
    given: bool = Field(description="In force, for the version in force")


class ConsentsRead(Output):
    purposes: list[ConsentState]
    history: list[ConsentRead]


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
    app: ClientApp
    roles: list[AppointmentHeld]
    roster_name: str | None = Field(description="The record of the public roster that this person has claimed")
    has_seeker_profile: bool
    has_console_account: bool
    night_messages: bool = Field(description="Messages also between 21:00 and 07:00")
    missing_consents: list[MissingConsent]
    unread_notices: int
    open_tasks: int = Field(description="Open tasks this person may see; 0 for everybody who is not staff")


class NightMessagesForm(Input):
    model_config = example({"wanted": False})

    wanted: bool


class ExportRead(Output):
    format: str
    exported_at: Instant
    person_id: UUID
    tables: dict[str, list[dict[str, Any]]] = Field(description="Everything that is about you, by table, opened")


class DeletionForm(Input):
    model_config = example({"confirm": "注销"})

    confirm: Annotated[Text, Field(max_length=20)] = Field(description="The word 注销")


class AccessRead(Output):
    at: Instant
    by: str = Field(description="Who looked: staff by the name of the public roster")
    act: str
    fields: list[str]
    reason: RevealReason | None
    reason_label: str | None
