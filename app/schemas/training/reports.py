"""Reports: for a firm the entries it made, for a provider its classes; the subsidy's rows. 学时, fen, per cent."""

from datetime import date
from uuid import UUID

from pydantic import Field

from app.rules.training.enrolments import EnrolmentState
from app.rules.training.reports import SubsidyKind
from app.schemas.base import Instant, Output


class FirmLine(Output):
    class_id: UUID
    class_title: str
    first_at: Instant
    person_id: UUID
    person_name: str | None = Field(description="隐去部分的姓名")
    state: EnrolmentState
    state_label: str
    hours: int | None
    score: int | None


class FirmReportRead(Output):
    enterprise_id: UUID
    since: date
    until: date
    entries: int
    passed: int
    hours: int = Field(description="人·学时合计")
    told: str
    items: list[FirmLine]


class ProviderLine(Output):
    class_id: UUID
    title: str
    first_at: Instant
    heads: int = Field(description="到课人数")
    passed: int
    hours: int
    cost_fen: int
    hour_cost_fen: int | None = Field(description="每人每学时成本，分")
    ceiling_fen: int | None = Field(description="补贴上限，分；没有适用标准为空")
    told: str
    ceiling_told: str
    filing_number: str | None


class ProviderReportRead(Output):
    provider_id: UUID
    provider_name: str
    since: date
    until: date
    classes: int
    heads: int
    passed: int
    pass_share: int | None = Field(description="合格人数占到课人数的百分数")
    hours: int
    items: list[ProviderLine]


class SubsidyRead(Output):
    kind: SubsidyKind
    kind_label: str
    value: int
    valid_from: date
    valid_to: date | None
    confirmed: bool
    source: str


class SubsidyList(Output):
    items: list[SubsidyRead]
