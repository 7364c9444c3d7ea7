"""Requests and answers of enterprises: found, registered, claimed, verified, suspended, staffed."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.identity.roles import Role
from app.rules.organisation import (
    EnterpriseClaimState,
    EnterpriseKind,
    EnterpriseState,
    LicenceKind,
    SuspensionState,
    VerifiedHow,
)
from app.schemas.base import Input, Instant, InstantIn, Output, Text, Version, example
from app.schemas.identity.sessions import ShortCode

Uscc = Annotated[
    Text, Field(min_length=1, max_length=40, description="统一社会信用代码, 18 characters (GB 32100-2015)")
]
FILE = "019abcde-0000-7000-8000-000000000009"


class EnterpriseRead(Output):
    id: UUID
    version: int
    name: str
    state: EnterpriseState
    state_label: str
    address: str | None
    label: str = Field(description="Who verified it, how, until when; empty before that")


class LicenceRead(Output):
    kind: LicenceKind
    kind_label: str
    number: str
    valid_to: date
    file_id: UUID
    verified: bool


class EnterpriseDetailsRead(Output):
    id: UUID
    version: int
    name: str
    kind: EnterpriseKind
    uscc: str | None
    address: str | None
    area_id: UUID | None
    handler: str | None = Field(description="经办人, for the firm and the office only")
    state: EnterpriseState
    state_label: str
    label: str
    licence_valid_to: date | None
    authorisation_valid_to: date | None
    verified_until: date | None
    returned_because: str | None
    licences: list[LicenceRead]
    file_ids: list[UUID]


class EnterpriseForm(Input):
    model_config = example(
        {
            "name": "石狮市示例服装有限公司",
            "kind": "employer",
            "uscc": "91350581MA0000000X",
            "address": "宝盖镇科技园示例路1号",
            "area_id": None,
            "handler": "王示例",
            "licence_file_id": FILE,
            "licence_valid_to": None,
            "authorisation_file_id": FILE,
            "authorisation_valid_to": "2027-11-30",
        }
    )

    name: Annotated[Text, Field(min_length=4, max_length=80)] = Field(description="As the licence prints it")
    kind: EnterpriseKind
    uscc: Uscc
    address: Annotated[Text, Field(min_length=2, max_length=120)]
    area_id: UUID | None = None
    handler: Annotated[Text, Field(min_length=2, max_length=40)] = Field(description="经办人姓名")
    licence_file_id: UUID | None = Field(default=None, description="营业执照; purpose licence")
    licence_valid_to: date | None = Field(default=None, description="null: 长期")
    authorisation_file_id: UUID | None = Field(default=None, description="授权委托书; purpose authorisation")
    authorisation_valid_to: date | None = None


class EnterpriseChange(EnterpriseForm):
    """Replaces the whole form."""

    model_config = example(EnterpriseForm.model_config["json_schema_extra"]["example"] | {"expected_version": 1})  # type: ignore[index,operator]

    expected_version: Version


class LicenceForm(Input):
    model_config = example({"number": "350581000001", "valid_to": "2028-06-30", "file_id": FILE})

    number: Annotated[Text, Field(min_length=4, max_length=60)]
    valid_to: date
    file_id: UUID = Field(description="purpose agency_licence")


class ReviewForm(Input):
    model_config = example({"how": "upload", "expected_version": 2})

    how: VerifiedHow = Field(default=VerifiedHow.UPLOAD, description="How the papers were seen")
    expected_version: Version


class ReturnForm(Input):
    model_config = example({"reason": "营业执照名称与登记不符，请携带原件到窗口", "expected_version": 1})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class EnterpriseClaimForm(Input):
    model_config = example(
        {
            "uscc": "91350581MA0000000X",
            "note": "营业执照原件已在窗口出示",
            "role": "recruiter",
            "licence_file_id": None,
            "authorisation_file_id": None,
            "authorisation_valid_to": None,
        }
    )

    uscc: Uscc
    note: Annotated[Text, Field(max_length=200)] = ""
    role: Role = Field(default=Role.RECRUITER, description="owner or recruiter or dispatcher")
    licence_file_id: UUID | None = None
    authorisation_file_id: UUID | None = None
    authorisation_valid_to: date | None = Field(default=None, description="The right ends with the letter")


class EnterpriseClaimRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    enterprise_name: str
    uscc: str
    note: str
    role: Role
    role_label: str
    licence_file_id: UUID | None
    authorisation_file_id: UUID | None
    authorisation_valid_to: date | None
    state: EnterpriseClaimState
    state_label: str
    reason: str | None
    created_at: Instant


class SuspendForm(Input):
    model_config = example(
        {
            "basis": "网络招聘服务管理规定：发布虚假招聘信息",
            "evidence": "多名求职者反映到厂后被要求缴纳300元服装费，附收据照片。",
            "file_ids": [],
            "expected_version": 3,
        }
    )

    basis: Annotated[Text, Field(min_length=4, max_length=200)] = Field(description="Rule or law with its article")
    evidence: Annotated[Text, Field(min_length=4, max_length=1000)]
    file_ids: Annotated[list[UUID], Field(max_length=9)] = Field(default_factory=list)
    expected_version: Version


class AppealForm(Input):
    model_config = example({"text": "服装费已全部退还，附退款记录，请求恢复。", "file_ids": [], "expected_version": 1})

    text: Annotated[Text, Field(min_length=4, max_length=1000)]
    file_ids: Annotated[list[UUID], Field(max_length=9)] = Field(default_factory=list)
    expected_version: Version


class AnswerForm(Input):
    model_config = example({"text": "已核实退款，恢复发布。", "expected_version": 2})

    text: Annotated[Text, Field(min_length=2, max_length=1000)]
    expected_version: Version


class SuspensionRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    state: SuspensionState
    state_label: str
    basis: str
    evidence: str | None
    appeal: str | None
    answer: str | None
    suspended_at: Instant
    appealed_at: Instant | None
    answered_at: Instant | None


class MemberRead(Output):
    appointment_id: UUID
    version: int
    person_id: UUID
    name: str | None
    role: Role
    role_label: str
    valid_from: Instant
    valid_to: Instant | None


class InviteForm(Input):
    model_config = example({"role": "recruiter", "valid_to": None})

    role: Role = Field(description="owner, recruiter or dispatcher")
    valid_to: InstantIn | None = Field(default=None, description="Until when the colleague's right lasts")


class InviteRead(Output):
    code: str = Field(description="Shown once; a colleague types it")
    expires_at: Instant


class JoinForm(Input):
    model_config = example({"code": "7K3M9QX2VB"})

    code: ShortCode


class JoinRead(Output):
    enterprise_id: UUID
    role: Role
