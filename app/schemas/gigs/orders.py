"""Orders and shifts: the form of a firm, what it and the workers see."""

import datetime as dt
from typing import Annotated, Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from app.rules.gigs.orders import OrderState, ShiftState
from app.rules.gigs.terms import Cover, FillMode, GigPayUnit, Hazard, WagePeriod
from app.rules.jobs.terms import CoordType
from app.schemas.base import Action, Fen, Input, Instant, InstantIn, Output, Text, Version, example, missing_fields
from app.schemas.gigs.offers import ShiftBrief
from app.schemas.jobs.search import POINT
from app.schemas.jobs.vacancies import Code, Place, PlaceRead

Rate = Annotated[int, Field(ge=1, le=10_000_000, description="分，1元 = 100分")]
SHIFT_EXAMPLE = {
    "starts_at": "2026-12-01T08:00:00+08:00", "ends_at": "2026-12-01T17:00:00+08:00", "break_minutes": 60, "heads": 5,
    "half": False, "standby": True,
}  # fmt: skip
ORDER_EXAMPLE = {
    "enterprise_id": "019abcde-0000-7000-8000-000000000002", "title": "平车工白班", "process_code": "61101.01", "level": 2,
    "pay": {"unit": "hour", "hour_fen": 2500, "lines": []}, "wage_period": "week", "pay_days": 3,
    "cover": "work_injury", "standby_fen": 3000, "late_cancel_fen": 5000,
    "place": {"address": "宝盖镇科技园回兴路188号", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
    "duties": "合缝、上腰头，按样衣操作。", "shifts": [SHIFT_EXAMPLE], "submit": True,
}  # fmt: skip


class PieceLine(Input):
    """工价: so many fen for so many pieces of a style, e.g. 850 fen per 1,000 件."""

    style: Annotated[Text, Field(min_length=1, max_length=40)]
    process_code: Code
    rate_fen: Rate
    per_quantity: Annotated[int, Field(ge=1, le=1_000_000)]
    hourly_output: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        description="Pieces a practised hand makes in an hour"
    )


class GigPay(Input):
    unit: GigPayUnit
    hour_fen: Rate | None = Field(default=None, description="Fen an hour; only for pay by the hour")
    lines: Annotated[list[PieceLine], Field(max_length=50)] = Field(default_factory=list)


class ShiftForm(Input):
    starts_at: InstantIn
    ends_at: InstantIn
    break_minutes: Annotated[int, Field(ge=0, le=600)] = 0
    heads: Annotated[int, Field(ge=1, le=1_000)]
    half: bool = Field(default=False, description="Half seats (半天、妈妈班): two people make one head")
    standby: bool = Field(default=False, description="Invite 候补 so that enough come; needs `standby_fen`")


class OrderContent(Input):
    sharing_id: UUID | None = Field(
        default=None, description="共享用工: the lender's order for its lent people, at the borrower's place"
    )
    using_firm: Annotated[Text, Field(min_length=2, max_length=80)] | None = Field(
        default=None, description="用工单位, required where an agency orders"
    )
    title: Annotated[Text, Field(min_length=2, max_length=40)]
    process_code: Code
    level: Annotated[int, Field(ge=1, le=5)] = 1
    fill_mode: FillMode = FillMode.ALLOCATE
    pay: GigPay
    wage_period: WagePeriod
    pay_days: Annotated[int, Field(ge=0, le=31)] = Field(
        description="Days after the period's end until the wage is paid"
    )
    cover: Cover = Field(description="none is shown before anybody accepts")
    cover_by: Annotated[Text, Field(max_length=80)] | None = None
    standby_fen: Fen | None = None
    late_cancel_fen: Annotated[int, Field(ge=100, le=1_000_000)] = Field(
        description="Fen owed to each person whom the firm calls off less than 16 hours before the start"
    )
    place: Place
    area_id: UUID | None = None
    meals: bool = False
    hazards: Annotated[list[Hazard], Field(max_length=8)] = Field(default_factory=list)
    gear: Annotated[Text, Field(max_length=120)] = ""
    leaders_per: Annotated[int, Field(ge=2, le=100)] | None = Field(default=None, description="One leader for so many")
    leader_level: Annotated[int, Field(ge=1, le=5)] | None = None
    minimum_age: Annotated[int, Field(ge=16, le=60)] = 18
    duties: Annotated[Text, Field(min_length=2, max_length=1000)]
    requirements: Annotated[Text, Field(max_length=1000)] = ""
    priority: Annotated[int, Field(ge=1, le=5)] = 1
    shifts: Annotated[list[ShiftForm], Field(min_length=1, max_length=60)]
    submit: bool = Field(default=False, description="false: keep as draft")


