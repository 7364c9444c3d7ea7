"""零工登记: the form, the times, the lists. Times of day in minutes from midnight in China, pay in fen, lengths in metres."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.gigs.terms import Proof
from app.rules.jobs.terms import CoordType, Vehicle
from app.schemas.base import Fen, Input, Output, Text, Version, example
from app.schemas.jobs.vacancies import Code, Minute

Level = Annotated[int, Field(ge=1, le=5, description="1 初学 … 5 师傅")]
Weekday = Annotated[int, Field(ge=0, le=6, description="Monday is 0")]
WeekMinutes = Annotated[int, Field(ge=0, le=6000, description="Minutes a week")]
GroupWord = Annotated[Text, Field(min_length=2, max_length=20, pattern=r"^[0-9A-Za-z一-龥]+$")]
Firms = Annotated[list[UUID], Field(max_length=100)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
EndMinute = Annotated[
    int, Field(ge=1, le=2880, description="Up to 24 hours after the start; above 1440 is the next day")
]
PLACE = {"latitude": 24.7265, "longitude": 118.6702, "coord_type": "gcj02"}


class SpotForm(Input):
    """A point; only for distances and the time of the way, sealed at rest."""

    latitude: Latitude
    longitude: Longitude
    coord_type: CoordType


class SkillForm(Input):
    process_code: Code
    level: Level


class WorkerForm(Input):
    """零工登记. What is left out is unknown, not bad."""

    model_config = example(
        {
            "active": True, "urgent": True, "skills": [{"process_code": "61101.01", "level": 3}], "least_hour_fen": 2000,
            "reach_m": 5000, "vehicle": "ebike", "wanted_minutes_week": 1800, "outside_minutes_week": 0,
            "overtime_consent": False, "student": False, "retired": None, "night_ok": False, "companions": [],
            "home_area_id": None, "home": None, "expected_version": None,
        }
    )  # fmt: skip

    active: bool = Field(default=True, description="False: neither allotted nor asked; the registration stays")
    urgent: bool = Field(default=False, description="May be asked at once when a shift is short of people")
    skills: Annotated[list[SkillForm], Field(max_length=20)] = Field(default_factory=list)
    least_hour_fen: Fen | None = None
    reach_m: Annotated[int, Field(ge=100, le=100_000)] | None = Field(default=None, description="Farthest way to work")
    vehicle: Vehicle | None = None
    wanted_minutes_week: WeekMinutes = 0
    outside_minutes_week: WeekMinutes = Field(default=0, description="Work for others outside of this platform")
    overtime_consent: bool = Field(default=False, description="Turning it on through an agent needs the own code")
    student: bool | None = None
    retired: bool | None = Field(default=None, description="Draws a pension or is past the age of retirement")
    night_ok: bool | None = None
    companions: Annotated[list[GroupWord], Field(max_length=3)] = Field(
        default_factory=list, description="People who go together name the same word"
    )
    home_area_id: UUID | None = None
    home: SpotForm | None = None
    expected_version: Version | None = Field(default=None, description="null for the first registration")

    @model_validator(mode="after")
    def _once(self) -> Self:
        if len({skill.process_code for skill in self.skills}) < len(self.skills):
            raise ValueError("同一个工序只填一次")
        return self


class WindowForm(Input):
    weekday: Weekday
    start_minute: Annotated[int, Field(ge=0, lt=1440)]
    end_minute: EndMinute

    @model_validator(mode="after")
    def _order(self) -> Self:
        if not self.start_minute < self.end_minute <= self.start_minute + 1440:
            raise ValueError("结束时间应在开始时间之后的24小时内；跨过午夜的，结束时间加1440")
        return self


class DayForm(Input):
    """One day instead of its weekday; without minutes: not at all."""

    day: date
    start_minute: Annotated[int, Field(ge=0, lt=1440)] | None = None
    end_minute: EndMinute | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        start, end = self.start_minute, self.end_minute
        if (start is None) != (end is None):
            raise ValueError("开始和结束时间要同时填写，或都不填（全天不行）")
        if start is not None and end is not None and not start < end <= start + 1440:
            raise ValueError("结束时间应在开始时间之后的24小时内；跨过午夜的，结束时间加1440")
        return self


class AnchorForm(SpotForm):
    """Be at this place by this time (a grandchild at 16:30)."""

    weekday: Weekday
    minute: Minute


class AvailabilityForm(Input):
    """The whole of it; what is left out is gone. Without weekly windows and free days: may be asked, never allotted."""

    model_config = example(
        {
            "windows": [{"weekday": 0, "start_minute": 480, "end_minute": 1020}],
            "days": [{"day": "2026-12-01", "start_minute": None, "end_minute": None}],
            "anchors": [{"weekday": 0, "minute": 990} | PLACE],
            "expected_version": 1,
        }
    )

    windows: Annotated[list[WindowForm], Field(max_length=28)]
    days: Annotated[list[DayForm], Field(max_length=100)]
    anchors: Annotated[list[AnchorForm], Field(max_length=14)]
    expected_version: Version

    @model_validator(mode="after")
    def _off_is_alone(self) -> Self:
        days = [day.day for day in self.days]
        if any(day.start_minute is None and days.count(day.day) > 1 for day in self.days):
            raise ValueError("同一天不能既全天不行又有可上班的时间")
        return self


class RelationsForm(Input):
    """The person's own lists of firms; no firm is told."""

    model_config = example({"favourites": [], "blocks": [], "hidden_from": [], "expected_version": 1})

    favourites: Firms
    blocks: Firms = Field(description="Never work there: not allotted, not asked")
    hidden_from: Firms = Field(description="These see nothing of the person")
    expected_version: Version

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if set(self.favourites) & (set(self.blocks) | set(self.hidden_from)):
            raise ValueError("同一家企业不能既是收藏又是不去或隐藏")
        return self


