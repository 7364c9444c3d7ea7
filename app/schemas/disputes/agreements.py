"""Agreements, performance, confirmation; joint conferences and figures."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.rules.disputes.agreements import AgreementForm, AgreementState, ConfirmationState, SignerKind, TermState
from app.rules.disputes.cases import MediationBody
from app.rules.disputes.conferences import AgendaKind, ConferenceState
from app.rules.disputes.parties import ConsentWay
from app.schemas.base import Action, ExpectedVersion, Fen, Input, Instant, Output, Text, example

Part = Annotated[Text, Field(min_length=2, max_length=2000)]
TERM = {
    "party_id": "0193f0f0-0000-7000-8000-000000000008", "to_party_id": None, "what": "一次付清8月工资", "amount_fen": 420000,
    "due_on": "2026-12-20",
}  # fmt: skip
DRAFT = {
    "form": "written", "facts": "双方确认8月工资4200元未付。", "responsibility": "企业承担支付责任。",
    "content": "企业支付8月工资4200元。", "manner": "银行转账。", "terms": [TERM], "expected_version": 12,
}  # fmt: skip


class TermForm(Input):
    model_config = example(TERM)

    party_id: UUID = Field(description="由谁履行")
    to_party_id: UUID | None = Field(default=None, description="向谁履行")
    what: Annotated[Text, Field(min_length=2, max_length=300)]
    amount_fen: Fen | None = None
    due_on: date = Field(description="履行日期，必填")


class AgreementDraftForm(ExpectedVersion):
    model_config = example(DRAFT)

    form: AgreementForm
    facts: Part = Field(description="主要事实、争议事项")
    responsibility: Part = Field(description="各方责任")
    content: Part = Field(description="协议内容")
    manner: Part = Field(description="履行方式")
    terms: Annotated[list[TermForm], Field(min_length=1, max_length=400)]


class SignForm(ExpectedVersion):
    """`party_id`, `way`: by the manager for a party that signs on paper; by a representative for whom they stand."""

    model_config = example({"as": "party", "expected_version": 1})

    signer: Literal[SignerKind.PARTY, SignerKind.MEDIATOR, SignerKind.SEAL] = Field(alias="as")
    party_id: UUID | None = None
    way: Literal[ConsentWay.PAPER, ConsentWay.PRESENT] | None = None


class TermDoneForm(ExpectedVersion):
    model_config = example({"done_on": "2026-12-18", "expected_version": 1})

    done_on: date
    party_id: UUID | None = Field(default=None, description="承办人代未登记的一方记录时填写")


class TermRead(Output):
    id: UUID
    number: int
    party_id: UUID
    party_name: str
    to_party_id: UUID | None
    to_party_name: str | None
    what: str
    amount_fen: int | None
    due_on: date
    state: TermState
    state_label: str
    done_on: date | None
    version: int
    actions: list[Action]


class SignatureRead(Output):
    kind: SignerKind
    label: str
    name: str
    way: ConsentWay
    at: Instant


class AgreementRead(Output):
    id: UUID
    number: int
    title: str
    form: AgreementForm
    form_label: str
    body: MediationBody
    state: AgreementState
    state_label: str
    facts: str
    responsibility: str
    content: str
    manner: str
    terms: list[TermRead]
    signatures: list[SignatureRead]
    waiting_for: list[str] = Field(description="还缺谁的签名或印章")
    effective_at: Instant | None
    confirmation: ConfirmationState
    confirmation_label: str
    court: str | None
    told: str
    version: int


class AgreementList(Output):
    items: list[AgreementRead]


class ConfirmationForm(ExpectedVersion):
    model_config = example({"confirmed": True, "court": "（2026）闽0581民特1号", "expected_version": 4})

    confirmed: bool
    court: Annotated[Text, Field(min_length=2, max_length=200, description="裁定书编号，或不予确认的理由")]


class FigureRow(Output):
    by: str = Field(description="按什么分：类型、事由、片区、网格、结果")
    label: str
    count: int | None = Field(description="null：数量太小，不显示")
    told: str


class DisputeFigures(Output):
    first: date
    last: date
    total: int | None
    items: list[FigureRow]
    told: str


class ConferenceForm(Input):
    model_config = example({
        "title": "2026年第四季度党建联席会议", "held_on": "2026-12-28", "first": "2026-10-01", "last": "2026-12-27", "own": [],
    })  # fmt: skip

    title: Annotated[Text, Field(min_length=2, max_length=60)]
    held_on: date
    first: date = Field(description="统计的起止日期")
    last: date
    own: Annotated[list[Annotated[Text, Field(min_length=2, max_length=200)]], Field(max_length=20)] = Field(
        default_factory=list, description="其他议题"
    )


class ResolutionForm(Input):
    model_config = example(
        {"words": "科技园开展工资支付专项检查", "responsible": "镇公共服务办公室", "due_on": "2027-01-31"}
    )

    words: Annotated[Text, Field(min_length=2, max_length=300)]
    responsible: Annotated[Text, Field(min_length=2, max_length=60)]
    due_on: date


class HoldConferenceForm(ExpectedVersion):
    model_config = example({
        "resolutions": [{"words": "科技园开展工资支付专项检查", "responsible": "镇公共服务办公室", "due_on": "2027-01-31"}],
        "reported_to": "挂钩市领导", "reported_on": "2026-12-30", "expected_version": 1,
    })  # fmt: skip

    resolutions: Annotated[list[ResolutionForm], Field(max_length=30)]
    reported_to: Annotated[Text, Field(max_length=60)] | None = None
    reported_on: date | None = None


class AgendaItem(Output):
    kind: AgendaKind
    kind_label: str
    told: str


class ResolutionRead(Output):
    id: UUID
    number: int
    words: str
    responsible: str
    due_on: date
    done: bool


class ConferenceRead(Output):
    id: UUID
    title: str
    held_on: date
    state: ConferenceState
    state_label: str
    first: date
    last: date
    agenda: list[AgendaItem]
    resolutions: list[ResolutionRead]
    reported_to: str | None
    reported_on: date | None
    version: int
    actions: list[Action]


class ConferenceList(Output):
    items: list[ConferenceRead]
    next_cursor: str | None
