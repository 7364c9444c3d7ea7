"""Settlements and publishing blocks. Money in fen."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.gigs.settlements import BlockState, LineKind, SettlementState
from app.rules.gigs.terms import PaidBy, WagePeriod
from app.schemas.base import Action, Input, Instant, Output, Text, Version, example

Words = Annotated[Text, Field(min_length=5, max_length=500)]


class LineRead(Output):
    id: UUID
    kind: LineKind
    kind_label: str
    day: dt.date | None = Field(description="The shift's day")
    minutes: int
    fen: int = Field(description="Fen; a deduction is negative. The lines add up to `due_fen`")
    reckoning: str


class SettlementRead(Output):
    """The fields of 《保障农民工工资支付条例》第十五条: who, hours, pieces, due, deductions, paid, proof, date."""

    id: UUID
    version: int
    enterprise_id: UUID
    enterprise_name: str
    name: str | None = Field(description="The person, for the firm; paid to them and nobody else")
    id_number: str | None = Field(description="Masked, for the firm, where the person has given it")
    phone: str | None = Field(description="Masked, for the firm")
    period_start: dt.date
    period_end: dt.date
    part: int
    wage_period: WagePeriod
    state: SettlementState
    state_label: str
    due_fen: int
    disputed_fen: int = Field(description="Not in `due_fen`: what the two sides still differ about")
    due_on: dt.date
    due_because: str
    minutes: int
    pieces: int = Field(description="Of all lines of the 工价")
    deducted_fen: int
    paid_fen: int
    paid_on: dt.date | None
    paid_by: PaidBy | None
    proof_file_id: UUID | None
    proof_url: str | None = Field(
        description="In a single settlement: the firm's proof, for ten minutes, once it is checked"
    )
    received_at: Instant | None
    contested: str | None
    lines: list[LineRead]
    actions: list[Action]


class PayForm(Input):
    """Paid to the person who worked: there is no field for another."""

    model_config = example({"paid_fen": 17600, "paid_on": "2026-11-30", "paid_by": "wechat", "expected_version": 2})

    paid_fen: int = Field(ge=1, le=100_000_000)
    paid_on: dt.date
    paid_by: PaidBy
    proof_file_id: UUID | None = Field(default=None, description="Uploaded with purpose `wage_proof`")
    expected_version: Version


class DeductForm(Input):
    model_config = example({"fen": 1000, "reason": "剪坏裁片两件，按成本价", "expected_version": 2})

    fen: int = Field(ge=1, le=100_000_000)
    reason: Annotated[Text, Field(min_length=2, max_length=100)]
    expected_version: Version


class ContestForm(Input):
    model_config = example({"words": "只收到一百元，差七十六元。", "expected_version": 3})

    words: Words
    expected_version: Version


class OverdueFirm(Output):
    """For the liaison cadre and the office: counts and sums, no names."""

    enterprise_id: UUID
    enterprise_name: str
    settlements: int
    people: int
    fen: int
    oldest_due_on: dt.date


class BlockRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID
    enterprise_name: str
    state: BlockState
    state_label: str
    settlements: int
    people: int
    overdue_fen: int
    oldest_due_on: dt.date
    notified_at: Instant | None
    answer_by: Instant | None
    answer: str | None
    decided_at: Instant | None
    because: str | None
    appeal: str | None
    appealed_at: Instant | None
    appeal_due_at: Instant | None
    lifted_at: Instant | None
    actions: list[Action]


class BlockWords(Input):
    model_config = example({"words": "客户货款迟到，本周五前付清。", "expected_version": 2})

    words: Words
    expected_version: Version


class BlockDecision(Input):
    model_config = example({"block": True, "because": "逾期七日仍未支付，也没有说明", "expected_version": 2})

    block: bool
    because: Annotated[Text, Field(min_length=2, max_length=300)]
    expected_version: Version


class AppealDecision(Input):
    model_config = example({"lift": True, "because": "已付清", "expected_version": 4})

    lift: bool
    because: Annotated[Text, Field(min_length=2, max_length=300)]
    expected_version: Version
