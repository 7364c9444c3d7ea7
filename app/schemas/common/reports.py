"""Requests and answers of reports (举报) and share codes."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.common.reports import ReportReason, ReportState, ReportSubject
from app.rules.common.sharing import ShareKind
from app.rules.identity.apps import WechatApp
from app.schemas.base import Action, Input, Instant, InstantIn, Output, Text, Version, example


class ReportForm(Input):
    model_config = example(
        {
            "subject_kind": "vacancy",
            "subject_id": "019abcde-0000-7000-8000-000000000001",
            "reason": "fee",
            "text": "面试时要交300元服装费",
            "file_ids": [],
        }
    )

    subject_kind: ReportSubject
    subject_id: UUID
    reason: ReportReason
    text: Annotated[Text, Field(max_length=1000)] = ""
    file_ids: Annotated[list[UUID], Field(max_length=9)] = Field(default_factory=list, description="purpose evidence")


class ReportRead(Output):
    id: UUID
    version: int
    subject_kind: ReportSubject
    subject_id: UUID
    reason: ReportReason
    reason_label: str
    text: str | None
    file_ids: list[UUID]
    state: ReportState
    state_label: str
    created_at: Instant
    first_due_at: Instant = Field(description="Somebody answers by then")
    due_at: Instant = Field(description="The result by then")
    due_provisional: bool = Field(description="True: a year's holidays are not yet published, the day may move")
    reply: str | None
    actions: list[Action]


class ReportDecision(Input):
    model_config = example(
        {"uphold": True, "reply": "经核实该岗位收取服装费，已下架并责令退还。", "expected_version": 2}
    )

    uphold: bool
    reply: Annotated[Text, Field(min_length=2, max_length=500)] = Field(description="The reporter reads this")
    expected_version: Version


class ShareForm(Input):
    model_config = example(
        {
            "kind": "vacancy",
            "target_id": "019abcde-0000-7000-8000-000000000001",
            "app": "zhipin",
            "expires_at": None,
        }
    )

    kind: ShareKind
    target_id: UUID
    app: WechatApp
    expires_at: InstantIn | None = Field(default=None, description="Default: never, as a printed poster needs it")


class ShareRead(Output):
    code: str = Field(description="Also the `scene` of the mini-program code")
    kind: ShareKind
    target_id: UUID
    app: WechatApp
    page: str
    expires_at: Instant | None
