"""技能竞赛. Scores in tenths of a point as entered, in hundredths as shown."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.training.competitions import CompetitionState, ContestObjectionState, ContestPart, EntryState, TieRule
from app.schemas.base import (
    Action,
    ExpectedVersion,
    Input,
    Instant,
    InstantIn,
    Output,
    Text,
    Version,
    example,
    missing_fields,
)

Reason = Annotated[Text, Field(min_length=2, max_length=200)]
Category = Annotated[Text, Field(min_length=1, max_length=20)]
FORM = {
    "title": "宝盖镇第一届电工技能竞赛", "description": "理论和实操", "occupation_code": "6290101", "licensed": True,
    "categories": ["企业职工组", "村民组"], "place": "宝盖科技园党建+邻里中心",
    "registering_until": "2026-12-10T18:00:00+08:00", "theory_at": "2026-12-12T09:00:00+08:00",
    "practical_at": "2026-12-12T14:00:00+08:00", "capacity": 60, "theory_weight": 30, "judges": 5, "drop_extremes": True,
    "tie": "practical", "objection_days": 3, "awards": {"1": "一等奖", "2": "二等奖", "3": "三等奖"},
}  # fmt: skip
RANKS_AT_MOST = 50


class CompetitionForm(Input):
    model_config = example(FORM)

    title: Annotated[Text, Field(min_length=2, max_length=60)]
    description: Annotated[Text, Field(max_length=500)] = ""
    occupation_code: Annotated[Text, Field(min_length=1, max_length=20)]
    licensed: bool = Field(default=False, description="特种作业：参赛者须年满18周岁")
    categories: Annotated[list[Category], Field(min_length=1, max_length=10)]
    place: Annotated[Text, Field(min_length=2, max_length=120)]
    registering_until: InstantIn
    theory_at: InstantIn
    practical_at: InstantIn
    capacity: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = None
    theory_weight: Annotated[int, Field(strict=True, ge=0, le=100, description="理论占总分的百分数")]
    judges: Annotated[int, Field(strict=True, ge=1, le=15, description="给实操打分的裁判人数")]
    drop_extremes: bool = Field(default=True, description="5名以上裁判时去掉一个最高分、一个最低分")
    tie: TieRule = TieRule.PRACTICAL
    objection_days: Annotated[int, Field(strict=True, ge=1, le=15, description="公示几个工作日")] = 3
    awards: Annotated[
        dict[str, Annotated[Text, Field(min_length=1, max_length=40)]],
        Field(max_length=RANKS_AT_MOST, description="名次→奖项"),
    ] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _named_apart(self) -> Self:
        if len(set(self.categories)) != len(self.categories):
            raise missing_fields(["categories"], "组别不能重名")
        if any(not rank.isascii() or not rank.isdigit() or not 0 < int(rank) <= RANKS_AT_MOST for rank in self.awards):
            raise missing_fields(["awards"], f"名次应为1到{RANKS_AT_MOST}的整数")
        return self


class CompetitionUpdate(CompetitionForm):
    model_config = example(FORM | {"expected_version": 1})

    expected_version: Version


class CancelCompetitionForm(ExpectedVersion):
    model_config = example({"reason": "场地停电", "expected_version": 1})

    reason: Reason


class CompetitionRead(Output):
    id: UUID
    title: str
    description: str
    occupation_code: str
    licensed: bool
    categories: list[str]
    state: CompetitionState
    state_label: str
    place: str
    registering_until: Instant
    theory_at: Instant
    practical_at: Instant
    capacity: int | None
    entered: int
    theory_weight: int
    judges: int
    drop_extremes: bool
    tie: TieRule
    tie_label: str
    objection_days: int
    objections_until: Instant | None
    awards: dict[str, str]
    cancelled_because: str | None
    my_entry_id: UUID | None
    my_state: EntryState | None
    version: int
    actions: list[Action]


class EnterForm(Input):
    model_config = example({"category": "村民组"})

    category: Category


class CheckEntryForm(ExpectedVersion):
    model_config = example({"eligible": False, "reason": "没有电工证", "expected_version": 1})

    eligible: bool
    reason: Reason | None = Field(default=None, description="不符合的，写明理由")

    @model_validator(mode="after")
    def _said(self) -> Self:
        if not self.eligible and self.reason is None:
            raise missing_fields(["reason"], "资格不符的，请写明理由")
        return self


class ContestantRead(Output):
    id: UUID
    competition_id: UUID
    number: int = Field(description="参赛号")
    category: str
    person_id: UUID | None = Field(description="裁判看不到是谁，只看参赛号")
    person_name: str | None
    state: EntryState
    state_label: str
    reason: str | None
    theory_hundredths: int | None
    practical_hundredths: int | None
    total_hundredths: int | None
    rank: int | None
    award: str | None
    version: int
    actions: list[Action]


class ContestantList(Output):
    items: list[ContestantRead]


class ScoreForm(Input):
    model_config = example({"number": 3, "tenths": 865})

    number: Annotated[int, Field(strict=True, ge=1, le=100000, description="参赛号")]
    tenths: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000, description="十分之一分：865 即 86.5 分")]


class ScoresForm(Input):
    model_config = example({"part": "practical", "scores": [{"number": 3, "tenths": 865}]})

    part: ContestPart
    scores: Annotated[list[ScoreForm], Field(min_length=1, max_length=200)]


class ScoreRead(Output):
    number: int
    part: ContestPart
    part_label: str
    tenths: int


class ScoreList(Output):
    items: list[ScoreRead]


class ResultLine(Output):
    number: int
    category: str
    name: str | None = Field(description="隐去部分的姓名")
    theory_hundredths: int
    practical_hundredths: int
    total_hundredths: int
    rank: int
    award: str | None


class ResultList(Output):
    state_label: str
    objections_until: Instant | None
    told: str
    items: list[ResultLine]


class ObjectForm(Input):
    model_config = example({"words": "我的实操成绩少算了一项"})

    words: Annotated[Text, Field(min_length=5, max_length=500)]


class ObjectionAnswerForm(Input):
    model_config = example({"uphold": False, "answer": "已复核评分表，成绩无误"})

    uphold: bool
    answer: Annotated[Text, Field(min_length=2, max_length=500)]


class CompetitionObjectionRead(Output):
    id: UUID
    entry_number: int
    state: ContestObjectionState
    state_label: str
    words: str
    answer: str | None
    created_at: Instant


class CompetitionObjectionList(Output):
    items: list[CompetitionObjectionRead]
