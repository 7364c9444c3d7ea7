"""Points as a person sees them, and the trial balance. Whole points."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.points.ledger import MOST, AccountKind, EntryKind
from app.schemas.base import Input, Instant, Output, Text, example


class ExpiringRead(Output):
    points: int
    at: Instant = Field(description="They are gone from this moment on")


class PointsRead(Output):
    available: int = Field(description="Free to spend")
    held: int = Field(description="Set aside for redemptions under way")
    debt: int = Field(description="Taken back after it was spent; what comes in pays it first")
    expiring: list[ExpiringRead] = Field(description="What `available` consists of, soonest first")


class EntryRead(Output):
    """One line of the history."""

    seq: int = Field(description="Numbers the lines of this account without a gap; for `after_seq`")
    at: Instant
    kind: EntryKind
    kind_label: str
    points: int = Field(description="Signed: what this account got or gave")
    balance_after: int = Field(description="Available less debt after it; below zero where something is owed")
    told: str


class AccountBalance(Output):
    kind: AccountKind
    kind_label: str
    balance: int = Field(description="What was issued stands below zero: all of them add up to 0")


class TrialBalanceRead(Output):
    as_of: int = Field(description="Sequence number of the last entry that is counted")
    accounts: list[AccountBalance]
    total: int = Field(description="0, or the ledger is broken")
    liability: int = Field(description="What people hold and have set aside: goods are owed for it")


class GivePointsForm(Input):
    model_config = example({"points": 10})

    points: Annotated[int, Field(strict=True, ge=1, le=MOST, description="转入家庭账户的积分，整数")]


class HouseholdForm(Input):
    model_config = example({"name": "林小梅一家"})

    name: Annotated[Text, Field(min_length=2, max_length=20)]


class JoinHouseholdForm(Input):
    model_config = example({"code": "7KQ2M9XW"})

    code: Annotated[Text, Field(min_length=4, max_length=20)]


class HouseholdRead(Output):
    id: UUID
    name: str
    members: list[str] = Field(description="隐去部分的姓名，按加入先后")
    points: PointsRead


class HouseholdCodeRead(Output):
    code: str = Field(description="只显示一次，24小时内有效")
    expires_at: Instant


class RuleProgressRead(Output):
    rule_id: UUID
    text: str
    earned: int = Field(description="今年从这条规则得到的积分")
    cap_year: int | None


class ProgressRead(Output):
    year: int
    earned: int = Field(description="今年得到的积分，不减已用的")
    volunteer_minutes: int = Field(description="历年经确认的志愿服务时长，分钟；时长不过期")
    rules: list[RuleProgressRead]


class TotalRead(Output):
    grid_id: UUID | None = Field(description="空：整个片区，或没有注明网格")
    name: str
    people: int | None = Field(description="人次按网格计；空：人数太少，不显示")
    points: int | None


class AreaTotalRead(Output):
    whole: TotalRead
    grids: list[TotalRead]


class TotalsRead(Output):
    year: int
    items: list[AreaTotalRead] = Field(description="三个片区及其网格，最后是没有注明网格的")


class HonourRollRead(Output):
    year: int
    names: list[str] = Field(description="本人同意上榜的，按姓名排列，不分名次")
