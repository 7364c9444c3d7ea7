"""Marks, records and what is undisputed: boundaries and every edge of the tables."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from app.core.errors import AppError
from app.rules.gigs import clock_sheet, site
from app.rules.gigs.terms import GigPayUnit, MarkKind
from app.rules.gigs.timesheets import (
    ACCIDENT_NEXT,
    DIFFERENCE_NEXT,
    NEXT,
    AccidentState,
    AccidentStateError,
    AccidentTimeError,
    AnswerFirstError,
    DifferenceState,
    DifferenceStateError,
    PieceLineTwiceError,
    PieceLineUnknownError,
    Pieces,
    PiecesNotPaidError,
    Record,
    TimesheetState,
    TimesheetStateError,
    check_accident_step,
    check_difference_step,
    check_happened_at,
    check_may_mediate,
    check_record,
    check_timesheet_step,
    claim_due_on,
    undisputed,
)
from tests.rules.gigs.material import limits

START = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
SHIFT = site.Stretch(START, START + timedelta(hours=9), 60)
MINUTE = timedelta(minutes=1)
IN, OUT = MarkKind.IN, MarkKind.OUT
LINES = [{"style": "A", "process_code": "1"}, {"style": "B", "process_code": "1"}]


@pytest.mark.parametrize(
    ("kind", "at", "error"),
    [
        (IN, START - 61 * MINUTE, site.MarkTooEarlyError), (IN, START - 60 * MINUTE, None), (IN, START + 539 * MINUTE, None),
        (IN, START + 540 * MINUTE, site.ShiftOverError), (OUT, START - MINUTE, site.OutBeforeStartError),
        (OUT, START, None), (OUT, START + 780 * MINUTE, None), (OUT, START + 781 * MINUTE, site.MarkTooLateError),
    ],
)  # fmt: skip
def test_when_a_mark_may_be_made(kind: MarkKind, at: datetime, error: type[AppError] | None) -> None:
    if error is None:
        site.check_mark_time(kind, at, SHIFT, limits())
    else:
        with pytest.raises(error):
            site.check_mark_time(kind, at, SHIFT, limits())


def test_a_phone_without_a_network_keeps_its_time_for_twelve_hours() -> None:
    assert site.marked_at(None, START) == START
    assert site.marked_at(START - timedelta(hours=12), START) == START - timedelta(hours=12)
    assert site.marked_at(START + 2 * MINUTE, START) == START
    with pytest.raises(site.MarkTooOldError):
        site.marked_at(START - timedelta(hours=12, seconds=1), START)
    with pytest.raises(site.MarkInFutureError):
        site.marked_at(START + 3 * MINUTE, START)


@pytest.mark.parametrize(
    ("came", "went", "minutes"),
    [
        (0, 540, 480), (-30, 600, 480), (30, 540, 450), (0, 270, 210), (0, 269, 269), (0, 100, 100), (None, 540, None),
        (0, None, None), (540, 540, 0), (200, 100, 0),
    ],
)  # fmt: skip
def test_what_two_marks_say_of_the_hours(came: int | None, went: int | None, minutes: int | None) -> None:
    at = [None if value is None else START + value * MINUTE for value in (came, went)]
    assert site.suggested_minutes(at[0], at[1], SHIFT) == minutes


def test_near_enough_is_three_hundred_metres() -> None:
    site.check_near(300, limits())
    with pytest.raises(site.TooFarError, match="301"):
        site.check_near(301, limits())


def test_records() -> None:
    check_record(Record(480), GigPayUnit.HOUR, [])
    check_record(Record(0, (Pieces("A", "1", 5),)), GigPayUnit.PIECE, LINES)
    with pytest.raises(PiecesNotPaidError):
        check_record(Record(480, (Pieces("A", "1", 5),)), GigPayUnit.HOUR, LINES)
    with pytest.raises(PieceLineUnknownError, match="A、B"):
        check_record(Record(480, (Pieces("C", "1", 5),)), GigPayUnit.PIECE, LINES)
    with pytest.raises(PieceLineTwiceError):
        check_record(Record(480, (Pieces("A", "1", 5), Pieces("A", "1", 6))), GigPayUnit.PIECE, LINES)


def test_the_undisputed_part_is_of_each_number_the_smaller() -> None:
    one = Record(480, (Pieces("A", "1", 100), Pieces("B", "1", 20)))
    other = Record(450, (Pieces("A", "1", 120),))
    assert undisputed(one, other) == undisputed(other, one) == Record(450, (Pieces("A", "1", 100),))


def test_a_record_in_words() -> None:
    assert Record(510, (Pieces("款A", "1", 500),)).told() == "8小时30分，款A 500件"
    assert Record(480).told() == "8小时"


TABLES: list[tuple[Any, Any, Any]] = [
    (NEXT, check_timesheet_step, TimesheetStateError), (DIFFERENCE_NEXT, check_difference_step, DifferenceStateError),
    (ACCIDENT_NEXT, check_accident_step, AccidentStateError),
]  # fmt: skip
EDGES = [
    (check, error, current, target, target in table[current])
    for table, check, error in TABLES
    for current, target in product(table, table)
]


@pytest.mark.parametrize(("check", "error", "current", "target", "allowed"), EDGES)
def test_every_edge(check: Any, error: Any, current: Any, target: Any, allowed: bool) -> None:
    if allowed:
        check(current, target)
    else:
        with pytest.raises(error):
            check(current, target)


def test_the_tables_are_complete() -> None:
    assert (set(NEXT), set(DIFFERENCE_NEXT), set(ACCIDENT_NEXT)) == (
        set(TimesheetState), set(DifferenceState), set(AccidentState),
    )  # fmt: skip


def test_mediation_comes_after_the_answer_or_after_two_days() -> None:
    check_may_mediate(DifferenceState.ANSWERED, START, START - MINUTE)
    check_may_mediate(DifferenceState.OPEN, START, START + MINUTE)
    with pytest.raises(AnswerFirstError):
        check_may_mediate(DifferenceState.OPEN, START, START)


def test_when_an_accident_may_have_happened() -> None:
    now = START + timedelta(days=365)
    check_happened_at(START, START + timedelta(hours=3), START, own_days=365)
    check_happened_at(START, START, now, own_days=365)
    for happened, begin, moment in (
        (START + 3 * MINUTE, START, START), (START, START + timedelta(hours=3, minutes=1), START), (START, START, now + MINUTE),
    ):  # fmt: skip
        with pytest.raises(AccidentTimeError):
            check_happened_at(happened, begin, moment, own_days=365)
    assert claim_due_on(START.date(), days=30).isoformat() == "2026-12-30"


HEAD = [
    ("s", label) for label in ("日期", "姓名", "手机后四位", "签到", "签退", "工时（小时）", "款式", "件数", "部门")
]


def read(*cells: Any) -> clock_sheet.ClockRow:
    return clock_sheet.read_row(HEAD, 2, list(cells))


def test_a_night_shifts_check_out_stands_on_the_line_of_the_evening() -> None:
    row = read(("d", "2026-11-30"), ("s", "林小梅"), None, ("t", "20:00"), ("s", "04:30"))
    assert row.issues == []
    assert row.came is not None
    assert row.went is not None
    assert row.went - row.came == timedelta(hours=8, minutes=30)
    assert row.came == datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cells", "place", "word"),
    [
        ((("n", 46356), ("s", "林"), None, ("t", "08:00"), ("t", "17:00")), "A2", "日期序号"),
        ((("d", "2026-11-30"), None, None, ("t", "08:00"), ("t", "17:00")), "B2", "姓名"),
        ((("d", "2026-11-30"), ("s", "林"), None, ("t", "08:00"), None), "F2", "签到和签退都要填"),
        ((("d", "2026-11-30"), ("s", "林"), None, ("n", 8.5), ("t", "17:00")), "D2", "08:00"),
        ((("d", "2026-11-30"), ("s", "林"), None, None, None, ("n", 25)), "F2", "0到24"),
        ((("d", "2026-11-30"), ("s", "林"), None, None, None, ("f", "=8")), "F2", "公式"),
        ((("d", "2026-11-30"), ("s", "林"), None, None, None, ("n", 8), ("s", "款A")), "H2", "一起填"),
        ((("d", "2026-11-30"), ("s", "林"), None, None, None, ("n", 8), ("s", "款A"), ("n", -1)), "H2", "负数"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_its_cell(cells: tuple[Any, ...], place: str, word: str) -> None:
    (issue,) = read(*cells).issues
    assert (issue.cell, issue.row) == (place, 2)
    assert word in issue.message
    assert "林" not in issue.message


def test_headings() -> None:
    assert clock_sheet.heading_problem(HEAD) is None
    assert "姓名" in (clock_sheet.heading_problem([("s", "日期"), ("s", "签到"), ("s", "签退")]) or "")
    assert "工时" in (clock_sheet.heading_problem([("s", "日期"), ("s", "姓名"), ("s", "签到")]) or "")
    assert "两次" in (clock_sheet.heading_problem([*HEAD, ("s", "姓名")]) or "")
