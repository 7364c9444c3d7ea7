"""Reports: what a class cost against the subsidy's ceiling, and feedback only from five answers on. Pure; fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.core.errors import ConflictError, UnprocessableError
from app.core.labels import Labelled

FEEDBACK_FROM = 5
BEST, WORST = 5, 1


class SubsidyKind(Labelled):
    HOUR_RATE = "hour_rate", "每人每学时最高补贴"
    LEAST_HOURS = "least_hours", "开班最少学时"
    PAID_HOURS = "paid_hours", "最多补贴学时"


@dataclass(frozen=True, slots=True)
class SubsidyRow:
    """A dated row: fen for the rate, 学时 for the others."""

    kind: SubsidyKind
    value: int
    valid_from: date
    valid_to: date | None
    confirmed: bool


def in_force(rows: Sequence[SubsidyRow], kind: SubsidyKind, on: date) -> SubsidyRow | None:
    """The newest that holds on this day."""
    held = [
        row for row in rows
        if row.kind is kind and row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)
    ]  # fmt: skip
    return max(held, key=lambda row: row.valid_from, default=None)


def ceiling_of(rows: Sequence[SubsidyRow], *, hours: int, heads: int, on: date) -> tuple[int | None, str]:
    """The most that a class may be subsidised with, and the sentence that says from what; None where no row says."""
    rate, least, paid = (in_force(rows, kind, on) for kind in SubsidyKind)
    if rate is None:
        return None, "没有这一天适用的补贴标准"
    if least is not None and hours < least.value:
        return 0, f"全班{hours}学时，不到补贴要求的{least.value}学时"
    counted = hours if paid is None else min(hours, paid.value)
    most = counted * heads * rate.value
    checked = "" if rate.confirmed else "（标准待核对）"
    return most, f"{counted}学时×{heads}人×{rate.value / 100:g}元={most / 100:g}元{checked}"


def hour_cost(cost: int, *, hours: int, heads: int) -> int | None:
    """Fen for a person and 学时, rounded half up; None where nobody was there."""
    units = hours * heads
    return (2 * cost + units) // (2 * units) if units else None


def cost_told(cost: int | None, rate: SubsidyRow | None) -> str:
    if cost is None:
        return "没有人上课，算不出每人每学时成本"
    if rate is None:
        return f"每人每学时{cost / 100:g}元，没有适用的补贴标准"
    side = "超过" if cost > rate.value else "不超过"
    return f"每人每学时{cost / 100:g}元，{side}补贴上限{rate.value / 100:g}元"


def mean_told(scores: Sequence[int]) -> int | None:
    """The mean in hundredths, from five answers on; fewer could be told apart."""
    if len(scores) < FEEDBACK_FROM:
        return None
    return (2 * sum(scores) * 100 + len(scores)) // (2 * len(scores))


class FeedbackEarlyError(ConflictError):
    code = "feedback_early"
    message = "上过课、结班之后才能评价"


class FeedbackTwiceError(ConflictError):
    code = "feedback_twice"
    message = "您已经评价过这个班"


class ReportPeriodError(UnprocessableError):
    code = "report_period_wrong"
    message = "起始日期应不晚于截止日期，最长{years}年"
    field = "until"
