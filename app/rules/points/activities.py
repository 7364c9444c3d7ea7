"""Volunteer activities: announced ahead, joined, hours confirmed by another. Pure; minutes.

志愿服务条例（国务院令第685号）第十九条: information on hours is recorded truthfully. Hours of what was never announced are not
credited (as 志愿黄石 does with 补录).
"""

from datetime import datetime, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

LONGEST = timedelta(hours=12)
FARTHEST = timedelta(days=180)
CONFIRM_WITHIN = timedelta(days=30)
SHORTEST_MINUTES = 30
MINUTES_PER_HOUR = 60


class ActivityState(Labelled):
    OPEN = "open", "已发布"
    CANCELLED = "cancelled", "已取消"


class ParticipationState(Labelled):
    JOINED = "joined", "已报名"
    LEFT = "left", "已退出"
    CONFIRMED = "confirmed", "时长已确认"
    VOIDED = "voided", "时长已撤销"


A, P = ActivityState, ParticipationState
ACTIVITY_NEXT: dict[ActivityState, frozenset[ActivityState]] = {
    A.OPEN: frozenset({A.CANCELLED}),
    A.CANCELLED: frozenset(),
}
PARTICIPATION_NEXT: dict[ParticipationState, frozenset[ParticipationState]] = {
    P.JOINED: frozenset({P.LEFT, P.CONFIRMED}),
    P.LEFT: frozenset({P.JOINED}),
    P.CONFIRMED: frozenset({P.VOIDED}),
    # A wrong number is voided and confirmed anew.
    P.VOIDED: frozenset({P.CONFIRMED}),
}


def check_move(current: ActivityState, target: ActivityState) -> None:
    if target not in ACTIVITY_NEXT[current]:
        raise ActivityStateError(current=current.label, target=target.label)


def check_participation(current: ParticipationState, target: ParticipationState) -> None:
    if target not in PARTICIPATION_NEXT[current]:
        raise ParticipationStateError(current=current.label, target=target.label)


def check_period(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Announced before it begins: what is entered afterwards earns nothing."""
    if not now < starts_at <= now + FARTHEST:
        raise ActivityBackdatedError(days=FARTHEST.days)
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise ActivityPeriodError(hours=LONGEST // timedelta(hours=1))


def check_open_for_joining(ends_at: datetime, now: datetime) -> None:
    if now >= ends_at:
        raise ActivityOverError


def check_hours(minutes: int, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """After it has ended, soon enough to remember, and no more than it lasted."""
    if now < ends_at:
        raise ActivityNotOverError
    if now > ends_at + CONFIRM_WITHIN:
        raise ConfirmLateError(days=CONFIRM_WITHIN.days)
    most = (ends_at - starts_at) // timedelta(minutes=1)
    if not SHORTEST_MINUTES <= minutes <= most:
        raise MinutesError(least=SHORTEST_MINUTES, most=most)


def whole_hours(minutes: int) -> int:
    return minutes // MINUTES_PER_HOUR


class ActivityNotFoundError(NotFoundError):
    code = "activity_not_found"
    message = "没有找到这个活动"


class ActivityStateError(ConflictError):
    code = "activity_state_wrong"
    message = "活动当前为“{current}”，不能变为“{target}”"


class ActivityBackdatedError(UnprocessableError):
    code = "activity_backdated"
    message = "活动要在开始之前发布（最多提前{days}天）；补录的活动不计分"
    field = "starts_at"


class ActivityPeriodError(UnprocessableError):
    code = "activity_period_wrong"
    message = "结束时间应晚于开始时间，一个活动最长{hours}小时"
    field = "ends_at"


class ActivityFullError(ConflictError):
    code = "activity_full"
    message = "活动的{capacity}个名额已满"


class ActivityOverError(ConflictError):
    code = "activity_over"
    message = "活动已经结束，不能再报名或退出"


class ActivityNotOverError(ConflictError):
    code = "activity_not_over"
    message = "活动结束之后才能确认时长"


class ActivityConfirmedError(ConflictError):
    code = "activity_confirmed"
    message = "已有{count}人的时长得到确认，不能取消活动；请逐个撤销有误的时长"


class ConfirmLateError(ConflictError):
    code = "activity_confirm_late"
    message = "活动结束已超过{days}天，不能再确认时长"


class MinutesError(UnprocessableError):
    code = "activity_minutes_wrong"
    message = "时长应在{least}分钟到{most}分钟（活动全长）之间"
    field = "hours"


class ParticipationNotFoundError(NotFoundError):
    code = "activity_person_not_found"
    message = "这个人没有报名这个活动"


class ParticipationStateError(ConflictError):
    code = "activity_person_state_wrong"
    message = "报名当前为“{current}”，不能变为“{target}”"


class HoursConfirmedError(ConflictError):
    code = "activity_hours_confirmed"
    message = "这个人的时长已经确认为{minutes}分钟，需要更正请先撤销"


class OverlappingHoursError(ConflictError):
    code = "activity_hours_overlap"
    message = "这个人在同一时段的另一个活动“{title}”里已有确认的时长"


class OwnHoursError(ForbiddenError):
    code = "activity_own_hours"
    message = "不能确认自己的时长，请由另一位工作人员确认"


class GridUnknownError(UnprocessableError):
    code = "activity_grid_unknown"
    message = "没有这个网格，请从网格列表中选择"
    field = "grid_id"
