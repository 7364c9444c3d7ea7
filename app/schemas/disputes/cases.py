"""Cases: ways in, what may be read of one, its steps. Money in fen."""

from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.disputes.access import Standing
from app.rules.disputes.cases import CaseCause, CaseKind, CaseState, EndReason, IntakeChannel, MediationBody, Route
from app.rules.disputes.clocks import ClockKind, ClockState, ClockUnit
from app.rules.disputes.log import CaseEventKind, CaseLevel
from app.rules.disputes.parties import CasePartyKind, CasePartyState, CaseSide, ConsentWay, PartyConsent
from app.schemas.base import (
    Action,
    Fen,
    Input,
    Instant,
    Output,
    Text,
    example,
    missing_fields,
)

Reason = Annotated[Text, Field(min_length=2, max_length=300)]
Words = Annotated[Text, Field(min_length=5, max_length=3000)]
Claim = Annotated[Text, Field(min_length=2, max_length=500, description="请求：要求对方做什么")]
Phone = Annotated[str, Field(pattern=r"^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})$", description="手机或座机号码")]
RESPONDENT = {"kind": "enterprise", "enterprise_id": "0193f0f0-0000-7000-8000-000000000001"}
CASE = {
    "kind": "wages", "respondent": RESPONDENT, "claim": "支付8月工资", "claim_fen": 420000,
    "statement": "8月做满26天，工资至今没有发。", "known_on": "2026-09-16",
}  # fmt: skip


class CasePartyForm(Input):
    """`enterprise_id` or `area_id` by kind; for people and others the name, with the telephone where known."""

    model_config = example(RESPONDENT)

    kind: Literal[CasePartyKind.ENTERPRISE, CasePartyKind.VILLAGE, CasePartyKind.OUTSIDER]
    enterprise_id: UUID | None = None
    area_id: UUID | None = None
    name: Annotated[Text, Field(min_length=1, max_length=80)] | None = None
    phone: Phone | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        wanted = {
            CasePartyKind.ENTERPRISE: ("enterprise_id", self.enterprise_id, "请选择企业"),
            CasePartyKind.VILLAGE: ("area_id", self.area_id, "请选择村（社区）"),
            CasePartyKind.OUTSIDER: ("name", self.name, "请填写对方的姓名或单位名称"),
        }  # fmt: skip
        field, given, sentence = wanted[self.kind]
        if given is None:
            raise missing_fields([field], sentence)
        return self


class FirmCaseForm(Input):
    model_config = example({k: v for k, v in CASE.items() if k != "respondent"} | {
        "kind": "village_enterprise", "respondent": {"kind": "village", "area_id": "0193f0f0-0000-7000-8000-000000000002"},
    })  # fmt: skip

    kind: CaseKind
    respondent: CasePartyForm
    claim: Claim
    claim_fen: Fen | None = None
    statement: Words
    known_on: date | None = Field(default=None, description="知道或应当知道权利被侵害的日期，时效从这天起算")


class SubmitCaseForm(FirmCaseForm):
    model_config = example(CASE)

    employed: bool | None = Field(default=None, description="现在还在这家单位上班吗；拖欠工资的时效据此计算")
    employment_ended_on: date | None = Field(default=None, description="不再上班的，最后一天")
    injured: bool = Field(default=False, description="有人受伤")
    subject_id: UUID | None = Field(default=None, description="由岗位进入的，岗位编号；岗位内容会一并带入")


class RecordCaseForm(Input):
    model_config = example(
        CASE | {"channel": "phone", "complainant": {"kind": "outsider", "name": "张三", "phone": "13850000001"}}
    )

    channel: Literal[IntakeChannel.PHONE, IntakeChannel.VISIT]
    kind: CaseKind
    complainant: CasePartyForm
    respondent: CasePartyForm
    claim: Claim
    claim_fen: Fen | None = None
    statement: Words = Field(description="当场记录：申请人、争议事项、理由（劳动争议调解仲裁法第十二条）")
    known_on: date | None = None
    employed: bool | None = None
    employment_ended_on: date | None = None
    injured: bool = False


class PartyWordForm(Input):
    """`party_id`, `way`: only where the manager writes down the word of a party that is not registered here."""

    model_config = example({"agree": True})

    agree: bool
    party_id: UUID | None = Field(default=None, description="承办人代为记录、或代表人代谁答复时填写")
    way: Literal[ConsentWay.PHONE, ConsentWay.PAPER, ConsentWay.PRESENT] | None = Field(
        default=None, description="承办人代为记录时：电话、书面还是当面"
    )


class SatisfactionForm(Input):
    model_config = example({"score": 5, "words": "调解员很耐心"})

    score: Annotated[int, Field(strict=True, ge=1, le=5, description="1 很不满意 … 5 很满意")]
    words: Annotated[Text, Field(max_length=300)] = ""


