"""Interviews as both sides see them. Durations in minutes."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.jobs.applications import RejectReason
from app.rules.jobs.interviews import MOST_SLOTS, InterviewMode, InterviewResult, InterviewState
from app.schemas.base import Action, Input, Instant, InstantIn, Output, Text, Version, example

_SLOT = {
    "starts_at": "2026-11-26T09:00:00+08:00", "minutes": 30, "mode": "onsite", "place": "科技园回兴路188号二楼",
    "note": "请带身份证",
}  # fmt: skip


class SlotForm(Input):
    model_config = example(_SLOT)

    starts_at: InstantIn
    minutes: Annotated[int, Field(ge=10, le=240)] = 30
    mode: InterviewMode = Field(default=InterviewMode.ONSITE, json_schema_extra={"default": "onsite"})
    place: Annotated[Text, Field(max_length=120)] = Field(
        default="", description="Address or online room; empty on site: the workplace of the vacancy"
    )
    note: Annotated[Text, Field(max_length=100)] = ""


class InterviewForm(Input):
    model_config = example({"slots": [_SLOT]})

    slots: Annotated[list[SlotForm], Field(min_length=1, max_length=MOST_SLOTS)]


class RescheduleForm(InterviewForm):
    model_config = example({"slots": [_SLOT], "expected_version": 2})

    expected_version: Version


class ConfirmForm(Input):
    model_config = example({"slot": 0, "expected_version": 1})

    slot: Annotated[int, Field(ge=0, lt=MOST_SLOTS, description="`number` of the slot")]
    expected_version: Version


class AskOtherForm(Input):
    model_config = example({"words": "周末都可以，工作日要18点以后", "expected_version": 1})

    words: Annotated[Text, Field(max_length=100)] = ""
    expected_version: Version


class ResultForm(Input):
    model_config = example({"result": "passed", "reason": None, "expected_version": 2})

    result: InterviewResult
    reason: RejectReason | None = Field(
        default=None, description="failed: required; no_show: `no_show` ends the application, null leaves it running"
    )
    expected_version: Version


class SlotRead(Output):
    number: int
    starts_at: Instant
    minutes: int
    mode: InterviewMode
    place: str
    note: str


class InterviewRead(Output):
    id: UUID
    version: int
    application_id: UUID
    vacancy_id: UUID
    vacancy_title: str
    enterprise_name: str
    state: InterviewState
    state_label: str
    round: int = Field(description="How often times were offered")
    slots: list[SlotRead]
    chosen: int | None = Field(description="`number` of the agreed slot")
    starts_at: Instant | None
    ends_at: Instant | None
    asked: str | None = Field(description="The seeker's words about other times")
    created_at: Instant
    actions: list[Action]


class Interviews(Output):
    items: list[InterviewRead]
