"""就业摸底: waves, questions, households, answers filled in offline, progress and statistics."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.core.errors import FieldIssue
from app.rules.identity.consents import POLICY_VERSIONS, ConsentMethod, ConsentPurpose
from app.rules.identity.onbehalf import REPRESENTATION_VERSION
from app.rules.identity.people import RevealReason
from app.rules.jobs.surveys import (
    BatchItemState,
    HouseholdSource,
    HouseholdState,
    QuestionKind,
    SurveyAgeBand,
    SurveyOutcome,
    SurveyUnit,
    SurveyWaveState,
    VisitState,
)
from app.schemas.base import Action, Input, Instant, InstantIn, Output, Text, Version, example
from app.schemas.identity.people import Phone

AT_ONCE = 100
WAVE_EXAMPLE = {
    "name": "2026年冬季就业摸底", "unit": "person", "questions_version": "2026-11", "opens_on": "2026-12-01",
    "closes_on": "2026-12-20",
}  # fmt: skip
ANSWER_EXAMPLE: dict[str, Any] = {
    "household_id": "019abcde-0000-7000-8000-000000000011", "member_no": 1, "outcome": "answered",
    "consent": {"by": "本人", "method": "verbal", "at": "2026-12-02T19:10:00+08:00",
                "policy_version": POLICY_VERSIONS[ConsentPurpose.SURVEY]},
    "person": {"name": "林小梅", "birth_date": "1988-03-12", "phone": "13850000001"},
    "answers": {"employment_state": "at_home", "wish_to_work": "yes", "occupation_wanted": ["61103.01"],
                "training_wishes": ["sewing"], "obstacles": ["caring"], "education": "71"},
}  # fmt: skip
ITEM_EXAMPLE = ANSWER_EXAMPLE | {
    "client_id": "7c0c1f3a-5b0e-4b8e-9a51-3f0f4f6f1a01", "recorded_at": "2026-12-02T19:15:00+08:00",
}  # fmt: skip
# How somebody's word at the door can be on record.
SpokenMethod = Literal[ConsentMethod.VERBAL, ConsentMethod.SIGNED, ConsentMethod.RECORDED]
MemberNumber = Annotated[int, Field(ge=0, le=30, description="按人：户内第几人，从1起；按户：0")]


class SurveyWaveForm(Input):
    model_config = example(WAVE_EXAMPLE)

    name: Annotated[Text, Field(min_length=2, max_length=60)]
    unit: SurveyUnit
    questions_version: Annotated[Text, Field(min_length=1, max_length=20, description="See GET /survey-questions")]
    opens_on: date
    closes_on: date = Field(description="The last day of visits; devices may send for three days more")


class SurveyWaveUpdate(SurveyWaveForm):
    model_config = example(WAVE_EXAMPLE | {"expected_version": 1})

    expected_version: Version


class SurveyMembersForm(Input):
    model_config = example({"person_ids": ["019abcde-0000-7000-8000-000000000012"], "expected_version": 2})

    person_ids: Annotated[list[UUID], Field(max_length=20)] = Field(
        description="Everybody who goes through this grid; empty: nobody"
    )
    expected_version: Version = Field(description="Of the wave")


class HouseholdForm(Input):
    model_config = example(
        {
            "client_id": "0b8f6a52-3b58-4d0e-8f6e-9d1f0a6d2c11",
            "grid_id": "019abcde-0000-7000-8000-000000000013",
            "address": "塘后村中心路12号",
            "source": "visit",
        }
    )

    client_id: UUID = Field(description="Made by the device, once for this household")
    grid_id: UUID
    address: Annotated[Text, Field(min_length=2, max_length=120)]
    source: HouseholdSource


class HouseholdUpdate(Input):
    model_config = example(
        {"address": "塘后村中心路12号二楼", "source": "visit", "state": "lived_in", "expected_version": 1}
    )

    address: Annotated[Text, Field(min_length=2, max_length=120)]
    source: HouseholdSource
    state: HouseholdState
    expected_version: Version


class SurveyConsentIn(Input):
    by: Annotated[Text, Field(min_length=1, max_length=40, description="Which member of the household agreed")]
    method: SpokenMethod
    at: InstantIn
    policy_version: Annotated[Text, Field(max_length=20, description="Of the text read out: GET /policies/survey")]


class SurveyPersonIn(Input):
    """Only what the person wants to give; all of it may stay empty."""

    name: Annotated[Text, Field(min_length=2, max_length=40)] | None = None
    birth_date: date | None = None
    phone: Phone | None = None


class SurveyAnswerForm(Input):
    household_id: UUID
    member_no: MemberNumber = 0
    outcome: Literal[SurveyOutcome.ANSWERED, SurveyOutcome.REFUSED, SurveyOutcome.ABSENT]
    consent: SurveyConsentIn | None = Field(default=None, description="Needed for `answered`, and only there")
    person: SurveyPersonIn | None = None
    answers: dict[Annotated[str, Field(max_length=40)], int | Text | Annotated[list[Text], Field(max_length=20)]] = (
        Field(default_factory=dict, max_length=60, description="Question key → code, number or list of codes")
    )


class SurveyAnswerItem(SurveyAnswerForm):
    """One item of a batch."""

    client_id: UUID = Field(description="Made by the device, once for this answer")
    recorded_at: InstantIn = Field(description="When it was filled in, by the device's clock")


class SurveyBatch(Input):
    model_config = example({"items": [ITEM_EXAMPLE]})

    items: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=AT_ONCE)] = Field(
        description=(
            "Each is judged by itself. Fields: `client_id` (UUID of the device), `recorded_at`, `household_id`, `member_no`, "
            "`outcome` (answered, refused, absent), and where answered `consent`, `person`, `answers`, as in "
            "PUT /survey-answers/{answer_id}"
        )
    )


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item whose shape is wrong; the others are not its business."""

    client_id: UUID | None
    issues: list[FieldIssue]