class MinorPapersForm(Input):
    model_config = example(
        {
            "registration_file_id": "019abcde-0000-7000-8000-000000000001",
            "health_file_id": "019abcde-0000-7000-8000-000000000002", "expected_version": 1,
        }
    )  # fmt: skip

    registration_file_id: UUID = Field(description="未成年工登记证, uploaded as `minor_paper`")
    health_file_id: UUID = Field(description="Health check, uploaded as `minor_paper`; needs the consent `health`")
    expected_version: Version


class SkillProofForm(Input):
    model_config = example({"file_id": "019abcde-0000-7000-8000-000000000001", "expected_version": 1})

    file_id: UUID = Field(description="Uploaded as `skill_proof`")
    expected_version: Version = Field(description="Of the skill")


class SkillRead(Output):
    process_code: str
    process_name: str
    level: int
    proof: Proof
    proof_label: str
    proof_pending: bool = Field(description="A file waits for the office")
    version: int


class WindowRead(Output):
    weekday: int
    start_minute: int
    end_minute: int


class DayRead(Output):
    day: date
    start_minute: int | None
    end_minute: int | None


class AnchorRead(Output):
    weekday: int
    minute: int
    latitude: float
    longitude: float
    coord_type: CoordType


class SpotRead(Output):
    latitude: float
    longitude: float
    coord_type: CoordType


class MinorRead(Output):
    needed: bool = Field(description="16–17 today: registration and health check before the first shift")
    submitted: bool
    ready_until: date | None = Field(description="Confirmed by the office until this day")


class WorkerRead(Output):
    version: int
    active: bool
    urgent: bool
    skills: list[SkillRead]
    least_hour_fen: int | None
    reach_m: int | None
    vehicle: Vehicle | None
    wanted_minutes_week: int
    outside_minutes_week: int
    overtime_consent: bool
    student: bool | None
    retired: bool | None
    night_ok: bool | None
    companions: list[str]
    home_area_id: UUID | None
    home: SpotRead | None
    windows: list[WindowRead]
    days: list[DayRead] = Field(description="From today on")
    anchors: list[AnchorRead]
    availability_known: bool = Field(description="False: may be asked, never allotted")
    favourites: list[UUID]
    blocks: list[UUID]
    hidden_from: list[UUID]
    minor: MinorRead
    notes: list[str] = Field(description="What follows from the registration, in Chinese: labels with their rules")


class MinorPapersRead(Output):
    """What the office looks at."""

    worker_id: UUID
    name: str | None = Field(description="Masked")
    age: int | None
    registration_file_id: UUID
    health_file_id: UUID
    ready_until: date | None
    version: int


class MinorDecisionForm(Input):
    model_config = example({"approve": True, "ready_until": "2027-06-30", "reason": "", "expected_version": 1})

    approve: bool
    ready_until: date | None = Field(default=None, description="Needed for approving: until the next health check")
    reason: Annotated[Text, Field(max_length=200)] = Field(
        default="", description="Needed for refusing; the person reads it"
    )
    expected_version: Version

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.approve and self.ready_until is None:
            raise ValueError("通过时请填写有效期 ready_until")
        if not self.approve and not self.reason:
            raise ValueError("退回时请写明原因 reason")
        return self


class SkillProofRead(Output):
    skill_id: UUID
    name: str | None = Field(description="Masked")
    process_code: str
    process_name: str
    level: int
    file_id: UUID
    version: int


class SkillDecisionForm(Input):
    model_config = example({"approve": True, "proof": "certificate", "level": 3, "reason": "", "expected_version": 2})

    approve: bool
    proof: Proof | None = Field(default=None, description="`certificate` or `town`; needed for approving")
    level: Level | None = Field(default=None, description="What the proof shows; null: as claimed")
    reason: Annotated[Text, Field(max_length=200)] = Field(
        default="", description="Needed for refusing; the person reads it"
    )
    expected_version: Version

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.approve and self.proof not in {Proof.CERTIFICATE, Proof.TOWN}:
            raise ValueError("通过时 proof 应为 certificate 或 town")
        if not self.approve and not self.reason:
            raise ValueError("退回时请写明原因 reason")
        return self


class SkillDecided(Output):
    skill_id: UUID
    level: int
    proof: Proof
    proof_label: str
    version: int


class MinorDecided(Output):
    worker_id: UUID
    ready_until: date | None
    version: int