class CaseTieRead(Output):
    role: str
    label: str
    name: str | None = Field(description="null：未知，told 说明缺什么")
    told: str


class CasePartyRead(Output):
    id: UUID
    side: CaseSide
    side_label: str
    kind: CasePartyKind
    name: str
    mine: bool
    state: CasePartyState
    consent: PartyConsent
    consent_label: str
    claim: str | None
    claim_fen: int | None
    facts: dict[str, Any] | None = Field(description="从工时单、工资结算或岗位带入的事实")
    representative: str | None = Field(description="代表人或代理人的姓名；自己一方和调解小组看得到")
    satisfaction: int | None


class DeadlineRead(Output):
    kind: ClockKind
    label: str
    state: ClockState
    state_label: str
    starts_on: date | None
    due_on: date | None
    days_left: int | None = Field(description="还有几天（含节假日）；负数为已过几天")
    overdue: bool
    met_on: date | None
    provisional: bool = Field(description="所涉年份的放假安排尚未公布，日期可能变动")
    told: str


class RouteRead(Output):
    route: Route
    label: str
    told: str
    days_left: int | None


class CaseListItem(Output):
    id: UUID
    number: str
    kind: CaseKind
    kind_label: str
    state: CaseState
    state_label: str
    created_at: Instant
    version: int


class CaseList(Output):
    items: list[CaseListItem]
    next_cursor: str | None
    total: int | None = Field(description="with_total=true 时；只数您看得到的")


class CaseStepRead(Output):
    """What a step has made of the case: enough to go on, nothing that the caller might not see any more."""

    id: UUID
    number: str
    kind: CaseKind
    state: CaseState
    state_label: str
    level: CaseLevel
    told: str
    version: int


class DeskItem(Output):
    """What the desk sees of a case that nobody has taken: enough to take it, and to know that it is not one's own firm."""

    id: UUID
    number: str
    kind: CaseKind
    kind_label: str
    state: CaseState
    state_label: str
    channel_label: str
    enterprise_name: str | None
    claimants: int
    created_at: Instant
    answer_due_at: Instant | None
    version: int


class DeskList(Output):
    items: list[DeskItem]
    next_cursor: str | None


class CaseRead(Output):
    id: UUID
    number: str
    kind: CaseKind
    kind_label: str
    labour: bool
    cause: CaseCause | None
    channel: IntakeChannel
    channel_label: str
    state: CaseState
    state_label: str
    level: CaseLevel
    level_label: str
    mediation_body: MediationBody | None
    collective: bool = Field(description="同一请求满10人，可以推选代表人；不足的为共同申请")
    claimants: int
    manager: str | None
    mediator: str | None
    standings: list[Standing]
    parties: list[CasePartyRead]
    ties: list[CaseTieRead] = Field(description="企业、党组织、书记、挂钩、网格、村：未知的照实说明")
    routes: list[RouteRead] = Field(description="其他途径；调解不是任何途径的前置程序")
    deadlines: list[DeadlineRead]
    extension_days: int | None = Field(description="正在征求各方意见的延期")
    end_reason: EndReason | None
    end_reason_label: str | None
    exit_notice: str | None = Field(description="未达成协议时：还有哪些途径、剩几天")
    merged_into_id: UUID | None
    follow_up: str | None
    known_on: date | None
    employed: bool | None
    employment_ended_on: date | None
    injured: bool
    created_at: Instant
    version: int
    actions: list[Action]


class DeadlineList(Output):
    items: list[DeadlineRead]


class CaseEventRead(Output):
    seq: int
    kind: CaseEventKind
    label: str
    at: Instant
    told: str
    words: str | None = Field(description="理由；当事人看得到与自己有关的")


class CaseEventList(Output):
    items: list[CaseEventRead]


class CaseContact(Output):
    party_id: UUID
    name: str
    phone: str | None


class CaseContactList(Output):
    items: list[CaseContact]


class CaseNoteForm(Input):
    model_config = example({"words": "已电话联系企业负责人，周三答复"})

    words: Annotated[Text, Field(min_length=2, max_length=1000)]


class CaseNoteRead(Output):
    id: UUID
    words: str
    by: str
    created_at: Instant


class CaseNoteList(Output):
    items: list[CaseNoteRead]


class DisputePolicyRead(Output):
    key: str
    value: int
    unit: ClockUnit
    rolls_over: bool
    stops: bool = Field(description="中止期间是否停止计算")
    statutory: bool
    verified: bool
    law: str
    article: str
    effective_from: date
    effective_to: date | None
    source: str


class DisputePolicyList(Output):
    items: list[DisputePolicyRead]
