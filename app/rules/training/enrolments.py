"""Enrolment: approval and waiting list are two different things; order, groups, offers. Pure.

`requested` is over within the same call: it becomes a seat, a place on the list, or a question to the office.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

OFFER_HOURS = 24
GROUP_AT_MOST = 50


class EnrolmentState(Labelled):
    REQUESTED = "requested", "已申请"
    PENDING_APPROVAL = "pending_approval", "待批准"
    WAITLISTED = "waitlisted", "候补中"
    OFFERED = "offered", "待确认名额"
    ENROLLED = "enrolled", "已录取"
    REFUSED = "refused", "未批准"
    LAPSED = "lapsed", "已失效"
    DECLINED = "declined", "已放弃名额"
    WITHDRAWN = "withdrawn", "已退出"
    CLASS_CANCELLED = "class_cancelled", "培训班已取消"
    NO_SHOW = "no_show", "未到课"
    ATTENDED = "attended", "已上课"
    PASSED = "passed", "合格"
    FAILED = "failed", "不合格"


class GroupMode(Labelled):
    ALL = "all", "全部录取或全部候补"
    PARTLY = "partly", "有几个名额先录几个"


E = EnrolmentState
_ENDS = frozenset({E.WITHDRAWN, E.CLASS_CANCELLED})
ENROLMENT_NEXT: dict[EnrolmentState, frozenset[EnrolmentState]] = {
    E.REQUESTED: frozenset({E.PENDING_APPROVAL, E.ENROLLED, E.WAITLISTED}),
    E.PENDING_APPROVAL: frozenset({E.ENROLLED, E.WAITLISTED, E.REFUSED, E.LAPSED}) | _ENDS,
    # Lapsed: the class began before their turn came.
    E.WAITLISTED: frozenset({E.OFFERED, E.LAPSED}) | _ENDS,
    E.OFFERED: frozenset({E.ENROLLED, E.LAPSED, E.DECLINED}) | _ENDS,
    E.ENROLLED: frozenset({E.NO_SHOW, E.ATTENDED}) | _ENDS,
    E.ATTENDED: frozenset({E.PASSED, E.FAILED, E.NO_SHOW, E.CLASS_CANCELLED}),
    # Until the class is completed: a result is entered anew, and a corrected mark takes it back.
    E.PASSED: frozenset({E.FAILED, E.ATTENDED, E.CLASS_CANCELLED}),
    E.FAILED: frozenset({E.PASSED, E.ATTENDED, E.CLASS_CANCELLED}),
    E.REFUSED: frozenset(),
    E.LAPSED: frozenset(),
    E.DECLINED: frozenset(),
    E.WITHDRAWN: frozenset(),
    E.CLASS_CANCELLED: frozenset(),
    E.NO_SHOW: frozenset({E.ATTENDED, E.CLASS_CANCELLED}),
}
# Not over yet; at most one for each person and class.
RUNNING = frozenset({E.REQUESTED, E.PENDING_APPROVAL, E.WAITLISTED, E.OFFERED, E.ENROLLED})
# The time of the sessions is taken: another class at that time is refused.
BUSY = frozenset({E.PENDING_APPROVAL, E.OFFERED, E.ENROLLED, E.ATTENDED})
# Those whom the marks are about, and those whose result is there.
TAUGHT = frozenset({E.ENROLLED, E.ATTENDED, E.PASSED, E.FAILED, E.NO_SHOW})
RESULTS = frozenset({E.PASSED, E.FAILED, E.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry of the list: a person, or a group that comes together or not at all. `heads` seats at once."""

    key: str
    heads: int


def check_step(current: EnrolmentState, target: EnrolmentState) -> None:
    if target not in ENROLMENT_NEXT[current]:
        raise EnrolmentStateError(current=current.label, target=target.label)


def promoted(free: int, waiting: Sequence[Waiting]) -> int:
    """How many entries from the head get an offer: nobody is passed over, so a group that does not fit holds its place."""
    count = 0
    for entry in waiting:
        if entry.heads > free:
            break
        free -= entry.heads
        count += 1
    return count


def offer_until(now: datetime, first: datetime) -> datetime:
    """A day to answer, but not into the first session."""
    return min(now + timedelta(hours=OFFER_HOURS), first)


def check_answer_in_time(until: datetime, now: datetime) -> None:
    if now >= until:
        raise OfferOverError


def check_room(taken: int, offered: int, capacity: int, heads: int) -> None:
    if taken + offered + heads > capacity:
        raise ClassFullError(capacity=capacity)


def check_group(heads: int) -> None:
    if not 1 < heads <= GROUP_AT_MOST:
        raise GroupSizeError(most=GROUP_AT_MOST)


def check_withdrawable(first: datetime, now: datetime) -> None:
    """Once the class has begun a seat is not given back: who does not come is absent."""
    if now >= first:
        raise ClassBegunError


class EnrolmentNotFoundError(NotFoundError):
    code = "enrolment_not_found"
    message = "没有找到这份报名"


class EnrolmentStateError(ConflictError):
    code = "enrolment_state_wrong"
    message = "报名当前为“{current}”，不能变为“{target}”"


class EnrolledTwiceError(ConflictError):
    code = "enrolled_twice"
    message = "{who}已经报了这个班，当前为“{state}”"


class SessionClashError(ConflictError):
    code = "session_clash"
    message = "{who}在{at}已报了“{title}”的课，与这个班的课时间冲突；退出其中一个再报名"


class OfferOverError(ConflictError):
    code = "seat_offer_over"
    message = "确认名额的期限已过，名额已给下一位"


class ClassBegunError(ConflictError):
    code = "class_begun"
    message = "已经开课，不能退出；请向教师请假"


class GroupSizeError(UnprocessableError):
    code = "group_size_wrong"
    message = "集体报名应有2到{most}人"
    field = "people"


class GroupNotFoundError(NotFoundError):
    code = "entry_group_not_found"
    message = "没有找到这份集体报名"


class GroupSplitError(ConflictError):
    code = "entry_group_split"
    message = "这份集体报名已经是分开录取"


class GroupAnswersError(ConflictError):
    code = "entry_group_answers"
    message = "这是集体报名，整组一起确认名额，请由企业办理"


class NothingOfferedError(ConflictError):
    code = "nothing_offered"
    message = "这份集体报名现在没有待确认的名额"


class NotOnRosterError(UnprocessableError):
    code = "not_on_roster"
    message = "有{count}人不在本企业的名单上，请先让本人扫企业码加入"
    field = "people"


class OnlyFirmError(ForbiddenError):
    code = "class_only_firm"
    message = "这是“{firm}”的专场班，请由该企业报名"


class GroupGatesError(UnprocessableError):
    code = "group_gates"
    message = "集体报名没有办理，以下人员不符合条件：{who}"
    field = "people"


class RosterFileError(UnprocessableError):
    code = "roster_file_wrong"
    message = "名单文件有误：{problems}"
    field = "file_id"


class ClassFullError(ConflictError):
    code = "class_full"
    message = "培训班的{capacity}个名额已满"


class NotLateError(ConflictError):
    code = "class_not_running"
    message = "培训班当前为“{state}”，只有上课中的班可以插班"


class JumpFirstError(ConflictError):
    code = "jump_first"
    message = "已经排在最前，不用调整"
