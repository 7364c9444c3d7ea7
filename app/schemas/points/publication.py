"""Publication (公示) of points, objections."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.points.publication import ObjectionState, PublicationState, PublishedKind
from app.schemas.base import ExpectedVersion, Input, Instant, Output, Text, example

Words = Annotated[Text, Field(min_length=2, max_length=500)]


class PublishForm(Input):
    model_config = example({"starts_on": "2026-10-01", "ends_on": "2026-10-31"})

    starts_on: date
    ends_on: date = Field(description="已经过去的一天")


class PublicationRead(Output):
    id: UUID
    starts_on: date
    ends_on: date
    state: PublicationState
    state_label: str
    until: Instant = Field(description="此前可以提出异议")
    lines: int
    version: int


class LineRead(Output):
    number: int
    kind: PublishedKind
    kind_label: str
    name: str = Field(description="隐去部分的姓名；本人没有同意公开的不显示")
    what: str
    points: int
    on_day: date


class LinesRead(Output):
    publication: PublicationRead
    items: list[LineRead]
    next_cursor: str | None


class ObjectionForm(Input):
    model_config = example({"number": 3, "words": "这次活动他没有到场"})

    number: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="公示的第几行")]
    words: Words


class ObjectionAnswerForm(ExpectedVersion):
    model_config = example({"uphold": True, "answer": "经核实没有到场，积分已冲回", "expected_version": 1})

    uphold: bool
    answer: Words


class ObjectionRead(Output):
    id: UUID
    publication_id: UUID
    number: int
    what: str
    name: str
    state: ObjectionState
    state_label: str
    words: str
    answer: str | None
    created_at: Instant
    version: int