class SurveyAnswerUpdate(Input):
    """A correction; household and number of the member stay."""

    model_config = example(
        {key: ANSWER_EXAMPLE[key] for key in ("consent", "person", "answers")} | {"expected_version": 1}
    )

    consent: SurveyConsentIn
    person: SurveyPersonIn | None = None
    answers: dict[Annotated[str, Field(max_length=40)], int | Text | Annotated[list[Text], Field(max_length=20)]] = (
        Field(max_length=60)
    )
    expected_version: Version


class SurveyRegisterForm(Input):
    """The person's own consent to be registered as a seeker, and what the answer does not hold yet."""

    model_config = example(
        {
            "purposes": ["service", "personal_recommendation"], "method": "verbal",
            "text_version": REPRESENTATION_VERSION, "note": "本人在家中口头同意", "evidence_file_id": None,
            "name": None, "birth_date": None, "phone": None, "without_phone": False, "expected_version": 1,
        }
    )  # fmt: skip

    purposes: Annotated[
        list[Literal[ConsentPurpose.SERVICE, ConsentPurpose.PERSONAL_RECOMMENDATION]], Field(min_length=1, max_length=2)
    ] = Field(description="What the person agreed to, one by one; `service` is needed")
    method: SpokenMethod
    text_version: Annotated[Text, Field(max_length=20, description="Of the explanation read out, see /config")]
    note: Annotated[Text, Field(max_length=200)] = ""
    evidence_file_id: UUID | None = Field(default=None, description="Required for signed; purpose consent_proof")
    name: Annotated[Text, Field(min_length=2, max_length=40)] | None = Field(
        default=None, description="null: as answered"
    )
    birth_date: date | None = None
    phone: Phone | None = None
    without_phone: bool = Field(
        default=False, description="The number is somebody else's of the family: register without"
    )
    expected_version: Version


class SurveyRevealForm(Input):
    model_config = example({"fields": ["address"], "reason": "contact", "reference_id": None})

    fields: Annotated[list[Literal["address", "name", "phone", "birth_date"]], Field(min_length=1, max_length=4)]
    reason: RevealReason
    reference_id: UUID | None = None


class SurveyOptionRead(Output):
    code: str
    label: str


