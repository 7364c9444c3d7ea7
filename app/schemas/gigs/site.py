"""Marks, time sheets, differences, clock imports, accidents."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from pydantic import Field, model_validator

from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import GigPayUnit, MarkKind, MarkMethod, Side
from app.rules.gigs.timesheets import AccidentState, DifferenceState, TimesheetState
from app.rules.jobs.terms import CoordType
from app.schemas.base import Action, Input, Instant, InstantIn, Output, Text, Version, example, missing_fields
from app.schemas.gigs.offers import ShiftBrief

Code = Annotated[Text, Field(min_length=1, max_length=200)]
Minutes = Annotated[int, Field(ge=0, le=1440, description="Minutes worked, breaks taken off")]
Account = Annotated[Text, Field(max_length=1000)]


class CodeShown(Output):
    """What a screen shows; fetch the next one at `next_at`."""

    code: str
    next_at: Instant
    expires_at: Instant


class ScanForm(Input):
    """`client_id`, `at`: a scan without a network, sent later; kept for twelve hours at most."""

    model_config = example({"kind": "in", "code": "QmFzZTY0"})

    kind: MarkKind
    code: Code
    at: InstantIn | None = None
    client_id: UUID | None = None


class PlaceForm(Input):
    """Where the phone is. Only the distance to the place of work is kept."""

    model_config = example({"kind": "in", "latitude": 24.731, "longitude": 118.662, "coord_type": "gcj02"})

    kind: MarkKind
    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    coord_type: CoordType
    at: InstantIn | None = None
    client_id: UUID | None = None


class HandScanForm(Input):
    model_config = example({"kind": "in", "code": "QmFzZTY0"})

    kind: MarkKind
    code: Code


class HandMarkForm(Input):
    model_config = example({"kind": "in", "at": "2026-11-26T08:00:00+08:00", "reason": "手机没电，班长在场"})

    kind: MarkKind
    at: InstantIn | None = Field(default=None, description="Now, where it is left out")
    reason: Annotated[Text, Field(min_length=2, max_length=200)]


class MarkRead(Output):
    id: UUID
    kind: MarkKind
    kind_label: str
    method: MarkMethod
    method_label: str
    at: Instant
    distance_m: int | None = Field(description="Metres from the place of work, for a mark by place")
    reason: str | None


class MarksRead(Output):
    assignment_id: UUID
    state: AssignmentState
    state_label: str
    marks: list[MarkRead]
    suggested_minutes: int | None = Field(description="Minutes inside the shift between the marks, its break taken off")


class PieceForm(Input):
    style: Annotated[Text, Field(min_length=1, max_length=40)]
    process_code: Annotated[Text, Field(min_length=1, max_length=20)]
    quantity: int = Field(ge=0, le=1_000_000)


class RecordForm(Input):
    """`reason`: needed where the record differs from what the other side has stated; the 对账 begins with it."""

    model_config = example({"minutes": 480, "pieces": [], "reason": None, "expected_version": 1})

    minutes: Minutes
    pieces: list[PieceForm] = Field(default_factory=list, max_length=40)
    reason: Annotated[Text, Field(min_length=2, max_length=500)] | None = None
    expected_version: Version


class AnswerForm(Input):
    """`accept`: the other side's number is right. Else what this side would accept, with its reason."""

    model_config = example(
        {"accept": False, "minutes": 450, "pieces": [], "words": "中途停电半小时", "expected_version": 3}
    )

    accept: bool
    minutes: Minutes | None = None
    pieces: list[PieceForm] = Field(default_factory=list, max_length=40)
    words: Annotated[Text, Field(min_length=2, max_length=500)] | None = None
    expected_version: Version

    @model_validator(mode="after")
    def _whole(self) -> "AnswerForm":
        missing = [name for name in ("minutes", "words") if getattr(self, name) is None]
        if not self.accept and missing:
            raise missing_fields(missing, "不接受对方的记录时，请填写您认为的工时和理由")
        return self


class BatchLine(Input):
    assignment_id: UUID
    minutes: Minutes
    pieces: list[PieceForm] = Field(default_factory=list, max_length=40)


class BatchForm(Input):
    model_config = example({"lines": [{"assignment_id": "01a217c8-2751-739b-9abc-87ac9bf7de60", "minutes": 480}]})

    lines: list[BatchLine] = Field(min_length=1, max_length=200)


class PieceRead(Output):
    style: str
    process_code: str
    quantity: int


class RecordRead(Output):
    minutes: int
    pieces: list[PieceRead]
    text: str


class DifferenceRead(Output):
    state: DifferenceState
    state_label: str
    raised_by: Side
    raised_by_label: str
    claimed: RecordRead
    reason: str
    answer_by: Instant
    offered: RecordRead | None
    answer: str | None
    answered_at: Instant | None


class TimesheetRead(Output):
    """`final`: what counts and is paid; of a sheet in difference what both accept. `name`: for the firm only."""

    id: UUID
    version: int
    assignment_id: UUID
    shift: ShiftBrief
    name: str | None
    state: TimesheetState
    state_label: str
    pay_unit: GigPayUnit
    suggested_minutes: int | None
    marks: list[MarkRead]
    firm: RecordRead | None
    worker: RecordRead | None
    stated_by: Side | None
    stated_at: Instant | None
    silent_until: Instant | None = Field(description="From then on the record stands provisionally")
    final: RecordRead | None
    difference: DifferenceRead | None
    actions: list[Action]


class ClockImportForm(Input):
    """Upload the sheet first, with purpose `timesheet_import`."""

    model_config = example({"file_id": "01a217c8-2751-739b-9abc-87ac9bf7de60", "file_name": "11月26日考勤.xlsx"})

    file_id: UUID
    file_name: Annotated[Text, Field(min_length=1, max_length=80)]


class ClockIssueRead(Output):
    row: int
    cell: str
    column: str
    message: str


class ClockImportRead(Output):
    id: UUID
    enterprise_id: UUID
    file_name: str
    created_at: Instant
    rows: int
    accepted: int
    errors: list[ClockIssueRead]
    text: str


class AccidentForm(Input):
    """One tap is enough: without `happened_at` it happened now, `account` may follow by telephone."""

    model_config = example({"client_id": "01a217c8-2751-739b-9abc-87ac9bf7de60", "account": "手指被针扎伤"})

    client_id: UUID = Field(description="Made by the phone: the same report sent twice is one")
    happened_at: InstantIn | None = None
    account: Account = ""


class FiledForm(Input):
    model_config = example({"filed_on": "2026-12-01", "expected_version": 2})

    filed_on: dt.date
    expected_version: Version


class AccidentCloseForm(Input):
    model_config = example({"note": "已认定工伤，费用已支付", "expected_version": 3})

    note: Annotated[Text, Field(min_length=2, max_length=200)]
    expected_version: Version


class AccidentRead(Output):
    id: UUID
    version: int
    assignment_id: UUID
    enterprise_id: UUID
    person_id: UUID
    state: AccidentState
    state_label: str
    reported_by: Side
    happened_at: Instant
    created_at: Instant
    account: str
    claim_due_on: dt.date = Field(description="Last day for the firm's application")
    own_claim_until: dt.date = Field(description="Last day for the person's own application")
    acknowledged_at: Instant | None
    filed_on: dt.date | None
    closed_at: Instant | None
    text: str
    actions: list[Action]
