"""Requests and answers of notices, calls and tasks."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.common.notices import CallState, NoticeKind
from app.rules.common.tasks import TaskKind
from app.schemas.base import Action, Input, Instant, Output, Text, Version, example


class NoticeRead(Output):
    id: UUID
    kind: NoticeKind
    title: str
    body: str
    page: str = Field(description="Where a tap leads")
    created_at: Instant
    deadline_at: Instant | None = Field(description="Until when you must act")
    read: bool


class SubscriptionsRead(Output):
    remaining: dict[str, int] = Field(description="Template id → messages you still accept; ask again at 0")


class TaskRead(Output):
    id: UUID
    version: int
    kind: TaskKind
    kind_label: str
    subject_id: UUID
    other_id: UUID | None
    title: str
    created_at: Instant
    due_at: Instant | None
    actions: list[Action] = Field(description="`finish` where the task has no act of its own in the system")


class TaskFinishForm(Input):
    model_config = example({"note": "已电话联系本人，确认不再使用", "expected_version": 1})

    note: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class CallRead(Output):
    id: UUID
    version: int
    person_id: UUID = Field(description="For `POST /people/{id}/reveal` with reason `call`")
    title: str
    body: str
    created_at: Instant
    deadline_at: Instant | None
    state: CallState


class CallForm(Input):
    model_config = example({"reached": True, "expected_version": 1})

    reached: bool
    expected_version: Version
