"""Classes (班次) and their sessions: states, capacity, times, clashes. Pure; minutes."""

from datetime import datetime, timedelta
from itertools import pairwise

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

LONGEST_SESSION = timedelta(hours=8)
FARTHEST = timedelta(days=365)
SHORTEST = timedelta(minutes=30)
# 学时: 45 minutes each, as schools count them.
PERIOD_MINUTES = 45


class ClassState(Labelled):
    DRAFT = "draft", "草稿"
    APPROVED = "approved", "已批准"
    ENROLLING = "enrolling", "报名中"
    FULL = "full", "已满员"
    CLOSED = "closed", "报名截止"
    RUNNING = "running", "上课中"
    ASSESSING = "assessing", "考核中"
    COMPLETED = "completed", "已结班"
    CANCELLED = "cancelled", "已取消"


C = ClassState
CLASS_NEXT: dict[ClassState, frozenset[ClassState]] = {
    C.DRAFT: frozenset({C.APPROVED, C.CANCELLED}),
    C.APPROVED: frozenset({C.ENROLLING, C.CANCELLED}),
    C.ENROLLING: frozenset({C.FULL, C.CLOSED, C.RUNNING, C.CANCELLED}),
    C.FULL: frozenset({C.ENROLLING, C.CLOSED, C.RUNNING, C.CANCELLED}),
    C.CLOSED: frozenset({C.RUNNING, C.CANCELLED}),
    C.RUNNING: frozenset({C.ASSESSING, C.CANCELLED}),
    C.ASSESSING: frozenset({C.COMPLETED, C.CANCELLED}),
    C.COMPLETED: frozenset(),
    C.CANCELLED: frozenset(),
}
# People may still ask for a seat; the course lies ahead; what the public list shows.
TAKING = frozenset({C.ENROLLING, C.FULL})
AHEAD = frozenset({C.APPROVED, *TAKING, C.CLOSED})
VISIBLE = frozenset(ClassState) - {C.DRAFT, C.APPROVED}
# What sessions of such a class stand in the way of others.
OCCUPYING = frozenset(ClassState) - {C.CANCELLED, C.COMPLETED}


def check_class_move(current: ClassState, target: ClassState) -> None:
    if target not in CLASS_NEXT[current]:
        raise ClassStateError(current=current.label, target=target.label)


def check_taking(state: ClassState, enrol_until: datetime, now: datetime) -> None:
    if state not in TAKING:
        raise NotTakingError(state=state.label)
    if now >= enrol_until:
        raise EnrolmentOverError


def check_session(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if not now < starts_at <= now + FARTHEST:
        raise SessionStartError(days=FARTHEST.days)
    if not starts_at + SHORTEST <= ends_at <= starts_at + LONGEST_SESSION:
        raise SessionPeriodError(minutes=SHORTEST // timedelta(minutes=1), hours=LONGEST_SESSION // timedelta(hours=1))


def check_own_clash(sessions: list[tuple[datetime, datetime]]) -> None:
    """The sessions of one class follow one another."""
    ordered = sorted(sessions)
    for (_, before), (after, _) in pairwise(ordered):
        if after < before:
            raise SessionsOverlapError


def check_enrol_until(enrol_until: datetime, first: datetime, now: datetime) -> None:
    if not now < enrol_until <= first:
        raise EnrolUntilError


def check_filing(number: str | None, *, required: bool) -> None:
    """A subsidised class is filed before it begins (福建省补贴性职业培训管理平台)."""
    if required and not number:
        raise FilingMissingError


def minutes_of(starts_at: datetime, ends_at: datetime) -> int:
    return (ends_at - starts_at) // timedelta(minutes=1)


def periods_of(minutes: int) -> int:
    """学时 of so many minutes; a part of one is not counted."""
    return minutes // PERIOD_MINUTES


class ClassNotFoundError(NotFoundError):
    code = "class_not_found"
    message = "没有找到这个培训班"


class ClassStateError(ConflictError):
    code = "class_state_wrong"
    message = "培训班当前为“{current}”，不能变为“{target}”"


class NotTakingError(ConflictError):
    code = "class_not_taking"
    message = "培训班当前为“{state}”，不能报名"


class EnrolmentOverError(ConflictError):
    code = "enrolment_over"
    message = "报名已经截止"


class CapacityBelowTakenError(ConflictError):
    code = "capacity_below_taken"
    message = "已有{taken}个名额给出，容纳人数不能更少"


class ClassSessionNotFoundError(NotFoundError):
    code = "training_session_not_found"
    message = "没有找到这次课"


class SessionStartError(UnprocessableError):
    code = "session_start_wrong"
    message = "上课时间应在今后{days}天以内"
    field = "starts_at"


class SessionPeriodError(UnprocessableError):
    code = "session_period_wrong"
    message = "一次课最短{minutes}分钟，最长{hours}小时，结束时间应晚于开始时间"
    field = "ends_at"


class SessionsOverlapError(UnprocessableError):
    code = "sessions_overlap"
    message = "同一个班的课在时间上重叠，请核对"
    field = "sessions"


class EnrolUntilError(UnprocessableError):
    code = "enrol_until_wrong"
    message = "报名截止时间应在现在之后、第一次课之前"
    field = "enrol_until"


class FilingMissingError(ConflictError):
    code = "filing_missing"
    message = "这个班申请补贴，要先在省补贴性职业培训管理平台备案并填写备案号"


class VenueClashError(ConflictError):
    code = "venue_clash"
    message = "{at}在“{venue}”已有“{title}”的课，请换时间或地点"


class TrainerClashError(ConflictError):
    code = "trainer_clash"
    message = "教师在{at}已有“{title}”的课，请换时间或教师"


class TrainerUnknownError(UnprocessableError):
    code = "trainer_unknown"
    message = "没有这位教师的账号，请核对人员编号"
    field = "trainer_id"


class ClassFirmError(UnprocessableError):
    code = "class_firm_unknown"
    message = "没有这家企业，请核对企业编号"
    field = "only_enterprise_id"


class PoolCourseError(UnprocessableError):
    code = "pool_course_wrong"
    message = "这组点单要的不是这门课程"
    field = "pool_id"


class PeopleClashError(ConflictError):
    code = "people_clash"
    message = "有{count}位学员在这个时间已有别的课，请换时间"


class PeopleChangedError(ConflictError):
    code = "people_changed"
    message = "刚刚有人报名，请再试一次"


class SessionBegunError(ConflictError):
    code = "session_begun"
    message = "这次课已经开始，不能再改时间地点"


class ClassUnfinishedError(ConflictError):
    code = "class_unfinished"
    message = "还有{count}人没有结果，登记结果后再结班"


class ClassMarksMissingError(ConflictError):
    code = "class_marks_missing"
    message = "还有{count}人次没有考勤，登记考勤后再登记结果"
