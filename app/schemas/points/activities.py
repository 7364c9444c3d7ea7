"""Volunteer activities: form, people, hours. Minutes."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.points.activities import ActivityState, ParticipationState
from app.schemas.base import Action, ExpectedVersion, Input, Instant, InstantIn, Output, Text, example


class ActivityForm(Input):
    model_config = example(
        {
            "title": "河岸清洁", "description": "自带手套", "starts_at": "2026-12-05T09:00:00+08:00",
            "ends_at": "2026-12-05T11:30:00+08:00", "place": "宝盖镇科技园南门", "grid_id": None, "capacity": 30,
        }
    )  # fmt: skip

    title: Annotated[Text, Field(min_length=2, max_length=60)]
    description: Annotated[Text, Field(max_length=500)] = ""
    starts_at: InstantIn = Field(description="发布之后才开始；补录的活动不计分")
    ends_at: InstantIn
    place: Annotated[Text, Field(min_length=2, max_length=120)]
    grid_id: UUID | None = Field(default=None, description="不填为全镇")
    capacity: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None


class PersonHours(Input):
    person_id: UUID
    minutes: Annotated[int, Field(strict=True, ge=1, le=1440, description="分钟")]


class HoursForm(Input):
    model_config = example({"hours": [{"person_id": "019abcde-0000-7000-8000-000000000001", "minutes": 120}]})

    hours: Annotated[list[PersonHours], Field(min_length=1, max_length=100)]


class CancelActivityForm(ExpectedVersion):
    model_config = example({"reason": "台风预警", "expected_version": 1})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class VoidHoursForm(ExpectedVersion):
    model_config = example({"reason": "签到记录有误", "expected_version": 2})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class ActivityRead(Output):
    id: UUID
    title: str
    description: str
    state: ActivityState
    state_label: str
    starts_at: Instant
    ends_at: Instant
    place: str
    grid_id: UUID | None
    capacity: int | None
    joined: int
    cancelled_because: str | None
    version: int
    my_state: ParticipationState | None = Field(description="本人报名情况；没有报名为空")
    my_minutes: int | None = Field(description="本人经确认的时长，分钟")
    void_reason: str | None = Field(description="本人的时长为什么被撤销")
    actions: list[Action]


class ParticipantRead(Output):
    """For those who manage the activity."""

    person_id: UUID
    name: str | None
    state: ParticipationState
    state_label: str
    minutes: int | None
    version: int


class ParticipantList(Output):
    items: list[ParticipantRead]
