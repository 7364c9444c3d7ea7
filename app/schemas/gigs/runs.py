"""Runs of the allocation, their plans, pins, and what was short."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.gigs.allocation import MOST_DAYS, MOST_SECONDS, PinKind, ProposalState, RunState
from app.schemas.base import Action, Input, Instant, Output, Text, Version, example


class RunForm(Input):
    """`enterprise_id` null: the whole town, for the gigs office."""

    model_config = example({"enterprise_id": None, "first_day": "2026-11-30", "days": 7, "limit_seconds": 30})

    enterprise_id: UUID | None = None
    first_day: dt.date
    days: int = Field(default=7, ge=1, le=MOST_DAYS)
    limit_seconds: int = Field(default=30, ge=1, le=MOST_SECONDS)
    seed: int = Field(default=1, ge=0, le=2_147_483_647, description="The same seed, the same plan")


class Objective(Output):
    """`bound`: less is impossible while the ones before stay as good."""

    name: str
    value: int
    bound: int
    gap: float


class CheckRead(Output):
    """What the independent check says: rules looked at, comparisons made, breaches (none in a plan that can be published)."""

    rules: int
    checked: int
    violations: list[str]


class RunRead(Output):
    id: UUID
    version: int
    enterprise_id: UUID | None
    horizon_starts_at: Instant
    horizon_ends_at: Instant
    state: RunState
    state_label: str
    phase: str | None
    seconds: float | None
    attempts: int
    failure: str | None
    text: str
    assigned: int = Field(description="Pairs of person and shift in the plan")
    unfilled: int = Field(description="Shifts with open seats")
    unallotted: int = Field(description="Willing people without a shift")
    objectives: list[Objective]
    check: CheckRead | None
    offered: int | None
    skipped: int | None = Field(description="Left out at publishing: no longer free, or the seat was gone")
    withdrawn: int | None
    created_at: Instant
    ended_at: Instant | None
    published_at: Instant | None
    actions: list[Action]


class PlannedRead(Output):
    person_id: UUID
    name: str | None = Field(description="Masked until the person accepts")
    shift_id: UUID
    title: str
    starts_at: Instant
    leads: bool


class OpenSeatRead(Output):
    shift_id: UUID
    title: str
    starts_at: Instant
    halves: int = Field(description="Half seats: two make a head")
    reason: str


class IdleRead(Output):
    person_id: UUID
    name: str | None
    reason: str


class PairForm(Input):
    person_id: UUID
    shift_id: UUID


class EditForm(Input):
    """Checked against every rule as of now; one breach and nothing is changed."""

    model_config = example(
        {
            "add": [{"person_id": "01a217c8-2751-739b-9abc-87ac9bf7de60", "shift_id": "01a217c8-2751-739b-9abc-87ac9bf7de61"}],
            "remove": [], "expected_version": 5,
        }
    )  # fmt: skip

    add: list[PairForm] = Field(default_factory=list, max_length=100)
    remove: list[PairForm] = Field(default_factory=list, max_length=100)
    expected_version: Version


class PinForm(Input):
    model_config = example({"kind": "pin", "reason": "带过这条线"})

    kind: PinKind
    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class PinRead(Output):
    person_id: UUID
    name: str | None
    shift_id: UUID
    kind: PinKind
    kind_label: str
    reason: str


class ProposalRead(Output):
    """What published plans were short of because too few people can do it: proposed training demand."""

    id: UUID
    process_code: str
    process_name: str | None
    level: int
    week: dt.date = Field(description="Its Monday")
    time_band: str
    time_label: str
    short_halves: int
    shifts: int
    state: ProposalState
    text: str
