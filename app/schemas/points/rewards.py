"""Rewards (礼遇), sites, stock, redemptions. Whole points, pieces."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.points.rewards import (
    LONGEST_HOLD_DAYS,
    STOCK_MOST,
    PickedUpBy,
    RedemptionState,
    RewardKind,
    RewardState,
    StockChangeKind,
    StockChangeState,
)
from app.schemas.base import Action, ExpectedVersion, Input, Instant, Output, Text, example

Pieces = Annotated[int, Field(strict=True, ge=1, le=STOCK_MOST, description="件数，整数")]
Reason = Annotated[Text, Field(min_length=2, max_length=200)]
Code = Annotated[Text, Field(min_length=4, max_length=40, description="领取码：输入或扫码得到的文字")]


class SiteForm(Input):
    model_config = example(
        {"name": "塘边村文明积分超市", "address": "塘边村委会一楼", "hours": "周一至周五9:00—17:00", "open": True}
    )

    name: Annotated[Text, Field(min_length=2, max_length=60)]
    address: Annotated[Text, Field(min_length=2, max_length=120)]
    hours: Annotated[Text, Field(min_length=2, max_length=120)]
    open: bool = True


class SiteUpdate(SiteForm, ExpectedVersion):
    model_config = example(
        {
            "name": "塘边村文明积分超市",
            "address": "塘边村委会二楼",
            "hours": "周一至周五9:00—17:00",
            "open": True,
            "expected_version": 1,
        }
    )


class SiteRead(Output):
    id: UUID
    name: str
    address: str
    hours: str
    open: bool
    version: int


class SiteList(Output):
    items: list[SiteRead]


class RewardForm(Input):
    model_config = example(
        {
            "title": "理发一次", "kind": "service", "description": "周六上午", "donor": "爱心理发店", "points": 20, "per_person": 2,
            "adults_only": False, "prepared": False, "hold_days": 14, "low_stock": 3,
        }
    )  # fmt: skip

    title: Annotated[Text, Field(min_length=2, max_length=40)]
    kind: RewardKind
    description: Annotated[Text, Field(max_length=500)] = ""
    donor: Annotated[Text, Field(min_length=2, max_length=60)] | None = Field(
        default=None, description="捐赠方；不填为镇里提供"
    )
    points: Annotated[int, Field(strict=True, ge=1, le=1_000_000, description="积分，整数；不能用钱补")]
    per_person: Annotated[int, Field(strict=True, ge=1, le=1000)] | None = Field(
        default=None, description="每人最多几份"
    )
    adults_only: bool = False
    prepared: bool = Field(default=False, description="要先备货，备好后才有领取码")
    hold_days: Annotated[int, Field(strict=True, ge=1, le=LONGEST_HOLD_DAYS)] = Field(
        default=14, description="保留天数"
    )
    low_stock: Annotated[int, Field(strict=True, ge=0, le=STOCK_MOST)] | None = Field(
        default=None, description="剩这么多时提醒"
    )


class RewardUpdate(RewardForm, ExpectedVersion):
    model_config = example(
        {
            "title": "理发一次", "kind": "service", "description": "周六全天", "donor": "爱心理发店", "points": 20, "per_person": 2,
            "adults_only": False, "prepared": False, "hold_days": 14, "low_stock": 3, "expected_version": 1,
        }
    )  # fmt: skip


class StockRead(Output):
    site_id: UUID
    site_name: str
    address: str
    hours: str
    free: int = Field(description="现在还能兑换几份")


class RewardRead(Output):
    id: UUID
    title: str
    kind: RewardKind
    kind_label: str
    state: RewardState
    state_label: str
    description: str
    donor: str | None
    points: int
    per_person: int | None
    adults_only: bool
    prepared: bool
    hold_days: int
    low_stock: int | None
    sites: list[StockRead]
    version: int


class MoveRewardForm(ExpectedVersion):
    model_config = example({"state": "offered", "expected_version": 1})

    state: RewardState


class StockForm(Input):
    """入库或申请核销。"""

    model_config = example(
        {"site_id": "019abcde-0000-7000-8000-000000000001", "kind": "receipt", "quantity": 20, "reason": "企业捐赠入库"}
    )

    site_id: UUID
    kind: StockChangeKind
    quantity: Pieces
    reason: Reason


class StockDecisionForm(ExpectedVersion):
    model_config = example({"approve": True, "expected_version": 1})

    approve: bool


class StockChangeRead(Output):
    id: UUID
    reward_id: UUID
    reward_title: str
    site_id: UUID
    site_name: str
    kind: StockChangeKind
    kind_label: str
    state: StockChangeState
    state_label: str
    quantity: int
    reason: str
    created_at: Instant
    version: int


class StockLevel(Output):
    """What came in and what became of it: free + held + fulfilled + written_off = received."""

    site_id: UUID
    site_name: str
    received: int
    free: int
    held: int
    fulfilled: int
    written_off: int


class StockLevels(Output):
    items: list[StockLevel]


class RedeemForm(Input):
    model_config = example(
        {
            "reward_id": "019abcde-0000-7000-8000-000000000001", "site_id": "019abcde-0000-7000-8000-000000000002",
            "from_household": False, "helper": None,
        }
    )  # fmt: skip

    reward_id: UUID
    site_id: UUID
    from_household: bool = Field(default=False, description="用家庭账户的积分")
    helper: Annotated[Text, Field(min_length=2, max_length=20)] | None = Field(default=None, description="代领人姓名")


class HelperForm(ExpectedVersion):
    model_config = example({"helper": "陈小芳", "expected_version": 1})

    helper: Annotated[Text, Field(min_length=2, max_length=20)] | None


class RedemptionRead(Output):
    id: UUID
    reward_id: UUID
    title: str
    points: int
    site_id: UUID
    site_name: str
    site_address: str
    site_hours: str
    from_household: bool
    state: RedemptionState
    state_label: str
    until: Instant
    code: str | None = Field(description="领取码，只有本人看得到；备货中和结束后为空")
    qr_text: str | None = Field(description="画成二维码给兑换点扫")
    helper: str | None
    picked_up_by: PickedUpBy | None
    fulfilled_at: Instant | None
    ended_because: str | None
    created_at: Instant
    version: int
    actions: list[Action]


class CodeForm(Input):
    model_config = example({"code": "7KQ2M9XW4T"})

    code: Code


class FulfilForm(CodeForm):
    model_config = example({"code": "7KQ2M9XW4T", "picked_up_by": "self"})

    picked_up_by: PickedUpBy = PickedUpBy.SELF


class CounterRead(Output):
    """What the clerk sees of a redemption: enough to hand over the right thing to the right person."""

    id: UUID
    title: str
    points: int
    site_id: UUID
    state: RedemptionState
    state_label: str
    person_name: str | None = Field(description="隐去部分的姓名")
    helper: str | None
    until: Instant
    fulfilled_at: Instant | None
    undo_until: Instant | None
    version: int
