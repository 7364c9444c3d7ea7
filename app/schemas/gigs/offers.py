"""Offers, seats, the waiting line, standing."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.gigs.offers import AssignmentState, OfferSource, OfferState
from app.rules.gigs.standing import Excuse, NoShowState
from app.rules.gigs.terms import Cover, RelationLabel, SeatKind
from app.schemas.base import Action, Input, Instant, Output, Text, Version, example


class ShiftBrief(Output):
    """What stands on a card: when, where, what for, and what covers an accident."""

    shift_id: UUID
    order_id: UUID
    enterprise_id: UUID
    enterprise_name: str
    using_firm: str | None
    title: str
    process_code: str
    process_name: str
    starts_at: Instant
    ends_at: Instant
    work_minutes: int = Field(description="Minutes, breaks taken off")
    half: bool = Field(description="A half shift: two make one head")
    effective_hour_fen: int = Field(description="Fen an hour, by the stated output where paid by the piece")
    place_address: str
    cover: Cover
    cover_label: str
    meals: bool


class OfferRead(Output):
    id: UUID
    version: int
    shift: ShiftBrief
    state: OfferState
    state_label: str
    source: OfferSource
    seat: SeatKind
    seat_label: str
    standby_fen: int | None = Field(description="Fen, paid to a 候补 who comes and is not needed")
    created_at: Instant
    answer_by: Instant
    answered_at: Instant | None
    reason: str
    actions: list[Action]


class AssignmentRead(Output):
    """`label`: 提示，不作劳动关系认定; its numbers are averages with this firm, this shift included."""

    id: UUID
    version: int
    shift: ShiftBrief
    state: AssignmentState
    state_label: str
    seat: SeatKind
    seat_label: str
    order_version: int = Field(description="The terms that were accepted; they stay whatever the order says later")
    label: RelationLabel
    label_text: str
    label_day_minutes: int
    label_week_minutes: int
    accepted_at: Instant
    confirmed_at: Instant | None
    actions: list[Action]


class WaitingRead(Output):
    shift: ShiftBrief
    position: int = Field(description="1: the next to be asked")
    joined_at: Instant


class InviteForm(Input):
    model_config = example({"person_id": "01a2c5a4-7a1e-7b3c-9d2f-3b1c6e5f7a90"})

    person_id: UUID = Field(description="Somebody of the firm's roster, as `GET /enterprises/{id}/roster` names them")


class LeaveForm(Input):
    model_config = example({"excuse": "illness", "expected_version": 1})

    excuse: Excuse | None = Field(
        default=None, description="Never counted: illness, accident, changed terms, undelivered"
    )
    expected_version: Version


class CallOffForm(Input):
    model_config = example({"reason": "订单取消，不需要这么多人", "expected_version": 1})

    reason: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class RatingForm(Input):
    model_config = example({"stars": 5})

    stars: int = Field(ge=1, le=5)


class RatingRead(Output):
    assignment_id: UUID
    stars: int
    created_at: Instant


class NoShowRead(Output):
    id: UUID
    version: int
    assignment_id: UUID
    points: int
    rule: str
    state: NoShowState
    state_label: str
    excuse: Excuse | None
    created_at: Instant
    expires_on: dt.date
    appealed_at: Instant | None
    appeal_due_at: Instant | None
    decision: str | None
    actions: list[Action]


class AppealForm(Input):
    model_config = example({"words": "当天发烧去医院，有病历。", "expected_version": 1})

    words: Annotated[Text, Field(min_length=5, max_length=500)]
    expected_version: Version


class NoShowAppeal(Output):
    """As the office sees it: the record and the person's words."""

    id: UUID
    version: int
    assignment_id: UUID
    person_id: UUID
    points: int
    rule: str
    words: str | None
    appealed_at: Instant | None
    appeal_due_at: Instant | None


class NoShowDecision(Input):
    model_config = example({"uphold": False, "decision": "病历属实，撤销记录。", "expected_version": 2})

    uphold: bool
    decision: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class StandingRead(Output):
    """What counts today and what follows from it, with the rule of each record."""

    points: int
    came: int = Field(description="Shifts worked or held to their end")
    expected: int = Field(description="Those, and the ones not turned up for")
    text: str
    records: list[NoShowRead]
    stars: float | None = Field(description="Mean of the firms' ratings from five on, else null")
    ratings: int


class ShiftPerson(Output):
    """Somebody on a shift, as its dispatcher sees them: name and phone from the acceptance on."""

    assignment_id: UUID
    version: int
    person_id: UUID
    name: str | None
    phone: str | None
    state: AssignmentState
    state_label: str
    seat: SeatKind
    seat_label: str
    label: RelationLabel
    label_text: str
    accepted_at: Instant
    confirmed_at: Instant | None
    actions: list[Action]


class ShiftPeople(Output):
    shift_id: UUID
    version: int
    seats: int = Field(description="Heads × 2")
    taken: int
    offered: int
    standby_seats: int
    standby_taken: int
    waiting: int
    urgent_ring: int
    short_reason: str | None
    people: list[ShiftPerson]
