"""Time sheets and what two sides do about a difference (对账): states, records, errors. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.gigs.terms import GigPayUnit, Side


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


D = DifferenceState
DIFFERENCE_NEXT: dict[DifferenceState, frozenset[DifferenceState]] = {
    D.OPEN: frozenset({D.ANSWERED, D.AGREED, D.REFERRED}),
    D.ANSWERED: frozenset({D.AGREED, D.REFERRED}),
    # The two agree after all, before or during the mediation.
    D.REFERRED: frozenset({D.AGREED}),
    D.AGREED: frozenset(),
}
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Pieces:
    """So many of one line of the 工价."""

    style: str
    process_code: str
    quantity: int

    def as_dict(self) -> dict[str, Any]:
        return {"style": self.style, "process_code": self.process_code, "quantity": self.quantity}


@dataclass(frozen=True, slots=True)
class Record:
    """What one side states: minutes worked, breaks taken off, and pieces made."""

    minutes: int
    pieces: tuple[Pieces, ...] = ()

    @classmethod
    def of(cls, minutes: int, pieces: Iterable[Mapping[str, Any]]) -> "Record":
        rows = [Pieces(row["style"], row["process_code"], row["quantity"]) for row in pieces]
        return cls(minutes, tuple(sorted(rows, key=lambda row: (row.style, row.process_code))))

    def as_dicts(self) -> list[dict[str, Any]]:
        return [row.as_dict() for row in self.pieces]

    def told(self) -> str:
        """“8小时30分，平车款A 500件”."""
        hours = f"{self.minutes // 60}小时" + (f"{self.minutes % 60}分" if self.minutes % 60 else "")
        return "，".join([hours, *(f"{row.style} {row.quantity}件" for row in self.pieces)])


def undisputed(one: Record, other: Record) -> Record:
    """What both accept: of each number the smaller. It stays payable while the rest is argued about."""
    theirs = {(row.style, row.process_code): row.quantity for row in other.pieces}
    pieces = [
        Pieces(row.style, row.process_code, min(row.quantity, theirs.get((row.style, row.process_code), 0)))
        for row in one.pieces
    ]
    return Record(min(one.minutes, other.minutes), tuple(row for row in pieces if row.quantity))


def check_record(record: Record, pay_unit: GigPayUnit, lines: Sequence[Mapping[str, Any]]) -> None:
    """Pieces only where the accepted terms pay by the piece, of their lines, each once."""
    if record.pieces and pay_unit is GigPayUnit.HOUR:
        raise PiecesNotPaidError
    known = {(line["style"], line["process_code"]) for line in lines}
    said = [(row.style, row.process_code) for row in record.pieces]
    for number, line in enumerate(said):
        if line not in known:
            raise PieceLineUnknownError(style=line[0], known="、".join(sorted({s for s, _ in known})))
        if line in said[:number]:
            raise PieceLineTwiceError(style=line[0])


def other_side(side: Side) -> Side:
    return Side.FIRM if side is Side.WORKER else Side.WORKER


def silent_until(stated_at: datetime, *, hours: int) -> datetime:
    return stated_at + timedelta(hours=hours)


def check_difference_step(current: DifferenceState, target: DifferenceState) -> None:
    if target not in DIFFERENCE_NEXT[current]:
        raise DifferenceStateError(current=current.label, target=target.label)


def check_may_mediate(state: DifferenceState, answer_by: datetime, now: datetime) -> None:
    """After the other side has answered, or has let its two days go by."""
    check_difference_step(state, D.REFERRED)
    if state is D.OPEN and now <= answer_by:
        raise AnswerFirstError(until=f"{answer_by:%m月%d日%H:%M}")


class TimesheetNotFoundError(NotFoundError):
    code = "timesheet_not_found"
    message = "没有找到这份工时单"


class DifferenceNotFoundError(NotFoundError):
    code = "difference_not_found"
    message = "这份工时单没有正在进行的对账"


class DifferenceStateError(ConflictError):
    code = "difference_state_wrong"
    message = "对账当前为“{current}”，不能变为“{target}”"


class NotYourTurnError(ConflictError):
    code = "not_your_turn"
    message = "现在轮到{side}答复，您的记录已提交，请等待"


class AnswerFirstError(ConflictError):
    code = "answer_first"
    message = "对方可在{until}前答复，答复后或逾期未答复时可以选择调解"


class ShiftNotOverError(ConflictError):
    code = "shift_not_over"
    message = "班次还没有结束，结束后再填写工时"


class DifferenceReasonMissingError(UnprocessableError):
    code = "difference_reason_missing"
    message = "您填写的与对方的记录（{other}）不同，请在 reason 里说明不同之处"
    field = "reason"


class PiecesNotPaidError(UnprocessableError):
    code = "pieces_not_paid"
    message = "这个班次按小时计工资，不用填件数"
    field = "pieces"


class PieceLineUnknownError(UnprocessableError):
    code = "piece_line_unknown"
    message = "工价表里没有款式“{style}”，可填的有：{known}"
    field = "pieces"


class PieceLineTwiceError(UnprocessableError):
    code = "piece_line_twice"
    message = "款式“{style}”填了两次，请合并成一行"
    field = "pieces"


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


def claim_due_on(happened_on: date, *, days: int) -> date:
    """The last day for the firm's application: within thirty days of the accident (《工伤保险条例》第十七条)."""
    return happened_on + timedelta(days=days)


def check_accident_step(current: AccidentState, target: AccidentState) -> None:
    if target not in ACCIDENT_NEXT[current]:
        raise AccidentStateError(current=current.label, target=target.label)


def check_happened_at(happened_at: datetime, starts_at: datetime, now: datetime, *, own_days: int) -> None:
    """From the way to work on; not in the future; within the year in which the person may apply."""
    if happened_at > now + timedelta(minutes=2):
        raise AccidentTimeError(why="不能晚于现在")
    if happened_at < starts_at - timedelta(hours=3):
        raise AccidentTimeError(why="早于上班途中，请核对班次")
    if happened_at < now - timedelta(days=own_days):
        raise AccidentTimeError(why=f"已超过{own_days}天")


class AccidentNotFoundError(NotFoundError):
    code = "accident_not_found"
    message = "没有找到这份事故报告"


class AccidentStateError(ConflictError):
    code = "accident_state_wrong"
    message = "事故报告当前为“{current}”，不能变为“{target}”"


class AccidentTimeError(UnprocessableError):
    code = "accident_time_wrong"
    message = "事故时间{why}"
    field = "happened_at"


class FiledOnError(UnprocessableError):
    code = "filed_on_wrong"
    message = "申请日期应在事故当天（{happened_on}）到今天之间"
    field = "filed_on"