class SurveyQuestionRead(Output):
    key: str
    kind: QuestionKind
    label: str
    required: bool
    options: list[SurveyOptionRead]
    only_if_key: str | None = Field(description="Asked only where this question …")
    only_if_codes: list[str] = Field(description="… was answered with one of these")
    minimum: int | None
    maximum: int | None = Field(description="Greatest number, or most choices")


class SurveyQuestionSet(Output):
    version: str
    effective_from: date
    questions: list[SurveyQuestionRead]


class SurveyWaveRead(Output):
    id: UUID
    version: int
    name: str
    unit: SurveyUnit
    unit_label: str
    questions_version: str
    opens_on: date
    closes_on: date
    state: SurveyWaveState
    state_label: str
    closed_at: Instant | None
    published_at: Instant | None
    keep_until: date | None = Field(description="Last day on which answers are kept; then only the statistics")
    actions: list[Action]


class SurveyAssignmentRead(Output):
    grid_id: UUID
    grid_name: str
    area_name: str
    person_ids: list[UUID]
    by_officer: bool = Field(description="False: follows from the appointments")


class GridProgress(Output):
    grid_id: UUID
    grid_name: str
    area_name: str
    households: int = Field(description="Known and lived in")
    visited: int
    answered: int
    refused: int
    absent: int


class SurveyProgress(Output):
    wave_id: UUID
    grids: list[GridProgress]
    total: GridProgress | None = Field(description="Over the grids shown; null where there is none")


class SurveyWork(Output):
    wave: SurveyWaveRead
    grids: list[GridProgress]


class SurveyWorkList(Output):
    items: list[SurveyWork]


class HouseholdSaved(Output):
    id: UUID
    version: int
    client_id: UUID = Field(description="Of the row: another one where the household was known already")


class HouseholdRead(Output):
    id: UUID
    version: int
    grid_id: UUID
    address: str
    source: HouseholdSource
    state: HouseholdState


class SurveyAnswerBrief(Output):
    id: UUID
    version: int
    client_id: UUID
    member_no: int
    outcome: SurveyOutcome
    recorded_at: Instant


class SurveyPersonRead(Output):
    name: str | None
    birth_date: date | None
    phone: str | None


class SurveyPrefill(Output):
    """What was answered last time and is still among the questions: to be confirmed, not to be kept unasked."""

    member_no: int
    wave_id: UUID
    recorded_at: Instant
    person: SurveyPersonRead | None
    answers: dict[str, int | str | list[str]]


class WaveHousehold(Output):
    household: HouseholdRead
    visit_state: VisitState
    answers: list[SurveyAnswerBrief]
    prefill: list[SurveyPrefill]


class BatchItemError(Output):
    code: str
    message: str
    fields: list[FieldIssue]


class BatchItemResult(Output):
    index: int = Field(description="Place in the batch, from 0")
    client_id: UUID | None
    state: BatchItemState
    state_label: str
    answer_id: UUID | None
    version: int | None
    error: BatchItemError | None


class SurveyBatchResult(Output):
    items: list[BatchItemResult] = Field(description="One for each item, in the same order")
    accepted: int
    repeated: int
    refused: int


class SurveyConsentRead(Output):
    by: str
    method: ConsentMethod
    at: Instant
    policy_version: str


class SurveyAnswerRead(Output):
    id: UUID
    version: int
    wave_id: UUID
    household_id: UUID
    client_id: UUID
    member_no: int
    outcome: SurveyOutcome
    outcome_label: str
    age_band: SurveyAgeBand
    consent: SurveyConsentRead | None
    person: SurveyPersonRead | None
    answers: dict[str, int | str | list[str]]
    recorded_at: Instant
    registered_at: Instant | None
    actions: list[Action]


class SurveyAnswerSaved(Output):
    id: UUID
    version: int
    outcome: SurveyOutcome


class SurveyRegistered(Output):
    answer_id: UUID
    version: int
    person_id: UUID
    person_is_new: bool = Field(description="False: linked to the record of the same person with this phone")
    profile_is_new: bool = Field(description="False: the person has a seeker profile, which was left as it is")
    representation_id: UUID


class SurveyRevealRead(Output):
    values: dict[str, str]
