"""求职登记 and what is recommended. Money in fen, distances in metres."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.jobs.terms import (
    PayCycle,
    PayUnit,
    SeekerState,
    ShiftPattern,
    SkillLevel,
    Vehicle,
    WorkFeature,
)
from app.schemas.base import Fen, Input, Instant, Output, Version, example
from app.schemas.jobs.vacancies import Code, Minute, Place, VacancyListItem, Word


class SeekerForm(Input):
    """求职登记 without a CV. Whatever is left out is unknown, not bad."""

    model_config = example(
        {
            "wanted": ["61103.01"], "experience_years": {"61103.01": 3}, "machines": ["平车"], "certificates": [],
            "level": None, "wish_pay_unit": "month", "wish_pay_fen": 600000, "shift_patterns": ["day"],
            "free_until_minute": None, "earliest_start": None, "commute_limit_m": 5000, "vehicle": "ebike",
            "wants_meals": True, "wants_lodging": False, "no_list": ["night_work"], "hidden_from": [],
            "pay_cycles": [], "seeker_state": "at_home", "home_area_id": None, "home": None, "expected_version": None,
        }
    )  # fmt: skip

    wanted: Annotated[list[Code], Field(max_length=3)] = Field(
        default_factory=list, description="Occupation codes from the dictionary, dearest first"
    )
    experience_years: Annotated[dict[Code, Annotated[int, Field(ge=0, le=60)]], Field(max_length=10)] = Field(
        default_factory=dict,
        description="Occupation code → full years",
        json_schema_extra={"additionalProperties": False},
    )
    machines: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    certificates: Annotated[list[Word], Field(max_length=10)] = Field(default_factory=list)
    level: SkillLevel | None = None
    wish_pay_unit: Literal[PayUnit.MONTH, PayUnit.HOUR] | None = None
    wish_pay_fen: Fen | None = None
    shift_patterns: Annotated[list[ShiftPattern], Field(max_length=4)] = Field(default_factory=list)
    free_until_minute: Minute | None = None
    earliest_start: date | None = None
    commute_limit_m: Annotated[int, Field(ge=100, le=100_000)] | None = None
    vehicle: Vehicle | None = None
    wants_meals: bool | None = None
    wants_lodging: bool | None = None
    no_list: Annotated[list[WorkFeature], Field(max_length=6)] = Field(default_factory=list)
    hidden_from: Annotated[list[UUID], Field(max_length=20)] = Field(
        default_factory=list, description="Enterprises that must not see this person, e.g. the present employer"
    )
    pay_cycles: Annotated[list[PayCycle], Field(max_length=4)] = Field(default_factory=list)
    seeker_state: SeekerState | None = None
    home_area_id: UUID | None = None
    home: Place | None = Field(default=None, description="Optional; only for distances, sealed at rest")
    expected_version: Version | None = Field(default=None, description="null for the first registration")

    @model_validator(mode="after")
    def _pay(self) -> Self:
        if (self.wish_pay_unit is None) != (self.wish_pay_fen is None):
            raise ValueError("期望工资要同时填写 wish_pay_unit 和 wish_pay_fen")
        return self


class FindableForm(Input):
    """The switch beside the text `findable_text`, which the person has read."""

    model_config = example({"findable": True, "text_version": "2026-11"})

    findable: bool = Field(description="Whether firms that look for people may see what fits, without name or contact")
    text_version: Annotated[str, Field(max_length=20)] = Field(
        default="", description="`findable_text_version` of the profile; needed for switching on"
    )


class ProfilePart(Output):
    key: str
    label: str
    weight: float = Field(description="Share of a whole score; all parts sum to 1")
    known: bool


class NextQuestion(Output):
    """The one answer that would help most over the vacancies that are open now."""

    key: str
    fields: list[str] = Field(description="Fields of the registration form that answer it")
    question: str
    why: str
    helps: int = Field(description="Open vacancies that this answer makes comparable")


class Completeness(Output):
    percent: int = Field(description="0–100: the weights of the parts that are known")
    parts: list[ProfilePart]


class ProvenRead(Output):
    title: str = Field(description="哪门培训")
    word: str | None = Field(description="证书名")
    level: SkillLevel | None
    occupation_code: str | None


class SeekerRead(Output):
    version: int
    wanted: list[str]
    experience_years: dict[str, int]
    machines: list[str]
    certificates: list[str]
    proven: list[ProvenRead] = Field(description="镇里培训证书写入的技能；撤回同意或证书失效即去掉")
    level: SkillLevel | None
    wish_pay_unit: PayUnit | None
    wish_pay_fen: int | None
    shift_patterns: list[ShiftPattern]
    free_until_minute: int | None
    earliest_start: date | None
    commute_limit_m: int | None
    vehicle: Vehicle | None
    wants_meals: bool | None
    wants_lodging: bool | None
    no_list: list[WorkFeature]
    hidden_from: list[UUID]
    pay_cycles: list[PayCycle]
    seeker_state: SeekerState | None
    home_area_id: UUID | None
    home_known: bool
    findable: bool
    findable_at: Instant | None
    findable_text: str = Field(description="What switching it on means, to be shown beside the switch")
    findable_text_version: str
    completeness: Completeness
    next_question: NextQuestion | None = Field(description="null once everything is known")


class ScorePart(Output):
    key: str
    label: str
    side: Literal["seeker", "enterprise"]
    weight: float
    value: float | None = Field(description="0–1; null = unknown, the average was taken")
    points: int = Field(description="Contribution to the score; the parts sum to it")
    text: str


class Recommendation(Output):
    vacancy: VacancyListItem
    score: int = Field(description="0–1000")
    confidence: int = Field(description="0–100: how much of the score rests on known facts")
    parts: list[ScorePart]
    reasons: list[str]
    gaps: list[str]
    moved_because: str | None = Field(
        description="Why the vacancy does not stand where its score would put it; null where it does"
    )


class GateRead(Output):
    """What keeps a vacancy out of the recommendations whatever it would score."""

    code: str
    text: str = Field(description="For the person, in Chinese")


class PlaceInList(Output):
    rank: int = Field(description="1 is the first")
    out_of: int = Field(description="Vacancies that are open to this person")
    text: str


class RecommendationExplained(Output):
    vacancy: VacancyListItem
    personalised: bool
    gate: GateRead | None = Field(description="null where nothing keeps the two apart; with a gate there is no score")
    score: int | None = Field(description="0–1000; null with a gate, and without personal recommendation")
    confidence: int | None
    parts: list[ScorePart]
    reasons: list[str]
    gaps: list[str]
    place: PlaceInList | None = Field(description="null with a gate, or where the vacancy was not compared")
    text: str = Field(description="All of it in a sentence")


class Recommendations(Output):
    items: list[Recommendation]
    personalised: bool = Field(description="False where the person has not agreed to it: newest first")
    considered: int = Field(
        description="Open vacancies that were compared: all, or the newest 2,000 where no occupation is named; 0 unscored"
    )
