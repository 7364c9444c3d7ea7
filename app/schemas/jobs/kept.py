"""The frozen text of a posting, an application in full, and what both sides say of a hire."""

from datetime import date
from typing import Literal
from uuid import UUID

from app.rules.jobs.kept import KeptAnswer
from app.rules.jobs.terms import Benefit, Engagement, ShiftPattern, SkillLevel, WorkFeature
from app.schemas.base import Input, Instant, Output, Version, example
from app.schemas.jobs.applications import ApplicationRead, CandidateRead, StepRead
from app.schemas.jobs.vacancies import PayRead, PlaceRead


class VacancyVersionRead(Output):
    """The posting as it read then, for ever."""

    vacancy_id: UUID
    number: int
    frozen_at: Instant
    title: str
    enterprise_name: str
    enterprise_label: str
    using_firm: str | None
    occupation_code: str
    occupation_name: str
    engagement: Engagement
    headcount: int
    pay: PayRead
    minutes_per_day: int
    days_per_month: int | None
    shift_pattern: ShiftPattern
    work_start_minute: int | None
    work_end_minute: int | None
    place: PlaceRead
    benefits: list[Benefit]
    features: list[WorkFeature]
    required_years: int | None
    required_machines: list[str]
    required_certificates: list[str]
    required_level: SkillLevel | None
    minimum_age: int | None
    start_date: date | None
    duties: str
    requirements: str
    benefits_note: str
    contact_note: str
    valid_until: date


class KeptForm(Input):
    model_config = example({"days": 30, "answer": "on_post", "expected_version": 5})

    days: Literal[30, 90]
    answer: KeptAnswer
    expected_version: Version


class MyKeptForm(Input):
    model_config = example({"days": 30, "answer": "on_post"})

    days: Literal[30, 90]
    answer: KeptAnswer


class KeptRead(Output):
    days: int
    firm_says: KeptAnswer | None
    person_says: KeptAnswer | None


class ApplicationDetail(ApplicationRead):
    """With the posting as this person saw it."""

    seen: VacancyVersionRead | None
    kept: list[KeptRead]


class CandidateDetail(CandidateRead):
    """With the posting as this person saw it, and every step."""

    steps: list[StepRead]
    seen: VacancyVersionRead | None
    kept: list[KeptRead]
