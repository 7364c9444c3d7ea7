"""Offers and assignments: states, times, who takes which step, errors. Pure."""

from datetime import datetime, timedelta

from app.core.errors import ConflictError, NotFoundError
from app.core.labels import Labelled
from app.rules.gigs.orders import ShiftState


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
    # A 候补 who came and was not needed has stood by.
    A.PRESENT: frozenset({A.DONE, A.STOOD_BY}),
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


# Confirmed people are expected; a shift that has begun takes people until half of it is over.
LATE_AFTER = timedelta(minutes=30)
# How long somebody has to answer, by how far away the start is: the nearer, the shorter.
ANSWER_TIMES: tuple[tuple[timedelta, timedelta], ...] = (
    (timedelta(hours=72), timedelta(hours=12)),
    (timedelta(hours=32), timedelta(hours=4)),
    (timedelta(hours=16), timedelta(hours=1)),
    (timedelta(hours=6), timedelta(minutes=20)),
    (timedelta(0), timedelta(minutes=10)),
)
LEAST_ANSWER = timedelta(minutes=5)


def answer_until(
    now: datetime, starts_at: datetime, ends_at: datetime, *, quiet_until: datetime | None = None
) -> datetime:
    """Until when an offer made `now` waits. `quiet_until`: the person sleeps; the time runs from then on.

    Never past the start, except for a seat of a shift that begins in minutes or is running: five minutes at least.
    """
    begin = max(now, quiet_until) if quiet_until is not None else now
    ahead = starts_at - begin
    span = next((time for far, time in ANSWER_TIMES if ahead >= far), ANSWER_TIMES[-1][1])
    last = starts_at if ahead > LEAST_ANSWER else ends_at
    return min(begin + max(span, LEAST_ANSWER), last)


def state_at_acceptance(now: datetime, starts_at: datetime, *, confirm_hours: int) -> AssignmentState:
    """Inside the confirmation window accepting is confirming."""
    return A.CONFIRMED if starts_at - now <= timedelta(hours=confirm_hours) else A.ACCEPTED


def units_of(*, half: bool) -> int:
    """Halves of a head that one person fills."""
    return 1 if half else 2


def check_taking_people(state: ShiftState, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """A seat can be taken before the start, and in the first half of a running shift (backfill of a no-show)."""
    if state not in {ShiftState.OPEN, ShiftState.RUNNING}:
        raise ShiftClosedError(current=state.label)
    if now >= starts_at + (ends_at - starts_at) / 2:
        raise ShiftClosedError(current="已过半")


def check_answer(state: OfferState, target: OfferState, answer_by: datetime, now: datetime) -> None:
    if target is OfferState.ACCEPTED and state is OfferState.OFFERED and now > answer_by:
        raise OfferExpiredError
    check_offer_step(state, target)


class ShiftClosedError(ConflictError):
    code = "shift_closed"
    message = "这个班次{current}，不再招人"


class OfferExpiredError(ConflictError):
    code = "offer_expired"
    message = "答复时间已过，名额已让给别人；可以在班次页面排队"


class SeatsFullError(ConflictError):
    """Says the way out: the waiting list, with how many stand there."""

    code = "seats_full"
    message = "名额已满，可以排队等候（现有 {waiting} 人在排队）"


class InviteRefusedError(ConflictError):
    """One answer for all reasons: hours elsewhere, age, other shifts are the person's own."""

    code = "invite_refused"
    message = (
        "这位工人现在不能接这个班次：可能已被询问或已在班上，时间冲突，或受工时、休息等规定限制；可以请别人，或开启急招"
    )


class AlreadyOnShiftError(ConflictError):
    code = "already_on_shift"
    message = "您已在这个班次上或已有待答复的邀约"


class NotFirstComeError(ConflictError):
    code = "not_first_come"
    message = "这个班次由统一配工安排，不能直接抢；可以排队，或在“可上班时间”里填好时间等候配工"


class NotInRingError(ConflictError):
    code = "not_in_ring"
    message = "急招正先问企业名单和附近熟手，{minutes} 分钟后扩大范围时您也可以接"


class StillFreeError(ConflictError):
    code = "seats_still_free"
    message = "还有名额，请直接接单，不用排队"


class NotWaitingError(NotFoundError):
    code = "not_waiting"
    message = "您没有在这个班次排队"


class AlreadyWaitingError(ConflictError):
    code = "already_waiting"
    message = "您已在排队，当前第 {position} 位"


class ConfirmTooEarlyError(ConflictError):
    code = "confirm_too_early"
    message = "开班前 {hours} 小时内再确认到岗，到时会提醒您"
