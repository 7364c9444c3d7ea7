"""Rules and budgets of points; claims. Whole points."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.points.claims import ClaimState
from app.rules.points.earning import BUDGET_MOST, LONGEST_LIFE_YEARS, MOST_EACH, Evidence, FactKind, RuleState
from app.schemas.base import Action, ExpectedVersion, Input, Instant, Labelled, Output, Text, example

Points = Annotated[int, Field(strict=True, ge=1, le=MOST_EACH, description="积分，整数")]
Cap = Annotated[int | None, Field(strict=True, ge=1, le=BUDGET_MOST, description="积分，整数；不填为不设上限")]
Words = Annotated[Text, Field(min_length=2, max_length=500)]


class RuleForm(Input):
    model_config = example(
        {
            "code": "volunteer_hour", "text": "志愿服务满1小时", "fact": "volunteer_hours", "points": 1, "cap_day": 8,
            "cap_month": 40, "cap_year": 200, "evidence": "none", "confirmed_by": "活动组织方以外的工作人员",
            "second_above": None, "lasts_years": 1, "source": "提案",
        }
    )  # fmt: skip

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,39}$", description="小写英文编号，修订沿用")]
    text: Annotated[Text, Field(min_length=2, max_length=200)]
    fact: FactKind
    points: Points = Field(description="每件事或每小时")
    cap_day: Cap = None
    cap_month: Cap = None
    cap_year: Cap = None
    evidence: Evidence = Evidence.NONE
    confirmed_by: Annotated[Text, Field(min_length=2, max_length=80)]
    second_above: Cap = Field(default=None, description="申报超过这么多分须两人审核")
    lasts_years: Annotated[int, Field(strict=True, ge=0, le=LONGEST_LIFE_YEARS)] = Field(
        default=1, description="到入账年之后第几年的12月31日为止"
    )
    source: Annotated[Text, Field(min_length=2, max_length=200)]


class RuleUpdate(RuleForm, ExpectedVersion):
    model_config = example(RuleForm.model_config["json_schema_extra"]["example"] | {"expected_version": 1})  # type: ignore[index, operator]


class DecisionForm(ExpectedVersion):
    """表决记录。"""

    model_config = example(
        {
            "decided_by": "宝盖镇村民代表会议", "decision": "〔2026〕3号决议，45名代表中41名同意", "decided_on": "2026-11-01",
            "valid_from": "2026-11-02", "valid_to": None, "expected_version": 1,
        }
    )  # fmt: skip

    decided_by: Annotated[Text, Field(min_length=2, max_length=80)]
    decision: Annotated[Text, Field(min_length=2, max_length=200)]
    decided_on: date
    valid_from: date = Field(description="不早于表决日期")
    valid_to: date | None = None


class RuleRead(Output):
    id: UUID
    code: str
    text: str
    fact: FactKind
    fact_label: str
    points: int
    cap_day: int | None
    cap_month: int | None
    cap_year: int | None
    evidence: Evidence
    confirmed_by: str
    second_above: int | None
    lasts_years: int
    valid_from: date | None
    valid_to: date | None
    source: str
    state: RuleState
    state_label: str
    decided_by: str | None
    decision: str | None
    decided_on: date | None
    version: int


class RuleList(Output):
    items: list[RuleRead]


class BudgetForm(Input):
    model_config = example(
        {
            "year": 2026, "points": 50000, "honour_from": 40, "decided_by": "宝盖镇党政联席会议", "decision": "〔2026〕8号",
            "decided_on": "2026-11-01",
        }
    )  # fmt: skip

    year: Annotated[int, Field(strict=True, ge=2000, le=2100)]
    points: Annotated[int, Field(strict=True, ge=1, le=BUDGET_MOST)]
    honour_from: Cap = Field(default=None, description="本年得分达到多少、且本人愿意，上光荣榜；不填为不设光荣榜")
    decided_by: Annotated[Text, Field(min_length=2, max_length=80)]
    decision: Annotated[Text, Field(min_length=2, max_length=200)]
    decided_on: date


class BudgetUpdate(ExpectedVersion):
    model_config = example(
        {
            "points": 60000, "honour_from": 40, "decided_by": "宝盖镇党政联席会议", "decision": "〔2026〕9号追加",
            "decided_on": "2026-11-10", "expected_version": 1,
        }
    )  # fmt: skip

    points: Annotated[int, Field(strict=True, ge=1, le=BUDGET_MOST)]
    honour_from: Cap = None
    decided_by: Annotated[Text, Field(min_length=2, max_length=80)]
    decision: Annotated[Text, Field(min_length=2, max_length=200)]
    decided_on: date


class BudgetRead(Output):
    id: UUID
    year: int
    points: int
    granted: int = Field(description="已发放（冲回的已扣除）")
    left: int
    honour_from: int | None
    decided_by: str
    decision: str
    decided_on: date
    version: int


class BudgetList(Output):
    items: list[BudgetRead]


class ClaimForm(Input):
    model_config = example(
        {"rule_id": "019abcde-0000-7000-8000-000000000001", "on_day": "2026-11-20", "words": "拾到钱包一只，已交还失主",
         "grid_id": None, "file_ids": []}
    )  # fmt: skip

    rule_id: UUID
    on_day: date
    words: Words
    grid_id: UUID | None = Field(default=None, description="在哪个网格")
    file_ids: Annotated[list[UUID], Field(max_length=3)] = Field(default=[], description="照片，用途 points_evidence")


class ReviewForm(ExpectedVersion):
    model_config = example({"approve": True, "reason": None, "expected_version": 1})

    approve: bool
    reason: Annotated[Text, Field(min_length=2, max_length=200)] | None = Field(
        default=None, description="不通过时必填"
    )


class ReasonForm(ExpectedVersion):
    model_config = example({"reason": "登记有误", "expected_version": 1})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class AppealForm(ExpectedVersion):
    model_config = example({"words": "失主可以作证", "expected_version": 2})

    words: Words


class AppealAnswerForm(ExpectedVersion):
    model_config = example({"approve": True, "answer": "经核实，申诉成立", "expected_version": 3})

    approve: bool
    answer: Annotated[Text, Field(min_length=2, max_length=500)]


class ClaimRead(Output):
    id: UUID
    person_id: UUID
    person_name: str | None = Field(description="工作人员看到姓名；本人为空")
    rule_id: UUID
    rule_text: str
    points: int = Field(description="按规则应得；上限和预算在通过时计算")
    awarded: int | None = Field(description="实际入账；未通过为空")
    on_day: date
    grid_id: UUID | None
    state: ClaimState
    state_label: str
    words: str
    flags: list[Labelled] = Field(description="提示工作人员再看一眼的理由；本人看不到")
    file_ids: list[UUID]
    needs_second: bool
    reason: str | None
    appeal: str | None
    answer: str | None
    created_at: Instant
    decided_at: Instant | None
    version: int
    actions: list[Action]
