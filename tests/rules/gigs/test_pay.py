"""What is owed and when: tables with the numbers worked out by hand, and what holds for any numbers."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.common.workdays import WorkCalendar
from app.rules.gigs import pay
from app.rules.gigs.settlements import (
    BLOCK_NEXT,
    NEXT,
    BlockStateError,
    LineKind,
    SettlementStateError,
    check_block_step,
    check_settlement_step,
)
from app.rules.gigs.terms import RelationLabel, WagePeriod
from app.rules.gigs.timesheets import Pieces, Record

HOUR = {"pay_unit": "hour", "hour_fen": 2200, "process_name": "平车", "piece_lines": []}
PIECE = {
    "pay_unit": "piece", "hour_fen": None, "process_name": "平车",
    "piece_lines": [
        {"style": "款A", "process_code": "1", "rate_fen": 850, "per_quantity": 1000},
        {"style": "款B", "process_code": "1", "rate_fen": 120, "per_quantity": 1},
    ],
}  # fmt: skip
TASK, PART = RelationLabel.TASK_CONTRACT, RelationLabel.PART_TIME
CALENDAR = WorkCalendar(
    holidays=frozenset(date(2026, 10, day) for day in range(1, 8)), workdays=frozenset({date(2026, 10, 10)}),
    years=frozenset({2026}),
)  # fmt: skip


DAY = date(2026, 11, 24)


def worked(*days: tuple[int, int], label: RelationLabel = TASK, day: date = DAY) -> list[pay.Worked]:
    """(minutes, fen), each a seat of its own on one day."""
    return [pay.Worked(UUID(int=at), day, label, minutes, Fraction(fen)) for at, (minutes, fen) in enumerate(days)]


def test_work() -> None:
    def earned(record: Record, terms: dict[str, Any]) -> Fraction:
        return pay.work_owed(record, terms).exact

    assert earned(Record(480), HOUR) == Fraction(17600)
    assert earned(Record(475), HOUR) == Fraction(52250, 3)
    pieces = Record(480, (Pieces("款A", "1", 12345), Pieces("款B", "1", 100)))
    one = pay.work_owed(pieces, PIECE)
    assert (one.kind, one.exact, one.minutes) == (LineKind.WORK, Fraction(12345 * 850, 1000) + 12000, 480)
    assert (one.told, one.pieces) == ("款A 12345件 × 每1000件8.50元；款B 100件 × 1.20元", pieces.pieces)
    assert pay.work_owed(Record(480), HOUR).told == "平车 8小时 × 22.00元"


def premiums(work: list[pay.Worked], paid: int = 0, limit: int | None = 480) -> list[tuple[int, int, Fraction]]:
    found = pay.overtime(work, {DAY: Fraction(paid)} if paid else {}, lambda day: limit)
    return [(seat.int, owed.minutes, owed.exact) for seat, owed in found]


def test_overtime_is_for_contracts_only() -> None:
    assert premiums(worked((600, 22000))) == [(0, 120, Fraction(2200))]
    assert premiums(worked((480, 17600))) == []
    for label in set(RelationLabel) - {TASK}:
        assert premiums(worked((600, 22000), label=label)) == []
    assert premiums(worked((600, 22000)), limit=None) == []


def test_two_shifts_of_a_day_are_one_day() -> None:
    """Five and a half hours twice: three beyond eight, at the day's average pay, once."""
    assert premiums(worked((330, 11000), (330, 13200))) == [(1, 180, Fraction(24200) * Fraction(180, 660) / 2)]
    following = worked((330, 11000)) + worked((330, 13200), day=DAY + timedelta(days=1))
    assert premiums(following) == []


def test_overtime_that_was_paid_is_not_paid_again() -> None:
    assert premiums(worked((660, 24200)), paid=2200) == [(0, 180, Fraction(3300) - 2200)]
    assert premiums(worked((600, 22000)), paid=2200) == []
    (one,) = pay.overtime(worked((660, 24200)), {DAY: Fraction(2200)}, lambda day: 480)
    assert one[1].told == "11月24日共11小时，超过8小时的3小时加付50%，已结22.00元（《劳动法》第四十四条）"


def topped(work: list[pay.Worked], minimum: int | None, paid: int = 0, more: int = 0) -> pay.Owed | None:
    return pay.top_up(work, minimum, paid=Fraction(paid), more=Fraction(more))


