"""点单: demands, pools, proposed demands. People, fen."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.training.demands import Asker, DemandState, PoolState, ShortageKind, ShortageState
from app.schemas.base import (
    Action,
    ExpectedVersion,
    Fen,
    Input,
    Instant,
    InstantIn,
    Output,
    Text,
    example,
    missing_fields,
)

Reason = Annotated[Text, Field(min_length=2, max_length=200)]
Wish = Annotated[Text, Field(min_length=2, max_length=300, description="想学什么、什么时间方便")]
Heads = Annotated[int, Field(strict=True, ge=1, le=500, description="人数")]
DEMAND = {
    "asker": "person", "enterprise_id": None, "grid_id": None, "course_id": "019abcde-0000-7000-8000-000000000001",
    "heads": 1, "wish": "周末有空", "submit": True,
}  # fmt: skip


class DemandForm(Input):
    model_config = example(DEMAND)

    asker: Asker = Field(description="person 本人，enterprise 企业，grid 网格")
    enterprise_id: UUID | None = None
    grid_id: UUID | None = None
    course_id: UUID | None = Field(default=None, description="菜单上的课程；没有合适的就写 wish")
    heads: Heads = 1
    wish: Wish | None = None
    submit: bool = Field(default=True, description="false 只存草稿")

    @model_validator(mode="after")
    def _asker_fits(self) -> Self:
        if self.asker is Asker.SHORTAGE:
            raise missing_fields(["asker"], "asker 应为 person、enterprise 或 grid")
        if (self.asker is Asker.ENTERPRISE) != (self.enterprise_id is not None):
            raise missing_fields(["enterprise_id"], "企业点单要写企业编号，其他点单不写")
        if (self.asker is Asker.GRID) != (self.grid_id is not None):
            raise missing_fields(["grid_id"], "网格点单要写网格编号，其他点单不写")
        return self


class DemandUpdate(ExpectedVersion):
    model_config = example({"course_id": None, "heads": 1, "wish": "想学叉车", "expected_version": 1})

    course_id: UUID | None = None
    heads: Heads
    wish: Wish | None = None


class AnswerQuoteForm(ExpectedVersion):
    model_config = example({"accept": True, "expected_version": 2})

    accept: bool


class MatchForm(ExpectedVersion):
    model_config = example({"course_id": "019abcde-0000-7000-8000-000000000001", "expected_version": 1})

    course_id: UUID


class TrainingReasonForm(ExpectedVersion):
    model_config = example({"reason": "今年没有合适的教师", "expected_version": 1})

    reason: Reason


class QuoteForm(ExpectedVersion):
    model_config = example(
        {
            "plan": "12月6日起，周末两个全天，科技园培训室，镇里承担费用", "each_fen": 0,
            "answer_until": "2026-12-01T18:00:00+08:00", "expected_version": 1,
        }
    )  # fmt: skip

    plan: Annotated[Text, Field(min_length=5, max_length=300, description="课程、教师、时间、地点")]
    each_fen: Fen = Field(description="每人要付的钱，分；0 为免费")
    answer_until: InstantIn


class TakeShortageForm(ExpectedVersion):
    model_config = example({"course_id": "019abcde-0000-7000-8000-000000000001", "heads": 8, "expected_version": 1})

    course_id: UUID
    heads: Heads


class DemandRead(Output):
    id: UUID
    asker: Asker
    asker_label: str
    enterprise_id: UUID | None
    grid_id: UUID | None
    course_id: UUID | None
    course_title: str | None
    pool_id: UUID | None
    class_id: UUID | None
    state: DemandState
    state_label: str
    heads: int
    wish: str | None
    reason: str | None = Field(description="谢绝的理由")
    plan: str | None = Field(description="给出的方案")
    each_fen: int | None
    answer_until: Instant | None
    expires_at: Instant
    created_at: Instant
    version: int
    actions: list[Action]


class PoolRead(Output):
    id: UUID
    course_id: UUID
    course_title: str
    state: PoolState
    state_label: str
    heads: int = Field(description="还在等的总人数")
    accepted: int = Field(description="其中已接受方案的人数")
    askers: int
    minimum: int
    enough: bool
    told: str
    plan: str | None
    each_fen: int | None
    answer_until: Instant | None
    version: int
    actions: list[Action]


class ShortageRead(Output):
    id: UUID
    kind: ShortageKind
    kind_label: str
    occupation_code: str
    occupation_name: str | None
    level: int | None
    heads: int
    told: str = Field(description="这条建议依据的数字")
    state: ShortageState
    state_label: str
    created_at: Instant
    version: int
