"""Classes and sessions, enrolments and groups. Minutes, people, fen."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.rules.training.classes import ClassState
from app.rules.training.enrolments import GROUP_AT_MOST, EnrolmentState, GroupMode
from app.schemas.base import Action, ExpectedVersion, Fen, Input, Instant, InstantIn, Output, Text, example

Reason = Annotated[Text, Field(min_length=2, max_length=200)]
Seats = Annotated[int, Field(strict=True, ge=1, le=500, description="名额")]
SESSION = {
    "starts_at": "2026-12-05T09:00:00+08:00", "ends_at": "2026-12-05T11:30:00+08:00", "venue": "科技园党建+邻里中心三楼",
    "trainer_id": None, "topic": "安全用电",
}  # fmt: skip
CLASS = {
    "course_id": "019abcde-0000-7000-8000-000000000001", "pool_id": None, "title": "电工（初级）第一期", "provider_id": None,
    "only_enterprise_id": None, "capacity": 30, "needs_approval": False, "enrol_until": "2026-12-04T18:00:00+08:00",
    "cost_fen": 300000, "subsidised": False, "filing_number": None, "sessions": [SESSION],
}  # fmt: skip


class ClassSessionForm(Input):
    model_config = example(SESSION)

    starts_at: InstantIn
    ends_at: InstantIn
    venue: Annotated[Text, Field(min_length=2, max_length=80)]
    trainer_id: UUID | None = Field(default=None, description="教师的人员编号；未定可以不填")
    topic: Annotated[Text, Field(max_length=80)] = ""


class ClassSessionUpdate(ClassSessionForm, ExpectedVersion):
    model_config = example(SESSION | {"expected_version": 1})


class ClassForm(Input):
    model_config = example(CLASS)

    course_id: UUID
    pool_id: UUID | None = Field(default=None, description="由哪组点单开的班")
    title: Annotated[Text, Field(min_length=2, max_length=60)]
    provider_id: UUID | None = None
    only_enterprise_id: UUID | None = Field(default=None, description="企业专场（订单班）：只能由这家企业报名")
    capacity: Seats
    needs_approval: bool = Field(default=False, description="报名要逐个批准；面向党员的课程总是要批准")
    enrol_until: InstantIn = Field(description="第一次课之前")
    cost_fen: Fen = Field(default=0, description="全班费用，分")
    subsidised: bool = Field(default=False, description="申请培训补贴，须先备案")
    filing_number: Annotated[Text, Field(min_length=3, max_length=60)] | None = Field(
        default=None, description="省补贴性职业培训管理平台的备案号"
    )
    sessions: Annotated[list[ClassSessionForm], Field(min_length=1, max_length=60)]


class ClassUpdate(ExpectedVersion):
    model_config = example(
        {
            "title": "电工（初级）第一期", "capacity": 40, "enrol_until": "2026-12-04T18:00:00+08:00", "cost_fen": 300000,
            "subsidised": True, "filing_number": "闽培2026-001", "expected_version": 1,
        }
    )  # fmt: skip

    title: Annotated[Text, Field(min_length=2, max_length=60)]
    capacity: Seats
    enrol_until: InstantIn
    cost_fen: Fen
    subsidised: bool
    filing_number: Annotated[Text, Field(min_length=3, max_length=60)] | None = None


class CancelClassForm(ExpectedVersion):
    model_config = example({"reason": "教师生病", "expected_version": 1})

    reason: Reason


class ClassSessionRead(Output):
    id: UUID
    number: int
    starts_at: Instant
    ends_at: Instant
    minutes: int
    venue: str
    trainer_id: UUID | None
    trainer_name: str | None
    topic: str
    version: int


class ClassRead(Output):
    id: UUID
    course_id: UUID
    course_title: str
    title: str
    state: ClassState
    state_label: str
    provider_id: UUID | None
    only_enterprise_id: UUID | None
    pool_id: UUID | None
    capacity: int
    free: int = Field(description="还有几个名额")
    waiting: int = Field(description="候补人数")
    needs_approval: bool
    enrol_until: Instant
    first_at: Instant
    last_at: Instant
    minutes: int
    hours: int = Field(description="学时，每学时45分钟")
    cost_fen: int
    subsidised: bool
    filing_number: str | None
    cancelled_because: str | None
    version: int
    sessions: list[ClassSessionRead]
    my_enrolment_id: UUID | None
    my_state: EnrolmentState | None
    my_state_label: str | None
    actions: list[Action]


class ClassListItem(Output):
    id: UUID
    course_id: UUID
    title: str
    state: ClassState
    state_label: str
    only_enterprise_id: UUID | None
    capacity: int
    free: int
    enrol_until: Instant
    first_at: Instant
    last_at: Instant
    hours: int
    version: int


class GroupForm(Input):
    model_config = example(
        {
            "enterprise_id": "019abcde-0000-7000-8000-000000000001", "mode": "all",
            "person_ids": ["019abcde-0000-7000-8000-000000000002", "019abcde-0000-7000-8000-000000000003"],
        }
    )  # fmt: skip

    enterprise_id: UUID
    mode: GroupMode = Field(description="all 全部录取或全部候补；partly 有几个名额先录几个")
    person_ids: Annotated[list[UUID], Field(min_length=2, max_length=GROUP_AT_MOST, description="本企业名单上的人")]


class GroupFileForm(Input):
    model_config = example(
        {
            "enterprise_id": "019abcde-0000-7000-8000-000000000001", "mode": "partly",
            "file_id": "019abcde-0000-7000-8000-000000000004",
        }
    )  # fmt: skip

    enterprise_id: UUID
    mode: GroupMode
    file_id: UUID = Field(description="按报名名单模板填写的 Excel")


class FirmPersonRead(Output):
    person_id: UUID
    name: str | None = Field(description="隐去部分的姓名")


class FirmPeopleRead(Output):
    items: list[FirmPersonRead]


class GroupRead(Output):
    id: UUID
    class_id: UUID
    class_title: str
    enterprise_id: UUID
    mode: GroupMode
    mode_label: str
    heads: int
    version: int
    entries: list["ClassEnrolmentRead"]
    actions: list[Action]


class ClassEnrolmentRead(Output):
    id: UUID
    class_id: UUID
    class_title: str
    person_id: UUID
    person_name: str | None = Field(description="本人和企业看到隐去部分的姓名；专员和教师看到全名")
    state: EnrolmentState
    state_label: str
    group_id: UUID | None
    enterprise_id: UUID | None
    ahead: int | None = Field(description="候补时，前面还有几人")
    offered_until: Instant | None = Field(description="请在此前确认名额")
    moved_up: bool = Field(description="名次是否被工作人员调整过")
    jump_reason: str | None = Field(description="调整名次的理由")
    reason: str | None = Field(description="未批准的理由")
    minutes: int | None
    score: int | None
    told: str | None = Field(description="结果依据的数字")
    created_at: Instant
    version: int
    actions: list[Action]


class EnrolmentList(Output):
    items: list[ClassEnrolmentRead]


class RefuseForm(ExpectedVersion):
    model_config = example({"reason": "不在本期招生范围", "expected_version": 1})

    reason: Reason


class MoveUpForm(ExpectedVersion):
    model_config = example({"reason": "下月起要持证上岗", "expected_version": 1})

    reason: Reason


class LateForm(Input):
    model_config = example({"person_id": "019abcde-0000-7000-8000-000000000001", "reason": "首次课前已联系，手续补办"})

    person_id: UUID
    reason: Reason
