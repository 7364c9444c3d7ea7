"""Vacancies: the form, the findings, what is shown. Money in fen, durations in minutes."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.jobs.terms import (
    Benefit,
    CoordType,
    Engagement,
    PayCycle,
    PayUnit,
    ShiftPattern,
    SkillLevel,
    WorkFeature,
)
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import Action, Input, Instant, Output, Text, Version, example

Code = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[0-9A-Za-z.]+$")]
Minute = Annotated[int, Field(ge=0, le=1440, description="Minutes after midnight, China Standard Time")]
StaffCount = Annotated[int, Field(ge=0, le=1_000_000)]
Word = Annotated[Text, Field(min_length=1, max_length=40)]

PAY_EXAMPLE = {
    "unit": "month", "min_fen": 550000, "max_fen": 800000, "piece_rate_fen": None, "piece_per_quantity": None,
    "piece_hourly_output": None, "cycle": "monthly",
}  # fmt: skip
PLACE_EXAMPLE = {
    "address": "宝盖镇科技园回兴路188号", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02",
}  # fmt: skip
VACANCY_EXAMPLE = {
    "enterprise_id": "019abcde-0000-7000-8000-000000000002", "title": "平车工", "occupation_code": "61103.01",
    "engagement": "direct", "headcount": 2, "pay": PAY_EXAMPLE, "minutes_per_day": 480, "days_per_month": 26,
    "shift_pattern": "day", "work_start_minute": 480, "work_end_minute": 1080, "place": PLACE_EXAMPLE,
    "benefits": ["meals"], "features": ["noise"], "required_years": 1, "required_machines": ["平车"],
    "duties": "平车缝制服装配件，按样衣和工艺单操作。", "requirements": "会操作电脑平车。", "valid_until": "2026-12-31",
    "submit": True,
}  # fmt: skip


# Nobody works for nothing, and a posting that says 0 tells nothing.
PayFen = Annotated[int, Field(ge=1, le=100_000_000, description="分，1元 = 100分")]


class Pay(Input):
    unit: PayUnit
    min_fen: PayFen | None = Field(default=None, description="Lower end, per month or hour")
    max_fen: PayFen | None = Field(default=None, description="Upper end; equal to the lower one for a fixed pay")
    piece_rate_fen: PayFen | None = Field(default=None, description="Pay for `piece_per_quantity` pieces")
    piece_per_quantity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    piece_hourly_output: Annotated[int, Field(ge=1, le=1_000_000)] | None = Field(
        default=None, description="Pieces that a practised hand makes in an hour"
    )
    cycle: PayCycle

    @model_validator(mode="after")
    def _range(self) -> Self:
        if self.min_fen is not None and self.max_fen is not None and self.min_fen > self.max_fen:
            raise ValueError("最低工资不能高于最高工资")
        return self


class Place(Input):
    address: Annotated[Text, Field(min_length=2, max_length=120)]
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    coord_type: CoordType | None = Field(default=None, description="Required with coordinates")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        given = [self.latitude is not None, self.longitude is not None, self.coord_type is not None]
        if any(given) and not all(given):
            raise ValueError("坐标要同时填写 latitude、longitude 和 coord_type")
        return self


class VacancyContent(Input):
    """What a posting says: the lawful elements (人力资源市场暂行条例 第二十四条) and what helps to choose."""

    title: Annotated[Text, Field(min_length=2, max_length=40)]
    using_firm: Annotated[Text, Field(min_length=2, max_length=80)] | None = Field(
        default=None, description="用工单位, required where an agency posts"
    )
    occupation_code: Code
    engagement: Engagement
    headcount: Annotated[int, Field(ge=1, le=10_000)]
    pay: Pay
    minutes_per_day: Annotated[int, Field(ge=30, le=1440)]
    days_per_month: Annotated[int, Field(ge=1, le=31)] | None = None
    shift_pattern: ShiftPattern
    work_start_minute: Minute | None = None
    work_end_minute: Minute | None = None
    place: Place
    area_id: UUID | None = Field(default=None, description="Where the work is; null: where the enterprise is")
    benefits: Annotated[list[Benefit], Field(max_length=8)] = Field(default_factory=list)
    features: Annotated[list[WorkFeature], Field(max_length=6)] = Field(default_factory=list)
    required_years: Annotated[int, Field(ge=0, le=50)] | None = None
    required_machines: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    required_certificates: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    required_level: SkillLevel | None = None
    minimum_age: Annotated[int, Field(ge=0, le=99)] | None = None
    start_date: date | None = None
    order_class: Annotated[Text, Field(min_length=2, max_length=80)] | None = Field(
        default=None, description="订单班: school and class; the limits for students apply"
    )
    firm_staff_count: StaffCount | None = Field(default=None, description="In-service staff of the firm, for students")
    post_staff_count: StaffCount | None = Field(
        default=None, description="Staff in the same kind of post, for students"
    )
    post_pay_fen: PayFen | None = Field(
        default=None, description="What the firm's own staff earn in the same post, in the unit of `pay`, for students"
    )
    duties: Annotated[Text, Field(min_length=1, max_length=1000)]
    requirements: Annotated[Text, Field(max_length=1000)] = ""
    benefits_note: Annotated[Text, Field(max_length=300)] = ""
    contact_note: Annotated[Text, Field(max_length=200)] = ""
    repost_source: Annotated[Text, Field(min_length=2, max_length=80)] | None = Field(
        default=None, description="转载来源: where it was first published, required for a repost"
    )
    valid_until: date


class VacancyCreate(VacancyContent):
    model_config = example(VACANCY_EXAMPLE)

    enterprise_id: UUID
    submit: bool = Field(default=True, description="False keeps a draft; true publishes, holds for review, or refuses")


class VacancyUpdate(VacancyContent):
    """Replaces the whole form."""

    model_config = example({k: v for k, v in VACANCY_EXAMPLE.items() if k != "enterprise_id"} | {"expected_version": 1})

    submit: bool = True
    expected_version: Version


class VacancyLint(Input):
    """While typing: everything may still be missing."""

    model_config = example({"enterprise_id": None, "title": "平车工", "requirements": "限女，35岁以下，押金300元"})

    enterprise_id: UUID | None = None
    vacancy_id: UUID | None = Field(default=None, description="The posting that is being changed: no double of itself")
    using_firm: Annotated[Text, Field(max_length=80)] | None = None
    title: Annotated[Text, Field(max_length=40)] = ""
    occupation_code: Code | None = None
    engagement: Engagement | None = None
    headcount: Annotated[int, Field(ge=1, le=10_000)] | None = None
    pay: Pay | None = None
    minutes_per_day: Annotated[int, Field(ge=30, le=1440)] | None = None
    days_per_month: Annotated[int, Field(ge=1, le=31)] | None = None
    shift_pattern: ShiftPattern | None = None
    place: Place | None = None
    features: Annotated[list[WorkFeature], Field(max_length=6)] = Field(default_factory=list)
    required_machines: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    required_certificates: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    minimum_age: Annotated[int, Field(ge=0, le=99)] | None = None
    order_class: Annotated[Text, Field(max_length=80)] | None = None
    firm_staff_count: StaffCount | None = None
    post_staff_count: StaffCount | None = None
    post_pay_fen: PayFen | None = None
    duties: Annotated[Text, Field(max_length=1000)] = ""
    requirements: Annotated[Text, Field(max_length=1000)] = ""
    benefits_note: Annotated[Text, Field(max_length=300)] = ""
    contact_note: Annotated[Text, Field(max_length=200)] = ""
    repost_source: Annotated[Text, Field(max_length=80)] | None = None
    valid_until: date | None = None


class FindingRead(Output):
    rule_id: str
    severity: Literal["block", "warn"]
    field: str = Field(description="Dotted path into the form")
    start: int = Field(description="Span of the quote in the field, characters; 0,0 for a value")
    end: int
    quote: str
    message: str
    law: str
    mend: str
    other_vacancy_id: UUID | None = Field(description="Of a duplicate: the posting that says nearly the same")


class LintRead(Output):
    findings: list[FindingRead]
    would_publish: bool = Field(description="No finding blocks")


class PayRead(Output):
    unit: PayUnit
    min_fen: int | None
    max_fen: int | None
    piece_rate_fen: int | None
    piece_per_quantity: int | None
    piece_hourly_output: int | None
    cycle: PayCycle


class PlaceRead(Output):
    address: str
    latitude: float | None
    longitude: float | None
    coord_type: CoordType | None


class VacancyRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    enterprise_name: str
    enterprise_label: str = Field(description="Who verified the firm, how, and until when; empty before that")
    using_firm: str | None = Field(description="The firm that an agency's people will work for")
    state: VacancyState
    state_label: str
    content_version: int
    title: str
    occupation_code: str
    occupation_name: str
    engagement: Engagement
    headcount: int
    open_seats: int
    pay: PayRead
    minutes_per_day: int
    days_per_month: int | None
    shift_pattern: ShiftPattern
    work_start_minute: int | None
    work_end_minute: int | None
    hourly_fen: int | None = Field(description="Effective pay per hour; null where it cannot be known")
    place: PlaceRead
    area_id: UUID | None
    benefits: list[Benefit]
    features: list[WorkFeature]
    required_years: int | None
    required_machines: list[str]
    required_certificates: list[str]
    required_level: SkillLevel | None
    minimum_age: int | None
    start_date: date | None
    order_class: str | None
    firm_staff_count: int | None
    post_staff_count: int | None
    post_pay_fen: int | None
    duties: str
    requirements: str
    benefits_note: str
    contact_note: str
    repost_source: str | None = Field(description="Where it was first published, where not here")
    valid_until: date
    published_at: Instant | None
    review_note: str | None
    actions: list[Action]


class VacancySaved(Output):
    vacancy: VacancyRead
    findings: list[FindingRead] = Field(description="Warnings that do not stand in the way")


class VacancyListItem(Output):
    id: UUID
    title: str
    enterprise_id: UUID
    enterprise_name: str
    enterprise_label: str
    using_firm: str | None
    occupation_code: str
    occupation_name: str
    pay_unit: PayUnit
    pay_min_fen: int | None
    pay_max_fen: int | None
    piece_rate_fen: int | None
    piece_per_quantity: int | None
    pay_cycle: PayCycle
    shift_pattern: ShiftPattern
    hourly_fen: int | None = Field(description="Effective pay per hour; null where it cannot be known")
    open_seats: int
    place_address: str
    area_id: UUID | None
    distance_m: int | None = Field(description="From the point asked from; null without one, or without coordinates")
    benefits: list[Benefit]
    valid_until: date
    published_at: Instant


class ReviewForm(Input):
    model_config = example({"note": "核对无误", "expected_version": 2})

    note: Annotated[Text, Field(max_length=200)] = ""
    expected_version: Version


class ReturnVacancyForm(Input):
    model_config = example({"note": "工作地点写得不清楚，请补充门牌号", "expected_version": 2})

    note: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class WageRead(Output):
    id: UUID
    version: int
    division: str
    monthly_fen: int
    hourly_fen: int | None
    effective_from: date
    effective_to: date | None
    source: str
    confirmed: bool = Field(description="False: only warns")


class WageForm(Input):
    model_config = example(
        {"monthly_fen": 219500, "hourly_fen": 2300, "source": "闽政〔2025〕号文件第二档", "expected_version": 1}
    )

    monthly_fen: Annotated[int, Field(ge=1, le=100_000_000)]
    hourly_fen: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    source: Annotated[Text, Field(min_length=4, max_length=300)] = Field(description="Number and title of the order")
    expected_version: Version
