"""Attendance, results, feedback, certificates. Minutes, points of a hundred."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.training.attendance import MarkWay, SessionMark
from app.rules.training.certificates import CertificateState
from app.rules.training.enrolments import EnrolmentState
from app.rules.training.reports import BEST, WORST
from app.schemas.base import Action, ExpectedVersion, Input, Instant, Output, Text, example

Reason = Annotated[Text, Field(min_length=2, max_length=200)]


class CheckInCodeRead(Output):
    code: str = Field(description="画成二维码给教师扫；只对本人、本次课有效，每20秒一换")
    next_at: Instant
    expires_at: Instant


class CheckInScanForm(Input):
    model_config = example({"code": "AZq0...=="})

    code: Annotated[Text, Field(min_length=8, max_length=200, description="扫学员手机得到的文字")]


class AttendanceMarkForm(Input):
    model_config = example({"enrolment_id": "019abcde-0000-7000-8000-000000000001", "mark": "late", "minutes": 120})

    enrolment_id: UUID
    mark: SessionMark = Field(description="present 到课，late 迟到，left_early 早退，excused 请假，absent 缺课")
    minutes: Annotated[int, Field(strict=True, ge=0, le=480)] | None = Field(
        default=None, description="迟到、早退时实际上课的分钟数，不超过这次课的时长"
    )


class AttendanceMarksForm(Input):
    model_config = example(
        {
            "marks": [{"enrolment_id": "019abcde-0000-7000-8000-000000000001", "mark": "present", "minutes": None}],
            "reason": "教室信号不好，按签名表登记",
        }
    )  # fmt: skip

    marks: Annotated[list[AttendanceMarkForm], Field(min_length=1, max_length=200)]
    reason: Reason


class AttendanceMarkRead(Output):
    enrolment_id: UUID
    person_id: UUID
    person_name: str | None
    mark: SessionMark
    mark_label: str
    minutes: int
    way: MarkWay | None
    reason: str | None


class MarkList(Output):
    items: list[AttendanceMarkRead]


class LearnerResultForm(Input):
    model_config = example({"enrolment_id": "019abcde-0000-7000-8000-000000000001", "score": 86})

    enrolment_id: UUID
    score: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] | None = Field(
        default=None, description="考核分数0—100；只按学时的课程不填"
    )


class ResultsForm(Input):
    model_config = example({"results": [{"enrolment_id": "019abcde-0000-7000-8000-000000000001", "score": 86}]})

    results: Annotated[list[LearnerResultForm], Field(min_length=1, max_length=200)]


class FeedbackForm(Input):
    model_config = example({"score": 5, "words": "讲得清楚"})

    score: Annotated[int, Field(strict=True, ge=WORST, le=BEST, description="1—5，5最好")]
    words: Annotated[Text, Field(min_length=2, max_length=300)] | None = None


class FeedbackRead(Output):
    answers: int
    shown: bool
    told: str
    mean_hundredths: int | None = Field(description="平均分的百倍；不到5份为空")
    words: list[str] = Field(description="不记名，不到5份为空")


class CertificateRead(Output):
    """For the holder and the office."""

    id: UUID
    number: str
    person_id: UUID
    person_name: str | None
    class_id: UUID
    class_title: str
    course_title: str
    state: CertificateState
    state_label: str
    issued_on: date
    valid_to: date | None
    expired: bool
    hours: int
    score: int | None
    reason: str | None
    verify_url: str
    version: int
    actions: list[Action]


class CertificateList(Output):
    items: list[CertificateRead]


class VerifiedRead(Output):
    """What anybody may know of a number."""

    number: str
    holder: str | None = Field(description="隐去部分的姓名；持有人注销账号后为空")
    course_title: str
    hours: int
    issued_on: date
    valid_to: date | None
    state: CertificateState
    state_label: str
    valid: bool
    told: str


class RevokeForm(ExpectedVersion):
    model_config = example({"reason": "考勤登记有误", "expected_version": 1})

    reason: Reason


class LearnedRead(Output):
    class_id: UUID
    title: str
    brand_label: str
    state: EnrolmentState
    state_label: str
    hours: int
    ended_at: Instant


class YearHours(Output):
    year: int
    hours: int


class TrainingRecordRead(Output):
    """One's own only; nobody is ranked by hours."""

    items: list[LearnedRead]
    years: list[YearHours]
