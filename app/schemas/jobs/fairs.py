"""Job fairs: the form, what the public sees, booths, check-in, the board, the report."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from app.rules.jobs.fairs import BoothState, FairKind, FairState
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import Action, Input, Instant, InstantIn, Output, Text, Version, example
from app.schemas.jobs.vacancies import FindingRead, Place, PlaceRead

BoothNumber = Annotated[Text, Field(min_length=1, max_length=20)]
Because = Annotated[Text, Field(min_length=2, max_length=200)]
# A page of the mini-program, or an address that everybody can open.
Corridor = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=300, pattern=r"^(https://|pages/)[!-~]+$")
]
Hidden = Annotated[int | None, Field(description="null: fewer than 5 people, or it would give such a number away")]
FAIR_EXAMPLE: dict[str, Any] = {
    "title": "宝盖镇秋季现场招聘会", "kind": "onsite", "starts_at": "2026-12-05T09:00:00+08:00",
    "ends_at": "2026-12-05T16:00:00+08:00",
    "place": {"address": "宝盖镇科技园企业服务中心", "latitude": 24.7236, "longitude": 118.6651, "coord_type": "gcj02"},
    "corridor": None, "school": None, "capacity": 40, "area_ids": [], "description": "带身份证即可入场，不需要简历。",
}  # fmt: skip


class FairForm(Input):
    model_config = example(FAIR_EXAMPLE)

    title: Annotated[Text, Field(min_length=4, max_length=60)]
    kind: FairKind
    starts_at: InstantIn
    ends_at: InstantIn
    place: Place | None = Field(default=None, description="Required for onsite and campus fairs")
    corridor: Corridor | None = Field(default=None, description="线上入口, required for 云市集: pages/… or https://…")
    school: Annotated[Text, Field(min_length=2, max_length=80)] | None = Field(
        default=None, description="Required for campus fairs"
    )
    capacity: Annotated[int, Field(ge=1, le=2000, description="Booths: so many firms can be confirmed")]
    area_ids: Annotated[list[UUID], Field(max_length=20)] = Field(
        default_factory=list, description="Areas it is held for; empty: all"
    )
    description: Annotated[Text, Field(max_length=1000)] = ""


class FairUpdate(FairForm):
    """Replaces the whole form."""

    model_config = example(FAIR_EXAMPLE | {"expected_version": 1})

    expected_version: Version


class CancelFairForm(Input):
    model_config = example({"reason": "受台风影响，改期举行", "expected_version": 2})

    reason: Because
    expected_version: Version


class FairListItem(Output):
    id: UUID
    title: str
    kind: FairKind
    state: FairState
    state_label: str
    starts_at: Instant
    ends_at: Instant
    place: PlaceRead | None
    corridor: str | None
    school: str | None
    capacity: int
    area_ids: list[UUID]


class FairRead(FairListItem):
    version: int
    description: str
    cancelled_because: str | None
    ended_at: Instant | None
    checked_in_at: Instant | None = Field(description="When the caller checked in; null otherwise")
    actions: list[Action]


class BoothForm(Input):
    """A firm applies."""

    model_config = example({"enterprise_id": "019abcde-0000-7000-8000-000000000002"})

    enterprise_id: UUID


class InvitationForm(Input):
    model_config = example({"enterprise_id": "019abcde-0000-7000-8000-000000000002", "number": "A03"})

    enterprise_id: UUID
    number: BoothNumber | None = Field(default=None, description="Booth number; may follow later")


class BoothConfirm(Input):
    model_config = example({"number": "A03", "expected_version": 1})

    number: BoothNumber | None = None
    expected_version: Version


class BoothDecline(Input):
    model_config = example({"reason": "展位已满，请报名下一场", "expected_version": 1})

    reason: Because
    expected_version: Version


class BoothRead(Output):
    id: UUID
    version: int
    fair_id: UUID
    enterprise_id: UUID
    enterprise_name: str
    state: BoothState
    state_label: str
    number: str | None
    declined_because: str | None
    vacancy_count: int
    actions: list[Action]


class OwnBoothRead(BoothRead):
    """As the firm sees it: with the fair."""

    fair_title: str
    fair_state: FairState
    starts_at: Instant
    ends_at: Instant


class FairVacanciesForm(Input):
    """Which of the firm's own published vacancies stand at its booth; replaces the whole choice."""

    model_config = example(
        {
            "enterprise_id": "019abcde-0000-7000-8000-000000000002",
            "vacancy_ids": ["019abcde-0000-7000-8000-000000000003"],
            "expected_version": 2,
        }
    )

    enterprise_id: UUID
    vacancy_ids: Annotated[list[UUID], Field(max_length=100)]
    expected_version: Version = Field(description="Version of the booth")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len(set(self.vacancy_ids)) != len(self.vacancy_ids):
            raise ValueError("同一个岗位只能选一次")
        return self


