"""Ratings, no-shows with their points, and 共享用工 agreements: states, errors. Pure."""

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled


class NoShowState(Labelled):
    COUNTED = "counted", "计入"
    # Illness, accident, changed terms, an offer that never arrived: no points.
    EXCUSED = "excused", "不计入"
    APPEALED = "appealed", "申诉中"
    UPHELD = "upheld", "申诉后维持"
    OVERTURNED = "overturned", "申诉后撤销"


class Excuse(Labelled):
    ILLNESS = "illness", "生病"
    ACCIDENT = "accident", "事故"
    CHANGED_TERMS = "changed_terms", "条件被改变"
    UNDELIVERED = "undelivered", "没有收到通知"


class SharingState(Labelled):
    DRAFT = "draft", "草稿"
    OFFERED = "offered", "待借入单位确认"
    ACTIVE = "active", "生效"
    ENDED = "ended", "已结束"
    DECLINED = "declined", "未同意"


N = NoShowState
NO_SHOW_NEXT: dict[NoShowState, frozenset[NoShowState]] = {
    N.COUNTED: frozenset({N.APPEALED, N.EXCUSED}),
    N.EXCUSED: frozenset(),
    N.APPEALED: frozenset({N.UPHELD, N.OVERTURNED}),
    N.UPHELD: frozenset(),
    N.OVERTURNED: frozenset(),
}
H = SharingState
SHARING_NEXT: dict[SharingState, frozenset[SharingState]] = {
    H.DRAFT: frozenset({H.OFFERED, H.ENDED}),
    H.OFFERED: frozenset({H.ACTIVE, H.DECLINED, H.ENDED}),
    H.ACTIVE: frozenset({H.ENDED}),
    H.DECLINED: frozenset(),
    H.ENDED: frozenset(),
}


def check_no_show_step(current: NoShowState, target: NoShowState) -> None:
    if target not in NO_SHOW_NEXT[current]:
        raise NoShowStateError(current=current.label, target=target.label)


def check_sharing_step(current: SharingState, target: SharingState) -> None:
    if target not in SHARING_NEXT[current]:
        raise SharingStateError(current=current.label, target=target.label)


class NoShowNotFoundError(NotFoundError):
    code = "no_show_not_found"
    message = "没有找到这条未到岗记录"


class NoShowStateError(ConflictError):
    code = "no_show_state_wrong"
    message = "未到岗记录当前为“{current}”，不能变为“{target}”"


class SharingStateError(ConflictError):
    code = "sharing_agreement_state_wrong"
    message = "共享用工协议当前为“{current}”，不能变为“{target}”"


class AppealTooLateError(ConflictError):
    code = "appeal_too_late"
    message = "申诉应在收到记录后 {days} 个工作日内提出，现已超过"


class NotYetLateError(ConflictError):
    code = "not_yet_late"
    message = "还没到开班时间，不能登记未到岗"


class RatingClosedError(ConflictError):
    code = "rating_closed"
    message = "只有已完成的班次可以评价"


class AlreadyRatedError(ConflictError):
    code = "already_rated"
    message = "这个班次您已评价过"
