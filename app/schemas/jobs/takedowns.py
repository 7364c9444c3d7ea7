"""Postings taken down, appealed, sampled."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.jobs.takedowns import TakedownState
from app.schemas.base import Action, Input, Instant, Output, Text, Version, example

FileIds = Annotated[list[UUID], Field(max_length=6)]


class TakeDownForm(Input):
    model_config = example({
        "rule_id": "deposit", "evidence": "岗位要求入职交服装押金300元，有聊天截图。", "file_ids": [], "expected_version": 2,
    })  # fmt: skip

    rule_id: Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[a-z0-9_]+$")]
    evidence: Annotated[Text, Field(min_length=4, max_length=1000)] = Field(
        description="What is so, in words for the firm: it reads them. Never who reported it"
    )
    file_ids: FileIds = Field(default_factory=list, description="Uploads of purpose `evidence`; the firm sees them")
    expected_version: Version = Field(description="Of the posting")


class TakedownAppealForm(Input):
    model_config = example({
        "text": "押金的说法是旧版文字，现已删除，请求恢复。", "file_ids": [], "expected_version": 1,
    })  # fmt: skip

    text: Annotated[Text, Field(min_length=4, max_length=1000)]
    file_ids: FileIds = Field(default_factory=list, description="Uploads of purpose `evidence`")
    expected_version: Version = Field(description="Of the take-down")


class AppealDecision(Input):
    model_config = example({"overturn": True, "text": "核实后确认没有收取押金，恢复岗位。", "expected_version": 2})

    overturn: bool
    text: Annotated[Text, Field(min_length=2, max_length=1000)]
    expected_version: Version = Field(description="Of the take-down")


class TakedownFile(Output):
    file_id: UUID
    url: str = Field(description="For ten minutes")


class TakedownRead(Output):
    id: UUID
    version: int
    vacancy_id: UUID
    state: TakedownState
    state_label: str
    rule_id: str | None = Field(description="Null where an upheld report is the ground")
    basis: str = Field(description="The rule with its law, as it read on that day")
    evidence: str | None
    taken_at: Instant
    appeal_until: Instant
    appeal: str | None
    appealed_at: Instant | None
    due_at: Instant | None = Field(description="Until when the office answers")
    answer: str | None
    answered_at: Instant | None
    files: list[TakedownFile]
    actions: list[Action]