class OrderCreate(OrderContent):
    model_config = example(ORDER_EXAMPLE)

    enterprise_id: UUID


class OrderUpdate(OrderContent):
    model_config = example({k: v for k, v in ORDER_EXAMPLE.items() if k != "enterprise_id"} | {"expected_version": 1})

    expected_version: Version


class CancelForm(Input):
    model_config = example({"reason": "客户推迟交期", "expected_version": 1})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class OrderReview(Input):
    model_config = example({"publish": True, "note": "", "expected_version": 2})

    publish: bool
    note: Annotated[Text, Field(max_length=200)] = Field(default="", description="Why it is returned; required then")
    expected_version: Version


class TemplateForm(Input):
    model_config = example({"name": "平车白班"})

    name: Annotated[Text, Field(min_length=1, max_length=40)]


class CopyForm(Input):
    model_config = example({"days": 7})

    days: Annotated[int, Field(ge=1, le=60)] = Field(default=7, description="So many days later; 7: last week again")


class PieceLineRead(Output):
    style: str
    process_code: str
    rate_fen: int
    per_quantity: int
    hourly_output: int


class ShiftRead(Output):
    id: UUID
    version: int
    state: ShiftState
    state_label: str
    starts_at: Instant
    ends_at: Instant
    break_minutes: int
    work_minutes: int
    night: bool
    half: bool
    seats: int = Field(description="Heads × 2; a half shift fills one each")
    taken: int
    offered: int
    standby_seats: int
    standby_taken: int
    urgent_ring: int
    actions: list[Action]


class OrderTerms(Output):
    """What an acceptance freezes."""

    pay_unit: GigPayUnit
    hour_fen: int | None
    piece_lines: list[PieceLineRead]
    effective_hour_fen: int
    wage_period: WagePeriod
    wage_period_label: str
    pay_days: int
    cover: Cover
    cover_label: str
    cover_by: str | None
    standby_fen: int | None
    late_cancel_fen: int
    meals: bool
    hazards: list[Hazard]
    gear: str
    minimum_age: int
    level: int
    duties: str
    requirements: str
    place: PlaceRead


class OrderRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    enterprise_name: str
    using_firm: str | None
    state: OrderState
    state_label: str
    content_version: int
    title: str
    process_code: str
    process_name: str
    fill_mode: FillMode
    leaders_per: int | None
    leader_level: int | None
    priority: int
    published_at: Instant | None
    review_note: str | None
    cancelled_because: str | None
    terms: OrderTerms
    shifts: list[ShiftRead]
    actions: list[Action]


class OrderListItem(Output):
    id: UUID
    version: int
    state: OrderState
    state_label: str
    title: str
    process_name: str
    created_at: Instant
    first_starts_at: Instant | None
    shifts: int
    seats: int
    taken: int


class TemplateRead(Output):
    id: UUID
    name: str
    created_at: Instant


class ShiftSearch(Input):
    """Whatever is left out does not narrow the list."""

    # A query, not a body: what we do not know there has never been refused.
    model_config = ConfigDict(extra="ignore")

    process_code: Code | None = None
    day: dt.date | None = Field(default=None, description="The day in China on which it starts")
    area_id: UUID | None = None
    least_hour_fen: Fen | None = Field(default=None, description="At least so much an hour, by the stated output")
    night: bool | None = None
    half: bool | None = None
    fill_mode: FillMode | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    coord_type: CoordType | None = Field(default=None, description="Required with coordinates")
    within_m: Annotated[int, Field(ge=1, le=100_000)] | None = Field(default=None, description="Needs the point")
    cursor: Annotated[str, Field(max_length=400)] | None = Field(
        default=None, description="`next_cursor` of the page before"
    )
    limit: Annotated[int, Field(ge=1, le=100)] = Field(default=20, description="Page size")

    @model_validator(mode="after")
    def _point(self) -> Self:
        absent = [name for name in POINT if getattr(self, name) is None]
        if absent and (self.within_m is not None or len(absent) < len(POINT)):
            raise missing_fields(absent, "按距离筛选要同时填写坐标 latitude、longitude 和 coord_type")
        return self


class ShiftListItem(ShiftBrief):
    """An open shift as workers see it in the list."""

    fill_mode: FillMode
    night: bool
    level: int
    open_halves: int = Field(description="Free seats × 2")
    distance_m: int | None


class ShiftDetail(Output):
    shift: ShiftListItem
    terms: OrderTerms
    waiting: int
    label_text: str | None = Field(description="提示，不作劳动关系认定; null before a registration")
    warnings: list[str]
    refusal: str | None = Field(description="Why the law would not let you take it now; null: it would")
