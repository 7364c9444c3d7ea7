"""Time sheets and what two sides do about a difference (对账): states, errors. Pure."""

from app.core.errors import ConflictError
from app.core.labels import Labelled


class TimesheetState(Labelled):
    OPEN = "open", "待填写"
    # One side has stated its record, the other has not answered.
    STATED = "stated", "一方已确认"
    # 48 hours of silence: that record stands until somebody objects; due dates do not wait.
    PROVISIONAL = "provisional", "暂按一方记录"
    AGREED = "agreed", "双方确认"
    DISPUTED = "disputed", "对账中"
    REFERRED = "referred", "已选择调解"


class DifferenceState(Labelled):
    OPEN = "open", "待对方答复"
    ANSWERED = "answered", "已答复"
    AGREED = "agreed", "已一致"
    REFERRED = "referred", "已选择调解"


T = TimesheetState
NEXT: dict[TimesheetState, frozenset[TimesheetState]] = {
    T.OPEN: frozenset({T.STATED}),
    T.STATED: frozenset({T.AGREED, T.PROVISIONAL, T.DISPUTED}),
    T.PROVISIONAL: frozenset({T.AGREED, T.DISPUTED}),
    T.DISPUTED: frozenset({T.AGREED, T.REFERRED}),
    T.REFERRED: frozenset({T.AGREED}),
    T.AGREED: frozenset(),
}
# Payable: whole, or for a disputed one its undisputed part.
PAYABLE = frozenset({T.AGREED, T.PROVISIONAL})


def check_timesheet_step(current: TimesheetState, target: TimesheetState) -> None:
    if target not in NEXT[current]:
        raise TimesheetStateError(current=current.label, target=target.label)


class TimesheetStateError(ConflictError):
    code = "timesheet_state_wrong"
    message = "工时单当前为“{current}”，不能变为“{target}”"


class AccidentState(Labelled):
    REPORTED = "reported", "已报告"
    ACKNOWLEDGED = "acknowledged", "企业已知悉"
    FILED = "filed", "已申请工伤认定"
    CLOSED = "closed", "已办结"


C = AccidentState
ACCIDENT_NEXT: dict[AccidentState, frozenset[AccidentState]] = {
    C.REPORTED: frozenset({C.ACKNOWLEDGED, C.FILED, C.CLOSED}),
    C.ACKNOWLEDGED: frozenset({C.FILED, C.CLOSED}),
    C.FILED: frozenset({C.CLOSED}),
    C.CLOSED: frozenset(),
}
