"""What is owed and when: tables with the numbers worked out by hand, and what holds for any numbers."""

from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from typing import Any

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


def owed(record: Record, terms: dict[str, Any], label: RelationLabel = PART) -> list[tuple[LineKind, Fraction]]:
    return [(one.kind, one.exact) for one in pay.work_owed(record, terms, label, day_minutes=480)]


def test_work() -> None:
    assert owed(Record(480), HOUR) == [(LineKind.WORK, Fraction(17600))]
    assert owed(Record(475), HOUR) == [(LineKind.WORK, Fraction(52250, 3))]
    pieces = Record(480, (Pieces("款A", "1", 12345), Pieces("款B", "1", 100)))
    assert owed(pieces, PIECE) == [(LineKind.WORK, Fraction(12345 * 850, 1000) + 12000)]
    (one,) = pay.work_owed(pieces, PIECE, PART, day_minutes=480)
    assert one.told == "款A 12345件 × 每1000件8.50元；款B 100件 × 1.20元"
    assert pay.work_owed(Record(480), HOUR, PART, day_minutes=480)[0].told == "平车 8小时 × 22.00元"


def test_overtime_is_for_contracts_only() -> None:
    assert owed(Record(600), HOUR, TASK) == [(LineKind.WORK, Fraction(22000)), (LineKind.OVERTIME, Fraction(2200))]
    assert owed(Record(480), HOUR, TASK) == [(LineKind.WORK, Fraction(17600))]
    for label in set(RelationLabel) - {TASK}:
        assert owed(Record(600), HOUR, label) == [(LineKind.WORK, Fraction(22000))]
    assert len(pay.work_owed(Record(600), HOUR, TASK, day_minutes=None)) == 1


def test_piece_pay_is_topped_up_to_the_hourly_minimum() -> None:
    assert pay.top_up([(480, Fraction(16800))], 2100) is None
    found = pay.top_up([(480, Fraction(16799))], 2100)
    assert found is not None
    assert (found.kind, found.exact) == (LineKind.TOP_UP, Fraction(1))
    assert "8小时 × 最低小时工资21.00元 = 168.00元" in found.told
    # Over the whole period: a good day makes up for a slow one.
    assert pay.top_up([(480, Fraction(10000)), (480, Fraction(30000))], 2100) is None
    assert pay.top_up([(480, Fraction(1))], None) is None
    assert pay.top_up([], 2100) is None


@given(st.lists(st.fractions(min_value=-10_000, max_value=10_000_000, max_denominator=6000), max_size=30))
def test_lines_add_up_to_the_sum_rounded_once(parts: list[Fraction]) -> None:
    sums = pay.running_sums(parts)
    assert sum(sums) == pay.rounded(sum(parts, Fraction(0)))
    assert all(abs(fen - part) <= 1 for fen, part in zip(sums, parts, strict=True))


@given(st.lists(st.tuples(st.integers(1, 720), st.integers(0, 50_000)), min_size=1, max_size=14), st.integers(1, 5000))
def test_never_below_the_minimum(days: list[tuple[int, int]], minimum: int) -> None:
    lines = [(minutes, Fraction(fen)) for minutes, fen in days]
    extra = pay.top_up(lines, minimum)
    total = sum(fen for _, fen in lines) + (extra.exact if extra else 0)
    assert total * 60 >= sum(minutes for minutes, _ in lines) * minimum
    assert extra is None or total * 60 == sum(minutes for minutes, _ in lines) * minimum


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


def due(kind: str, work: list[tuple[date, RelationLabel]], pay_days: int) -> pay.Due:
    period = pay.period_of(WagePeriod.of(kind), work[0][0])
    return pay.due_of(period, work, kind=WagePeriod.of(kind), pay_days=pay_days, part_time_days=15, calendar=CALENDAR)


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
