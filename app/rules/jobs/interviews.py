"""Interviews: states, slots, when to remind, errors. Pure; times are given in China Standard Time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.core.errors import ConflictError, FieldIssue, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.common.notices import QUIET_FROM, QUIET_TO
from app.rules.jobs.applications import ApplicationState, RejectReason


class InterviewState(Labelled):
    PROPOSED = "proposed", "待求职者选时间"
    OTHER_ASKED = "other_asked", "求职者请求另约时间"
    CONFIRMED = "confirmed", "已约定"
    PASSED = "passed", "面试通过"
    FAILED = "failed", "面试未通过"
    NO_SHOW = "no_show", "未到场"
    CANCELLED = "cancelled", "已取消"
    LAPSED = "lapsed", "未约成"


class InterviewMode(Labelled):
    ONSITE = "onsite", "到场"
    ONLINE = "online", "线上"


class InterviewResult(Labelled):
    PASSED = "passed", "通过"
    FAILED = "failed", "未通过"
    NO_SHOW = "no_show", "未到场"


S = InterviewState
INTERVIEW_NEXT: dict[InterviewState, frozenset[InterviewState]] = {
    S.PROPOSED: frozenset({S.OTHER_ASKED, S.CONFIRMED, S.CANCELLED, S.LAPSED}),
    S.OTHER_ASKED: frozenset({S.PROPOSED, S.CANCELLED, S.LAPSED}),
    S.CONFIRMED: frozenset({S.PROPOSED, S.OTHER_ASKED, S.PASSED, S.FAILED, S.NO_SHOW, S.CANCELLED}),
    S.PASSED: frozenset(),
    S.FAILED: frozenset(),
    S.NO_SHOW: frozenset(),
    S.CANCELLED: frozenset(),
    S.LAPSED: frozenset(),
}
RUNNING = frozenset({S.PROPOSED, S.OTHER_ASKED, S.CONFIRMED})
RESULT_STATES = {
    InterviewResult.PASSED: S.PASSED, InterviewResult.FAILED: S.FAILED, InterviewResult.NO_SHOW: S.NO_SHOW,
}  # fmt: skip
MOST_SLOTS = 5
EARLIEST, LATEST = time(7), time(22)
LONGEST_AHEAD = timedelta(days=60)
DAY_BEFORE, SOON_BEFORE = timedelta(hours=24), timedelta(hours=2)
# A reminder that would fall into the quiet hours comes this long before they begin.
BEFORE_QUIET = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Span:
    starts_at: datetime
    ends_at: datetime

    def meets(self, other: "Span") -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def check_interview(current: InterviewState, target: InterviewState) -> None:
    if target not in INTERVIEW_NEXT[current]:
        raise InterviewStateError(current=current.label, target=target.label)


def check_new_slots(current: InterviewState) -> None:
    """Other times may be offered as long as it runs, also before the first answer."""
    if current not in RUNNING:
        raise InterviewStateError(current=current.label, target=S.PROPOSED.label)


def check_slots(slots: Sequence[Span], now: datetime) -> None:
    """Each names its field: in the future, between 7 and 22 o'clock of one day, apart from one another."""
    issues = [
        FieldIssue(path=f"slots.{place}.starts_at", message=why)
        for place, slot in enumerate(slots)
        if (why := _wrong(slot, slots[:place], now)) is not None
    ]
    if issues:
        raise SlotsWrongError(why=issues[0].message, fields=issues)


def _wrong(slot: Span, earlier: Sequence[Span], now: datetime) -> str | None:
    if slot.starts_at <= now:
        return "时间已过，请选将来的时间"
    if slot.starts_at > now + LONGEST_AHEAD:
        return f"最多提前{LONGEST_AHEAD.days}天安排"
    if slot.starts_at.time() < EARLIEST or slot.ends_at > slot.starts_at.replace(
        hour=LATEST.hour, minute=0, second=0, microsecond=0
    ):
        return "面试应安排在7:00到22:00之间"
    if any(slot.meets(other) for other in earlier):
        return "与前面的时间重叠"
    return None


def next_reminder(starts_at: datetime, after: datetime) -> datetime | None:
    """The first reminder later than `after`: a day before, then two hours before; None where both are past."""
    moments = sorted(_awake(starts_at - ahead) for ahead in (DAY_BEFORE, SOON_BEFORE))
    return next((at for at in moments if at > after), None)


def _awake(at: datetime) -> datetime:
    """Nobody is woken, and a word after the interview is of no use: the evening before instead."""
    if QUIET_TO <= at.time() < QUIET_FROM:
        return at
    evening = at.replace(hour=QUIET_FROM.hour, minute=0, second=0, microsecond=0)
    return (evening if at.time() >= QUIET_FROM else evening - timedelta(days=1)) - BEFORE_QUIET


def check_result(result: InterviewResult, reason: RejectReason | None, *, starts_at: datetime, now: datetime) -> None:
    """A result is recorded once the interview has begun; a failure says why, a no-show may end the application."""
    if now < starts_at:
        raise InterviewNotYetError
    if result is InterviewResult.FAILED and reason in {None, RejectReason.NO_SHOW}:
        raise ResultReasonError(why="未通过须从列表中选一个原因")
    if result is InterviewResult.PASSED and reason is not None:
        raise ResultReasonError(why="通过不填原因")
    if result is InterviewResult.NO_SHOW and reason not in {None, RejectReason.NO_SHOW}:
        raise ResultReasonError(why="未到场的原因只能是“未到场面试”，不填则应聘继续、可以另约")


def outcome_of(result: InterviewResult, reason: RejectReason | None) -> ApplicationState | None:
    """Where the application goes; None: it stays, another interview may be arranged."""
    if result is InterviewResult.PASSED:
        return ApplicationState.OFFERED
    return None if reason is None else ApplicationState.REJECTED


class InterviewNotFoundError(NotFoundError):
    code = "interview_not_found"
    message = "没有找到这次面试"


class InterviewStateError(ConflictError):
    code = "interview_state_wrong"
    message = "面试当前为“{current}”，不能变为“{target}”"


class InterviewRunningError(ConflictError):
    code = "interview_running"
    message = "这份应聘已有一次面试在安排中，请在那次面试里改时间"


class InterviewOverlapError(ConflictError):
    code = "interview_overlap"
    message = "与您已约定的面试（{other}）时间冲突，请选别的时间或请求另约"


class InterviewNotYetError(ConflictError):
    code = "interview_not_yet"
    message = "面试还没有开始，开始之后才能登记结果"


class SlotsWrongError(UnprocessableError):
    code = "interview_slots_wrong"
    message = "面试时间有误：{why}"


class SlotUnknownError(UnprocessableError):
    code = "interview_slot_unknown"
    message = "没有这个时间，请从企业给出的时间里选一个"
    field = "slot"


class SlotPastError(ConflictError):
    code = "interview_slot_past"
    message = "这个时间已经过去，请选别的时间或请求另约"


class ResultReasonError(UnprocessableError):
    code = "interview_reason_wrong"
    message = "面试结果的原因有误：{why}"
    field = "reason"


class WordsUncheckedError(UnprocessableError):
    """Nobody reads words that were not checked; the act goes on without them."""

    code = "words_unchecked"
    message = "这段话暂时不能显示给对方（{why}），请改写、稍后再试，或不填写"