class FairVacanciesSaved(Output):
    booth: BoothRead
    findings: list[FindingRead] = Field(description="Warnings of the limits for students, per vacancy")


class FairVacancyRead(Output):
    """The posting itself, as it stands now."""

    vacancy_id: UUID
    title: str
    enterprise_id: UUID
    enterprise_name: str
    booth_number: str | None
    occupation_code: str
    occupation_name: str
    open_seats: int
    state: VacancyState
    state_label: str
    open: bool = Field(description="Takes applications; false: closed since it was brought to the fair")


class CheckInCodeRead(Output):
    code: str = Field(description="Text of the QR code; the person's phone sends it back as it is")
    next_at: Instant = Field(description="Fetch the next code now")
    expires_at: Instant


class CheckInForm(Input):
    model_config = example({"code": "AZq83gAAcACAAAAAAAAAAwADjrWwbm90LWEtcmVhbC1jb2Rl"})

    code: Annotated[Text, Field(min_length=1, max_length=100)]


class CheckInRead(Output):
    fair_id: UUID
    checked_in_at: Instant
    first: bool = Field(description="False: was checked in already; nobody is counted twice")


class TallyForm(Input):
    model_config = example({"people": 3})

    people: Annotated[int, Field(ge=1, le=500, description="People without a phone who came in, no names")]


class TallyRead(Output):
    fair_id: UUID
    people: int


class OccupationNumbers(Output):
    occupation_code: str
    occupation_name: str
    openings: int
    applications: Hidden
    interviews: Hidden
    intents: Hidden


class BoardRead(Output):
    """Numbers that anybody may see on the wall."""

    fair_id: UUID
    title: str
    state: FairState
    state_label: str
    at: Instant
    enterprises: int
    vacancies: int
    openings: int = Field(description="Seats still open")
    visits: int = Field(description="How often the fair's pages were opened")
    checked_in: Hidden
    applications: Hidden
    interviews: Hidden
    intents: Hidden = Field(description="Offered or hired")
    occupations: list[OccupationNumbers]


class ReportLine(Output):
    """Of one firm or one occupation. Exact: for the office, not for publication."""

    key: str = Field(description="Id of the enterprise, or code of the occupation")
    name: str
    booth_number: str | None
    vacancies: int
    headcount: int
    applications: int
    interviews: int
    intents: int
    hired: int


class ReportTotals(Output):
    enterprises: int
    vacancies: int
    headcount: int
    openings: int
    visits: int
    checked_in: int
    applications: int
    interviews: int
    intents: int
    hired: int


class ReportContent(Output):
    title: str
    kind_label: str
    starts_at: Instant
    ends_at: Instant
    ended_at: Instant
    place: str
    school: str | None
    totals: ReportTotals
    enterprises: list[ReportLine]
    occupations: list[ReportLine]


class FollowUpLine(Output):
    key: str
    name: str
    hired: int
    kept_30d: int = Field(description="Recorded as still there after 30 days")


class FollowUp(Output):
    """Thirty days later: who of the fair's applicants has been hired by now."""

    hired: int
    kept_30d: int
    enterprises: list[FollowUpLine]
    occupations: list[FollowUpLine]


class FairReportRead(Output):
    fair_id: UUID
    computed_at: Instant
    content: ReportContent
    follow_up_due_at: Instant
    followed_up_at: Instant | None
    follow_up: FollowUp | None
