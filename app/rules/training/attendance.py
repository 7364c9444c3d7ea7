"""Attendance: marks, minutes, the person's own short-lived code. Pure; minutes.

The code stands on the person's phone and names the person and the session: sent to ten friends it marks nobody but its
owner (complaint mod_attendance #424). Where a camera fails, the trainer's list does, with a reason (#713).
"""

from datetime import datetime, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

CODE_SECONDS = 20
OPENS_BEFORE = timedelta(minutes=30)
PRESENT_UNTIL = timedelta(minutes=15)
PERCENT = 100


class SessionMark(Labelled):
    UNMARKED = "unmarked", "未登记"
    PRESENT = "present", "到课"
    LATE = "late", "迟到"
    LEFT_EARLY = "left_early", "早退"
    EXCUSED = "excused", "请假"
    ABSENT = "absent", "缺课"
    NOT_ENROLLED_YET = "not_enrolled_yet", "当时尚未录取"


class MarkWay(Labelled):
    CODE = "code", "扫码"
    LIST = "list", "教师登记"


M = SessionMark
PART = frozenset({M.LATE, M.LEFT_EARLY})
# What a trainer may enter; the others follow from the records.
BY_HAND = frozenset({M.PRESENT, M.EXCUSED, M.ABSENT, *PART})
THERE = frozenset({M.PRESENT, *PART})
# Any of the marks that stand for a fact may be corrected into another, with a reason.
MARK_NEXT: dict[SessionMark, frozenset[SessionMark]] = {
    M.UNMARKED: BY_HAND,
    **{mark: BY_HAND - {mark} for mark in BY_HAND},
    M.NOT_ENROLLED_YET: frozenset(),
}


def check_mark(current: SessionMark, target: SessionMark) -> None:
    if target is current and current in BY_HAND:
        # The same mark with other minutes.
        return
    if target not in MARK_NEXT[current]:
        raise MarkWrongError(current=current.label, target=target.label)


def mark_by_code(starts_at: datetime, ends_at: datetime, now: datetime) -> tuple[SessionMark, int]:
    """The mark and the minutes that somebody scanned now has: from half an hour before the session to its end."""
    if now < starts_at - OPENS_BEFORE:
        raise SessionAheadError(opens=OPENS_BEFORE // timedelta(minutes=1))
    if now >= ends_at:
        raise SessionOverError
    if now <= starts_at + PRESENT_UNTIL:
        return M.PRESENT, (ends_at - starts_at) // timedelta(minutes=1)
    return M.LATE, (ends_at - now) // timedelta(minutes=1)


def minutes_by_hand(mark: SessionMark, minutes: int | None, starts_at: datetime, ends_at: datetime) -> int:
    """Whole for who was there, none for who was not; a part is said, and is less than the session."""
    whole = (ends_at - starts_at) // timedelta(minutes=1)
    if mark not in PART:
        if minutes is not None and minutes != (whole if mark is M.PRESENT else 0):
            raise MarkMinutesError(least=whole if mark is M.PRESENT else 0, most=whole if mark is M.PRESENT else 0)
        return whole if mark is M.PRESENT else 0
    if minutes is None or not 0 < minutes <= whole:
        raise MarkMinutesError(least=1, most=whole)
    return minutes


def check_begun(starts_at: datetime, now: datetime) -> None:
    """Marks for sessions that lie ahead are refused (complaint mod_attendance #807)."""
    if now < starts_at:
        raise MarkFutureError


def stands_for(mark: SessionMark, starts_at: datetime, enrolled_at: datetime | None) -> SessionMark:
    """Who got the seat after a session was not absent from it (complaint mod_attendance #687)."""
    late = enrolled_at is None or enrolled_at >= starts_at
    return M.NOT_ENROLLED_YET if mark is M.UNMARKED and late else mark


def share_of(minutes: int, whole: int) -> int:
    """Per cent of the hours, rounded down."""
    return minutes * PERCENT // whole if whole else 0


class MarkWrongError(ConflictError):
    code = "mark_wrong"
    message = "考勤当前为“{current}”，不能改为“{target}”"


class MarkFutureError(ConflictError):
    code = "mark_future"
    message = "这次课还没有开始，不能登记考勤"


class SessionAheadError(ConflictError):
    code = "session_ahead"
    message = "签到从上课前{opens}分钟开始，现在还太早"


class SessionOverError(ConflictError):
    code = "session_over"
    message = "这次课已经结束，不能再扫码签到；请由教师登记"


class MarkMinutesError(UnprocessableError):
    code = "mark_minutes_wrong"
    message = "分钟数应在{least}到{most}之间（不超过这次课的时长）"
    field = "minutes"


class NotInClassError(NotFoundError):
    code = "not_in_class"
    message = "这个人没有被这个班录取"


class CheckInCodeError(UnprocessableError):
    code = "check_in_code_wrong"
    message = "签到码不正确，请学员打开小程序重新出示"
    field = "code"


class CheckInCodeOldError(UnprocessableError):
    code = "check_in_code_old"
    message = "签到码已过期（截图无效），请学员出示屏幕上正在变化的签到码"
    field = "code"


class OwnMarkError(ConflictError):
    code = "own_mark"
    message = "不能登记自己的考勤或结果，请由另一位工作人员登记"