def test_piece_pay_is_topped_up_to_the_hourly_minimum() -> None:
    assert topped(worked((480, 16800)), 2100) is None
    found = topped(worked((480, 16799)), 2100)
    assert found is not None
    assert (found.kind, found.exact) == (LineKind.TOP_UP, Fraction(1))
    assert "8小时 × 最低小时工资21.00元 = 168.00元" in found.told
    # Over the whole period: a good day makes up for a slow one.
    assert topped(worked((480, 10000), (480, 30000)), 2100) is None
    assert topped(worked((480, 1)), None) is None
    assert topped([], 2100) is None


def test_a_minimum_that_was_paid_counts_in_later_parts() -> None:
    # 480 minutes brought 100 and 68 to the minimum; an hour more without a piece brings another 21.
    more = topped(worked((540, 10000)), 2100, paid=6800)
    assert more is not None
    assert more.exact == Fraction(2100)
    assert "已计100.00元和补足68.00元" in more.told
    # Pieces for 120 more were found: 220 in all, of which 168 are paid, so 52.
    better = topped(worked((480, 22000)), 2100, paid=6800, more=12000)
    assert better is not None
    assert better.exact == Fraction(-6800)
    # Less is never asked back, and other work of the period does not pay for it.
    assert topped(worked((400, 14000)), 2100, paid=6800) is None
    assert topped(worked((480, 10000), (480, 30000)), 2100, paid=6800) is None


@given(st.lists(st.fractions(min_value=-10_000, max_value=10_000_000, max_denominator=6000), max_size=30))
def test_lines_add_up_to_the_sum_rounded_once(parts: list[Fraction]) -> None:
    sums = pay.running_sums(parts)
    assert sum(sums) == pay.rounded(sum(parts, Fraction(0)))
    assert all(abs(fen - part) <= 1 for fen, part in zip(sums, parts, strict=True))


@given(st.lists(st.tuples(st.integers(1, 720), st.integers(0, 50_000)), min_size=1, max_size=14), st.integers(1, 5000))
def test_never_below_the_minimum(days: list[tuple[int, int]], minimum: int) -> None:
    extra = topped(worked(*days), minimum)
    total = sum(fen for _, fen in days) + (extra.exact if extra else 0)
    assert total * 60 >= sum(minutes for minutes, _ in days) * minimum
    assert extra is None or total * 60 == sum(minutes for minutes, _ in days) * minimum


@given(
    st.lists(st.tuples(st.integers(1, 720), st.integers(0, 50_000)), min_size=1, max_size=6),
    st.integers(0, 300), st.integers(0, 50_000), st.integers(1, 5000),
)  # fmt: skip
def test_a_correction_after_payment_comes_to_what_one_settlement_would(
    days: list[tuple[int, int]], minutes: int, fen: int, minimum: int
) -> None:
    """Paid once, then the first sheet gets more minutes and pieces: both parts together are the greater of pay and minimum."""
    first = topped(worked(*days), minimum)
    paid = first.exact if first else Fraction(0)
    corrected = [(days[0][0] + minutes, days[0][1] + fen), *days[1:]]
    second = pay.top_up(worked(*corrected), minimum, paid=paid, more=Fraction(fen))
    both = sum(one for _, one in corrected) + paid + (second.exact if second else 0)
    whole = topped(worked(*corrected), minimum)
    assert both == sum(one for _, one in corrected) + (whole.exact if whole else 0)
    assert fen + (second.exact if second else 0) >= 0


def test_half_up() -> None:
    halves = [Fraction(1, 2), Fraction(3, 2), Fraction(-1, 2), Fraction(1, 3)]
    assert [pay.rounded(part) for part in halves] == [1, 2, 0, 0]


