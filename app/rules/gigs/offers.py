"""Offers and assignments: states, times, who takes which step, errors. Pure."""

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled


class OfferState(Labelled):
    OFFERED = "offered", "待答复"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已谢绝"
    # Only what was delivered can lapse.
    LAPSED = "lapsed", "已过期"
    # Taken back: the shift was cancelled, a plan changed it, or it never reached the person.
    WITHDRAWN = "withdrawn", "已收回"


class OfferSource(Labelled):
    PLAN = "plan", "统一配工"
    BACKFILL = "backfill", "补位"
    URGENT = "urgent", "急招"
    WAITING = "waiting", "排队轮到"
    DISPATCHER = "dispatcher", "派工员邀请"


class AssignmentState(Labelled):
    ACCEPTED = "accepted", "已接受"
    CONFIRMED = "confirmed", "已确认到岗"
    PRESENT = "present", "在岗"
    DONE = "done", "已完成"
    # A stand-by who was not needed: paid stand-by pay.
    STOOD_BY = "stood_by", "候补未上岗"
    NO_SHOW = "no_show", "未到岗"
    # Not confirmed in time: the seat went to another.
    RELEASED = "released", "未确认，已释放"
    LEFT = "left", "本人取消"
    CALLED_OFF = "called_off", "企业取消"


class WaitingState(Labelled):
    WAITING = "waiting", "排队中"
    OFFERED = "offered", "已轮到"
    LEFT = "left", "已退出"
    ENDED = "ended", "已结束"


F = OfferState
OFFER_NEXT: dict[OfferState, frozenset[OfferState]] = {
    F.OFFERED: frozenset({F.ACCEPTED, F.DECLINED, F.LAPSED, F.WITHDRAWN}),
    F.ACCEPTED: frozenset(),
    F.DECLINED: frozenset(),
    F.LAPSED: frozenset(),
    F.WITHDRAWN: frozenset(),
}
A = AssignmentState
ASSIGNMENT_NEXT: dict[AssignmentState, frozenset[AssignmentState]] = {
    A.ACCEPTED: frozenset({A.CONFIRMED, A.RELEASED, A.LEFT, A.CALLED_OFF}),
    A.CONFIRMED: frozenset({A.PRESENT, A.STOOD_BY, A.NO_SHOW, A.LEFT, A.CALLED_OFF}),
    A.PRESENT: frozenset({A.DONE}),
    # The dispatcher finds that the person was there after all.
    A.NO_SHOW: frozenset({A.PRESENT, A.DONE}),
    A.DONE: frozenset(),
    A.STOOD_BY: frozenset(),
    A.RELEASED: frozenset(),
    A.LEFT: frozenset(),
    A.CALLED_OFF: frozenset(),
}
# Takes a seat of the shift, and the person's time.
HOLDING = frozenset({A.ACCEPTED, A.CONFIRMED, A.PRESENT})
# Counted as worked time by the law.
WORKED = HOLDING | {A.DONE}


def check_offer_step(current: OfferState, target: OfferState) -> None:
    if target not in OFFER_NEXT[current]:
        raise OfferStateError(current=current.label, target=target.label)


def check_assignment_step(current: AssignmentState, target: AssignmentState) -> None:
    if target not in ASSIGNMENT_NEXT[current]:
        raise AssignmentStateError(current=current.label, target=target.label)


class OfferNotFoundError(NotFoundError):
    code = "offer_not_found"
    message = "没有找到这份邀约"


class AssignmentNotFoundError(NotFoundError):
    code = "assignment_not_found"
    message = "没有找到这条上岗安排"


class OfferStateError(ConflictError):
    code = "offer_state_wrong"
    message = "邀约当前为“{current}”，不能变为“{target}”"


class AssignmentStateError(ConflictError):
    code = "assignment_state_wrong"
    message = "上岗安排当前为“{current}”，不能变为“{target}”"
