"""What is owed for work, and when: by the terms that were accepted, never below the hourly minimum. Pure; money in fen.

Sums stay fractions until the end: a settlement is rounded once (half up), and its lines are the steps of the rounded
running sum, so that they always add up to it.

Overtime: what a day has beyond eight hours is paid at 150 % (《劳动法》第四十四条第一项) where the label is that of a
contract; 非全日制, students, retired and lent people have no such premium by that article. The week's overtime and the
200 % of rest days are not reckoned here: the two sides agree on them as part of the record.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.rules.common.workdays import WorkCalendar
from app.rules.gigs.settlements import LineKind, SettlementState
from app.rules.gigs.terms import GigPayUnit, RelationLabel, WagePeriod
from app.rules.gigs.timesheets import Record

HALF = Fraction(1, 2)
OVERTIME_PREMIUM = Fraction(1, 2)
OVERTIME_LAW = "《劳动法》第四十四条"
MINIMUM_LAW = "《最低工资规定》第十二条"
# 《工资支付暂行规定》第十六条: at most a fifth of the month's wage, and what is left not below the minimum.
DEDUCTION_SHARE = Fraction(1, 5)
DEDUCTION_LAW = "《工资支付暂行规定》第十六条"
MONTH_HALF = 15


@dataclass(frozen=True, slots=True)
class Owed:
    """One part of a settlement. `exact`: fen as a fraction; `told`: the sum in words, without its result."""

    kind: LineKind
    exact: Fraction
    told: str
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Due:
    day: date
    because: str


def period_kind(agreed: WagePeriod, label: RelationLabel) -> WagePeriod:
    """非全日制 is settled at least every fifteen days (《劳动合同法》第七十二条), whatever a month was agreed."""
    monthly = agreed is WagePeriod.MONTH and label is RelationLabel.PART_TIME
    return WagePeriod.HALF_MONTH if monthly else agreed


def period_of(kind: WagePeriod, day: date) -> Period:
    """The wage period that a day of work falls into."""
    if kind is WagePeriod.SHIFT:
        return Period(day, day)
    if kind is WagePeriod.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    if kind is WagePeriod.MONTH:
        return Period(day.replace(day=1), following - timedelta(days=1))
    if day.day <= MONTH_HALF:
        return Period(day.replace(day=1), day.replace(day=MONTH_HALF))
    return Period(day.replace(day=MONTH_HALF + 1), following - timedelta(days=1))


def work_owed(record: Record, terms: Mapping[str, Any], label: RelationLabel, *, day_minutes: int | None) -> list[Owed]:
    """What a record earns by the accepted terms: the work, and the premium for a day beyond its limit."""
    earned, told = (
        _by_hour(record, terms) if GigPayUnit.of(terms["pay_unit"]) is GigPayUnit.HOUR else _by_piece(record, terms)
    )
    lines = [Owed(LineKind.WORK, earned, told, record.minutes)]
    extra = 0 if day_minutes is None else record.minutes - day_minutes
    if extra > 0 and label is RelationLabel.TASK_CONTRACT:
        premium = earned * Fraction(extra, record.minutes) * OVERTIME_PREMIUM
        text = f"超过{hours(day_minutes or 0)}的{hours(extra)}加付50%（{OVERTIME_LAW}）"
        lines.append(Owed(LineKind.OVERTIME, premium, text, extra))
    return lines


def top_up(lines: Sequence[tuple[int, Fraction]], minimum_fen: int | None) -> Owed | None:
    """Pay for so many minutes against the hourly minimum; None where it reaches it or no number is confirmed."""
    minutes, earned = sum(line[0] for line in lines), sum((line[1] for line in lines), Fraction(0))
    if minimum_fen is None or not minutes:
        return None
    floor = Fraction(minutes * minimum_fen, 60)
    if earned >= floor:
        return None
    told = (
        f"{hours(minutes)} × 最低小时工资{yuan(minimum_fen)}元 = {yuan(rounded(floor))}元，"
        f"已计{yuan(rounded(earned))}元，补足（{MINIMUM_LAW}）"
    )
    return Owed(LineKind.TOP_UP, floor - earned, told, 0)


def running_sums(parts: Iterable[Fraction]) -> list[int]:
    """Whole fen for each part, so that they add up to the sum rounded once."""
    total, before, found = Fraction(0), 0, []
    for part in parts:
        total += part
        after = rounded(total)
        found.append(after - before)
        before = after
    return found


def rounded(exact: Fraction) -> int:
    """Half up, for negative sums too: −0.5 becomes 0."""
    return (exact + HALF).__floor__()


def due_of(
    period: Period,
    work: Sequence[tuple[date, RelationLabel]],
    *,
    kind: WagePeriod,
    pay_days: int,
    part_time_days: int,
    calendar: WorkCalendar,
) -> Due:
    """The earliest of the dates that hold, moved before a rest day. `work`: the days, each with its label.

    《工资支付暂行规定》第七条: on a rest day it is paid on the working day before; 第八条: a one-off task when it is done.
    """
    first, last = min(day for day, _ in work), max(day for day, _ in work)
    found = [(period.end + timedelta(days=pay_days), f"约定{period.end:%m月%d日}结算期满后{pay_days}天内支付")]
    part_time = [day for day, label in work if label is RelationLabel.PART_TIME]
    if part_time:
        found.append(
            (
                min(part_time) + timedelta(days=part_time_days),
                f"非全日制结算支付周期最长{part_time_days}日（《劳动合同法》第七十二条）",
            )
        )
    if kind is WagePeriod.SHIFT and any(label is RelationLabel.TASK_CONTRACT for _, label in work):
        found.append((last, "一次性工作任务完成即付（《工资支付暂行规定》第八条）"))
    day, because = min(found, key=lambda one: one[0])
    moved = calendar.previous_workday(day)
    # Never before the work is done.
    moved = max(moved, last)
    if moved < day:
        because += f"；{day:%m月%d日}是休息日，提前到{moved:%m月%d日}（《工资支付暂行规定》第七条）"
    if calendar.is_provisional(first, day):
        because += f"；{day.year}年放假安排尚未公布，按周末推算"
    return Due(moved, because)


def check_deduction(fen: int, *, wage_fen: int, deducted_fen: int, minutes: int, minimum_fen: int | None) -> None:
    """What a person may be made to pay for damage: a fifth at most, and the rest not below the minimum."""
    most = int(wage_fen * DEDUCTION_SHARE)
    if minimum_fen is not None:
        most = min(most, wage_fen - -(-minutes * minimum_fen // 60))
    most = max(0, most - deducted_fen)
    if fen > most:
        raise DeductionTooHighError(most=yuan(most), law=DEDUCTION_LAW)


def check_payment(fen: int, *, due_fen: int, paid_fen: int) -> None:
    if fen > due_fen - paid_fen:
        raise PaidTooMuchError(rest=yuan(due_fen - paid_fen))


def yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


def hours(minutes: int) -> str:
    whole, rest = divmod(minutes, 60)
    return (f"{whole}小时" if whole or not rest else "") + (f"{rest}分" if rest else "")


def _by_hour(record: Record, terms: Mapping[str, Any]) -> tuple[Fraction, str]:
    fen = int(terms["hour_fen"])
    return Fraction(record.minutes * fen, 60), f"{terms['process_name']} {hours(record.minutes)} × {yuan(fen)}元"


def _by_piece(record: Record, terms: Mapping[str, Any]) -> tuple[Fraction, str]:
    rates = {(line["style"], line["process_code"]): line for line in terms["piece_lines"]}
    earned, told = Fraction(0), []
    for piece in record.pieces:
        line = rates[piece.style, piece.process_code]
        earned += Fraction(piece.quantity * int(line["rate_fen"]), int(line["per_quantity"]))
        per = "" if line["per_quantity"] == 1 else f"每{line['per_quantity']}件"
        told.append(f"{piece.style} {piece.quantity}件 × {per}{yuan(int(line['rate_fen']))}元")
    return earned, "；".join(told) or f"{terms['process_name']} 0件"


class SettlementNotFoundError(NotFoundError):
    code = "settlement_not_found"
    message = "没有找到这份结算"


class PaidTooMuchError(UnprocessableError):
    code = "paid_too_much"
    message = "登记的金额超过尚未支付的{rest}元，请核对"
    field = "paid_fen"


class PaidOnError(UnprocessableError):
    code = "paid_on_wrong"
    message = "支付日期应在{start}到今天之间"
    field = "paid_on"


class DeductionTooHighError(UnprocessableError):
    code = "deduction_too_high"
    message = "扣款最多{most}元：不得超过工资的20%，扣后不得低于最低工资（{law}）"
    field = "fen"


class SettlementClosedError(ConflictError):
    code = "settlement_closed"
    message = "结算当前为“{current}”，不能再改"


def check_open(state: SettlementState) -> None:
    if state not in {SettlementState.DUE, SettlementState.OVERDUE}:
        raise SettlementClosedError(current=state.label)
