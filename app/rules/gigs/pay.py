"""What is owed for work, and when: by the terms that were accepted, never below the hourly minimum. Pure; money in fen.

Sums stay fractions until the end: a settlement is rounded once (half up), and its lines are the steps of the rounded
running sum, so that they always add up to it.

Overtime: what a day has beyond eight hours with one firm is paid at 150 % (《劳动法》第四十四条第一项) where the label is that
of a contract; 非全日制, students, retired and lent people have no such premium by that article. The week's overtime and the
200 % of rest days are not reckoned here: the two sides agree on them as part of the record.

A wage period may be paid in parts. Overtime and the hourly minimum are reckoned over all of it, and what earlier parts
already hold of them is taken off.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.rules.common.workdays import WorkCalendar
from app.rules.gigs.settlements import LineKind, SettlementState
from app.rules.gigs.terms import GigPayUnit, RelationLabel, WagePeriod
from app.rules.gigs.timesheets import Pieces, Record

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
    pieces: tuple[Pieces, ...] = ()


@dataclass(frozen=True, slots=True)
class Worked:
    """What one seat has earned so far, over all parts of the wage period. `seat`: the assignment."""

    seat: UUID
    day: date
    label: RelationLabel
    minutes: int
    exact: Fraction


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


def work_owed(record: Record, terms: Mapping[str, Any]) -> Owed:
    """What a record earns by the accepted terms, without any premium."""
    hourly = GigPayUnit.of(terms["pay_unit"]) is GigPayUnit.HOUR
    earned, told = _by_hour(record, terms) if hourly else _by_piece(record, terms)
    return Owed(LineKind.WORK, earned, told, record.minutes, () if hourly else record.pieces)


def overtime(
    work: Sequence[Worked], paid: Mapping[date, Fraction], limit_on: Callable[[date], int | None]
) -> list[tuple[UUID, Owed]]:
    """The premium for each day beyond its limit, at the day's average pay, on its last seat; less what was paid of it."""
    found = []
    for day in sorted({one.day for one in work}):
        of_day, limit = [one for one in work if one.day == day], limit_on(day)
        minutes = sum(one.minutes for one in of_day)
        if limit is None or minutes <= limit or all(one.label is not RelationLabel.TASK_CONTRACT for one in of_day):
            continue
        earned = sum((one.exact for one in of_day), Fraction(0))
        premium = earned * Fraction(minutes - limit, minutes) * OVERTIME_PREMIUM - paid.get(day, Fraction(0))
        if premium > 0:
            already = f"，已结{yuan(rounded(paid[day]))}元" if paid.get(day) else ""
            told = f"{day:%m月%d日}共{hours(minutes)}，超过{hours(limit)}的{hours(minutes - limit)}加付50%{already}（{OVERTIME_LAW}）"
            found.append((of_day[-1].seat, Owed(LineKind.OVERTIME, premium, told, minutes - limit)))
    return found


def top_up(work: Sequence[Worked], minimum_fen: int | None, *, paid: Fraction, more: Fraction) -> Owed | None:
    """Pay for all minutes of the period against the hourly minimum; None where nothing is missing or no number is confirmed.

    `paid`: the top-up of earlier parts. Where pieces were corrected since (`more`), it is taken off what they bring, so that
    the period comes to the greater of the two and nothing that was paid is asked back.
    """
    minutes, earned = sum(one.minutes for one in work), sum((one.exact for one in work), Fraction(0))
    if minimum_fen is None or not minutes:
        return None
    floor = Fraction(minutes * minimum_fen, 60)
    missing = max(Fraction(0), floor - earned) - paid
    if missing < 0:
        back = min(-missing, more)
        told = f"此前已补足最低小时工资{yuan(rounded(paid))}元，更正后的工资含其中{yuan(rounded(back))}元"
        return Owed(LineKind.TOP_UP, -back, told) if back else None
    if not missing:
        return None
    already = f"和补足{yuan(rounded(paid))}元" if paid else ""
    told = (
        f"{hours(minutes)} × 最低小时工资{yuan(minimum_fen)}元 = {yuan(rounded(floor))}元，"
        f"已计{yuan(rounded(earned))}元{already}，补足（{MINIMUM_LAW}）"
    )
    return Owed(LineKind.TOP_UP, missing, told)


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
    task_ends: date | None = None,
) -> Due:
    """The earliest of the dates that hold, moved before a rest day. `work`: the days, each with its label.

    《工资支付暂行规定》第七条: on a rest day it is paid on the working day before; 第八条: a one-off task when it is done; 第九条:
    when a contract ends, all of it. `task_ends`: the last day of the tasks that the person has contracts for, where known.
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
    elif task_ends is not None and any(label is RelationLabel.TASK_CONTRACT for _, label in work):
        found.append((max(task_ends, last), "合同所定的工作任务完成、合同终止，一次付清（《工资支付暂行规定》第九条）"))
    day, because = min(found, key=lambda one: one[0])
    moved = calendar.previous_workday(day)
    # Never before the work is done.
    moved = max(moved, last)
    if moved < day:
        because += f"；{day:%m月%d日}是休息日，提前到{moved:%m月%d日}（《工资支付暂行规定》第七条）"
    if calendar.is_provisional(first, day):
        because += f"；{day.year}年放假安排尚未公布，按周末推算"
    return Due(moved, because)


def most_deductible(wage_fen: int, *, minutes: int, minimum_fen: int | None) -> int:
    """What a person may be made to pay for damage: a fifth at most, and the rest not below the minimum."""
    most = int(wage_fen * DEDUCTION_SHARE)
    if minimum_fen is not None:
        most = min(most, wage_fen - -(-minutes * minimum_fen // 60))
    return max(0, most)


def check_deduction(fen: int, *, wage_fen: int, deducted_fen: int, minutes: int, minimum_fen: int | None) -> None:
    most = max(0, most_deductible(wage_fen, minutes=minutes, minimum_fen=minimum_fen) - deducted_fen)
    if fen > most:
        raise DeductionTooHighError(most=yuan(most), law=DEDUCTION_LAW)


def check_payment(fen: int, *, due_fen: int, paid_fen: int) -> None:
    if fen > due_fen - paid_fen:
        raise PaidTooMuchError(rest=yuan(due_fen - paid_fen))


def check_printed(count: int, *, at_most: int) -> None:
    """Nothing is left out of a sheet unsaid."""
    if count > at_most:
        raise TooManyToPrintError(count=count, most=at_most)


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


class TooManyToPrintError(UnprocessableError):
    code = "too_many_settlements"
    message = "这段时间有{count}份结算，一次最多{most}份，请缩短起止日期分几次导出"
    field = "query.to"


class SettlementClosedError(ConflictError):
    code = "settlement_closed"
    message = "结算当前为“{current}”，不能再改"


def check_open(state: SettlementState) -> None:
    if state not in {SettlementState.DUE, SettlementState.OVERDUE}:
        raise SettlementClosedError(current=state.label)
