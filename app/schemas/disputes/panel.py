"""The panel and the sessions."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.rules.disputes.cases import CaseKind
from app.rules.disputes.panel import SeatBody, SeatRole, SeatState
from app.rules.disputes.sessions import MediationSessionState, MinutesWord, SessionMode
from app.schemas.base import ExpectedVersion, Input, Instant, InstantIn, Output, Text, example
from app.schemas.disputes.cases import Reason


class SeatCandidate(Output):
    person_id: UUID | None = Field(description="null：还没有认领名册，请先请本人认领")
    name: str
    post: str
    conflicts: list[str]
    told: str | None = Field(description="与本案的利害关系；有的须全体当事人同意")


class SeatProposal(Output):
    body: SeatBody
    label: str
    candidates: list[SeatCandidate]
    told: str


class SeatProposals(Output):
    items: list[SeatProposal]


class InviteSeatForm(ExpectedVersion):
    model_config = example({
        "person_id": "0193f0f0-0000-7000-8000-000000000007", "role": "mediator", "body": "union", "expected_version": 7,
    })  # fmt: skip

    person_id: UUID
    role: Literal[SeatRole.MEDIATOR, SeatRole.MEMBER]
    body: SeatBody


class SeatAnswerForm(ExpectedVersion):
    model_config = example({"answer": "accept", "reason": None, "expected_version": 1})

    answer: Literal["accept", "decline", "recuse"] = Field(description="accept 即声明与当事人、与争议没有利害关系")
    reason: Reason | None = Field(default=None, description="谢绝或回避的理由")


class SeatRead(Output):
    id: UUID
    role: SeatRole
    role_label: str
    body: SeatBody
    body_label: str
    name: str
    state: SeatState
    state_label: str
    conflicts: list[str]
    told: str | None
    agreed: int = Field(description="已同意的当事人数")
    version: int


class SeatList(Output):
    items: list[SeatRead]


class InvitationRead(Output):
    """What somebody invited learns: enough to know whether they are too close, nothing of what it is about."""

    id: UUID
    kind: CaseKind
    kind_label: str
    role_label: str
    body_label: str
    parties: list[str]
    told: str
    version: int


class SeatInvitationList(Output):
    items: list[InvitationRead]


class SeatAnsweredRead(Output):
    id: UUID
    state: SeatState
    state_label: str
    case_id: UUID | None = Field(description="已就位的，可以打开案件")


class SessionForm(ExpectedVersion):
    model_config = example({
        "starts_at": "2026-12-03T15:00:00+08:00", "mode": "onsite", "place": "科技园邻里中心调解室", "expected_version": 9,
    })  # fmt: skip

    starts_at: InstantIn
    mode: SessionMode
    place: Annotated[Text, Field(min_length=2, max_length=120)]


class MinutesForm(ExpectedVersion):
    model_config = example({
        "minutes": "告知权利义务；双方陈述；核对考勤；提出方案。", "present_parties": [], "present_seats": [], "expected_version": 1,
    })  # fmt: skip

    minutes: Annotated[Text, Field(min_length=5, max_length=5000)]
    present_parties: Annotated[list[UUID], Field(max_length=300)]
    present_seats: Annotated[list[UUID], Field(max_length=20)]


class MinutesWordForm(Input):
    model_config = example({"confirm": True})

    confirm: bool
    objection: Reason | None = Field(default=None, description="有异议的，写明哪里不对")
    party_id: UUID | None = Field(default=None, description="承办人代为记录、或代表人代谁确认时填写")


class AttendanceRead(Output):
    name: str
    word: MinutesWord
    word_label: str
    objection: str | None


class MediationSessionRead(Output):
    id: UUID
    starts_at: Instant
    mode: SessionMode
    mode_label: str
    place: str
    state: MediationSessionState
    state_label: str
    minutes: str | None
    minutes_told: str | None
    attendance: list[AttendanceRead]
    version: int


class MediationSessionList(Output):
    items: list[MediationSessionRead]