@pytest.mark.parametrize(
    ("kind", "day", "start", "end"),
    [
        ("shift", date(2026, 11, 26), date(2026, 11, 26), date(2026, 11, 26)),
        ("week", date(2026, 11, 30), date(2026, 11, 30), date(2026, 12, 6)),
        ("week", date(2026, 12, 6), date(2026, 11, 30), date(2026, 12, 6)),
        ("half_month", date(2026, 2, 15), date(2026, 2, 1), date(2026, 2, 15)),
        ("half_month", date(2026, 2, 16), date(2026, 2, 16), date(2026, 2, 28)),
        ("month", date(2028, 2, 29), date(2028, 2, 1), date(2028, 2, 29)),
        ("month", date(2026, 12, 31), date(2026, 12, 1), date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_wage_periods(kind: str, day: date, start: date, end: date) -> None:
    assert pay.period_of(WagePeriod.of(kind), day) == pay.Period(start, end)


def due(kind: str, work: list[tuple[date, RelationLabel]], pay_days: int, task_ends: date | None = None) -> pay.Due:
    period = pay.period_of(WagePeriod.of(kind), work[0][0])
    return pay.due_of(
        period, work, kind=WagePeriod.of(kind), pay_days=pay_days, part_time_days=15, calendar=CALENDAR,
        task_ends=task_ends,
    )  # fmt: skip


def test_when_the_task_is_done_the_contract_ends_and_all_is_paid() -> None:
    tuesday, friday = date(2026, 11, 24), date(2026, 11, 27)
    ended = due("week", [(tuesday, TASK)], 3, task_ends=friday)
    assert (ended.day, "第九条" in ended.because) == (friday, True)
    # The task goes on beyond the agreed day: that one counts. Part-time work has no such contract.
    assert due("week", [(tuesday, TASK)], 3, task_ends=date(2026, 12, 20)).day == date(2026, 12, 2)
    assert due("week", [(tuesday, PART)], 3, task_ends=friday).day == date(2026, 12, 2)
    # Its last day is never before the work that is paid.
    assert due("week", [(friday, TASK)], 3, task_ends=tuesday).day == friday


def test_the_earliest_date_counts() -> None:
    tuesday = date(2026, 11, 24)
    contract = due("week", [(tuesday, TASK)], 3)
    assert (contract.day, "约定11月29日结算期满后3天" in contract.because) == (date(2026, 12, 2), True)
    part = due("month", [(date(2026, 11, 3), PART), (date(2026, 11, 20), TASK)], 15)
    assert (part.day, "《劳动合同法》第七十二条" in part.because) == (date(2026, 11, 20), True)
    # Fifteen days from the first day of part-time work, but never before what the settlement pays for is done.
    assert due("month", [(date(2026, 11, 3), PART)], 15).day == date(2026, 11, 18)
    task = due("shift", [(tuesday, TASK)], 7)
    assert (task.day, "一次性工作任务" in task.because) == (tuesday, True)
    assert due("shift", [(tuesday, PART)], 7).day == date(2026, 12, 1)


def test_a_rest_day_moves_it_earlier() -> None:
    # Ends Sunday 27 September, five days: 2 October, in the holidays; the last working day before is 30 September.
    moved = due("week", [(date(2026, 9, 22), TASK)], 5)
    assert (moved.day, "提前到09月30日" in moved.because) == (date(2026, 9, 30), True)
    # Saturday 10 October is worked instead: it stays.
    assert due("week", [(date(2026, 9, 29), TASK)], 6).day == date(2026, 10, 10)
    # A Sunday's work is not paid on the Friday before it.
    assert due("shift", [(date(2026, 11, 29), TASK)], 0).day == date(2026, 11, 29)
    following = due("month", [(date(2027, 1, 5), TASK)], 5)
    assert "2027年放假安排尚未公布" in following.because


@given(st.dates(date(2026, 1, 1), date(2026, 12, 1)), st.sampled_from(list(WagePeriod)), st.integers(0, 40))
def test_due_is_never_late_by_law_nor_before_the_work(day: date, kind: WagePeriod, pay_days: int) -> None:
    period = pay.period_of(kind, day)
    found = pay.due_of(period, [(day, PART)], kind=kind, pay_days=pay_days, part_time_days=15, calendar=CALENDAR)
    assert day <= found.day <= max(day, min(period.end + timedelta(days=pay_days), day + timedelta(days=15)))


def test_deductions() -> None:
    pay.check_deduction(3520, wage_fen=17600, deducted_fen=0, minutes=480, minimum_fen=None)
    for case in (
        {"fen": 3521, "wage_fen": 17600, "deducted_fen": 0, "minutes": 480, "minimum_fen": None},
        {"fen": 1, "wage_fen": 17600, "deducted_fen": 3520, "minutes": 480, "minimum_fen": None},
        {"fen": 801, "wage_fen": 17600, "deducted_fen": 0, "minutes": 480, "minimum_fen": 2100},
    ):
        with pytest.raises(pay.DeductionTooHighError):
            pay.check_deduction(**case)
    pay.check_deduction(800, wage_fen=17600, deducted_fen=0, minutes=480, minimum_fen=2100)


TABLES: list[tuple[Any, Any, Any]] = [
    (NEXT, check_settlement_step, SettlementStateError), (BLOCK_NEXT, check_block_step, BlockStateError),
]  # fmt: skip


@pytest.mark.parametrize(
    ("check", "error", "current", "target", "allowed"),
    [(check, error, a, b, b in table[a]) for table, check, error in TABLES for a, b in product(table, table)],
)
def test_every_edge(check: Any, error: Any, current: Any, target: Any, allowed: bool) -> None:
    if allowed:
        check(current, target)
    else:
        with pytest.raises(error):
            check(current, target)
