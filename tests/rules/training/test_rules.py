"""The rule book of training: every edge of every machine, the list, attendance, results, contests, subsidies."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import AppError, ConflictError
from app.core.labels import Labelled
from app.rules.training import (
    attendance,
    certificates,
    classes,
    competitions,
    courses,
    declarations,
    demands,
    enrolments,
    reports,
    roster_sheet,
)
from app.rules.training.attendance import SessionMark
from app.rules.training.competitions import TieRule, Weighing
from app.rules.training.courses import PassBy
from app.rules.training.enrolments import Waiting
from app.rules.training.reports import SubsidyKind, SubsidyRow

START = datetime(2026, 12, 5, 1, tzinfo=UTC)
END = START + timedelta(hours=3)
MINUTE = timedelta(minutes=1)
MACHINES: list[tuple[Mapping[Any, frozenset[Any]], Callable[[Any, Any], None]]] = [
    (courses.COURSE_NEXT, courses.check_course_move), (courses.MENU_NEXT, courses.check_menu_move),
    (demands.DEMAND_NEXT, demands.check_demand_move), (demands.POOL_NEXT, demands.check_pool_move),
    (demands.SHORTAGE_NEXT, demands.check_shortage_move), (classes.CLASS_NEXT, classes.check_class_move),
    (enrolments.ENROLMENT_NEXT, enrolments.check_step), (certificates.CERTIFICATE_NEXT, certificates.check_certificate),
    (declarations.DECLARATION_NEXT, declarations.check_declaration),
    (competitions.COMPETITION_NEXT, competitions.check_competition), (competitions.ENTRY_NEXT, competitions.check_entry),
]  # fmt: skip


@pytest.mark.parametrize(("table", "check"), MACHINES, ids=lambda value: getattr(value, "__name__", "table"))
def test_every_edge(table: Mapping[Labelled, frozenset[Labelled]], check: Callable[[Any, Any], None]) -> None:
    for current, following in table.items():
        for target in table:
            if target in following:
                check(current, target)
            else:
                with pytest.raises(ConflictError) as refusal:
                    check(current, target)
                assert current.label in refusal.value.text


def refused(code: str, act: Callable[[], Any]) -> None:
    with pytest.raises(AppError) as refusal:
        act()
    assert refusal.value.code == code


def test_marks_are_entered_corrected_and_never_undone() -> None:
    M = SessionMark  # noqa: N806  # as in the rules
    for current in M:
        for target in M:
            same = current is target and current in attendance.BY_HAND
            if target in attendance.MARK_NEXT[current] or same:
                attendance.check_mark(current, target)
            else:
                refused("mark_wrong", lambda current=current, target=target: attendance.check_mark(current, target))
    assert attendance.stands_for(M.UNMARKED, START, START) is M.NOT_ENROLLED_YET
    assert attendance.stands_for(M.UNMARKED, START, START - MINUTE) is M.UNMARKED
    assert attendance.stands_for(M.PRESENT, START, None) is M.PRESENT


@pytest.mark.parametrize(
    ("minutes", "mark", "counted"),
    [(-30, "present", 180), (0, "present", 180), (15, "present", 180), (16, "late", 164), (179, "late", 1)],
)
def test_a_code_counts_from_half_an_hour_before_to_the_end(minutes: int, mark: str, counted: int) -> None:
    found = attendance.mark_by_code(START, END, START + minutes * MINUTE)
    assert found == (mark, counted)


def test_codes_outside_and_minutes_by_hand() -> None:
    refused("session_ahead", lambda: attendance.mark_by_code(START, END, START - 31 * MINUTE))
    refused("session_over", lambda: attendance.mark_by_code(START, END, END))
    refused("mark_future", lambda: attendance.check_begun(START, START - MINUTE))
    M = SessionMark  # noqa: N806
    assert attendance.minutes_by_hand(M.PRESENT, None, START, END) == 180
    assert attendance.minutes_by_hand(M.EXCUSED, None, START, END) == 0
    assert attendance.minutes_by_hand(M.LATE, 180, START, END) == 180
    for mark, given_minutes in ((M.LATE, 181), (M.LATE, None), (M.LEFT_EARLY, 0), (M.ABSENT, 5), (M.PRESENT, 10)):
        refused(
            "mark_minutes_wrong",
            lambda mark=mark, given_minutes=given_minutes: attendance.minutes_by_hand(mark, given_minutes, START, END),
        )


@given(st.integers(0, 40), st.lists(st.integers(1, 8), max_size=20))
def test_the_list_moves_up_in_order_and_never_beyond_the_seats(free: int, heads: list[int]) -> None:
    waiting = [Waiting(str(number), count) for number, count in enumerate(heads)]
    count = enrolments.promoted(free, waiting)
    assert sum(heads[:count]) <= free
    # The next one does not fit, whoever stands behind it.
    assert count == len(heads) or sum(heads[: count + 1]) > free


def test_offers_end_before_the_class_begins() -> None:
    assert enrolments.offer_until(START, START + timedelta(days=3)) == START + timedelta(hours=24)
    assert enrolments.offer_until(START, START + timedelta(hours=5)) == START + timedelta(hours=5)


@pytest.mark.parametrize(
    ("minutes", "score", "passed"),
    [(144, 60, True), (143, 60, False), (144, 59, False), (180, 100, True), (0, 100, False)],
)
def test_passing_by_hours_and_score(minutes: int, score: int, passed: bool) -> None:
    found, told = certificates.has_passed(
        minutes=minutes, whole=180, least_share=80, pass_by=PassBy.ASSESSMENT, score=score, pass_score=60
    )
    assert found is passed
    assert f"学时{minutes}分钟" in told
    assert f"考核{score}分" in told


def test_passing_by_hours_alone_and_scores_outside_the_scale() -> None:
    assert certificates.has_passed(
        minutes=180, whole=180, least_share=80, pass_by=PassBy.HOURS, score=None, pass_score=60
    ) == (True, "学时180分钟，占100%（要求80%）")
    for score in (-1, 101):
        refused("score_scale", lambda score=score: certificates.check_score(score, PassBy.HOURS))
    refused("score_missing", lambda: certificates.check_score(None, PassBy.ASSESSMENT))
    certificates.check_score(None, PassBy.HOURS)


def test_means_drop_extremes_from_five_judges_on() -> None:
    assert competitions.mean_of([1000, 0, 800, 850, 900], drop_extremes=True) == 85_000
    assert competitions.mean_of([1000, 0, 800, 850, 900], drop_extremes=False) == 71_000
    assert competitions.mean_of([1000, 0, 800, 850], drop_extremes=True) == 66_250
    assert competitions.mean_of([], drop_extremes=True) == 0
    # 100.1 / 3 in tenths: rounded half up to a thousandth.
    assert competitions.mean_of([333, 334, 334], drop_extremes=False) == 33_367


SCORES = {"a": ("x", [800], [900]), "b": ("x", [900], [800]), "c": ("x", [850], [850]), "d": ("y", [100], [100])}


@pytest.mark.parametrize(
    ("tie", "ranks"),
    [
        (TieRule.SHARED, {"a": 1, "b": 1, "c": 1, "d": 1}), (TieRule.PRACTICAL, {"a": 1, "c": 2, "b": 3, "d": 1}),
        (TieRule.THEORY, {"b": 1, "c": 2, "a": 3, "d": 1}),
    ],
)  # fmt: skip
def test_ties_by_the_stated_rule_and_ranks_by_category(tie: TieRule, ranks: dict[str, int]) -> None:
    found = competitions.ranked(SCORES, Weighing(theory=50, drop_extremes=True, tie=tie))
    assert {one.entry: one.rank for one in found} == ranks


def test_a_shared_rank_leaves_the_next_one_out() -> None:
    scores = {"a": ("x", [900], [900]), "b": ("x", [900], [900]), "c": ("x", [100], [100])}
    found = competitions.ranked(scores, Weighing(30, drop_extremes=False, tie=TieRule.PRACTICAL))
    assert [one.rank for one in found] == [1, 1, 3]


def test_the_ceiling_says_from_what_it_was_made() -> None:
    day = date(2026, 6, 1)
    rows = [
        SubsidyRow(SubsidyKind.HOUR_RATE, 2500, date(2025, 1, 1), None, confirmed=False),
        SubsidyRow(SubsidyKind.HOUR_RATE, 3000, date(2027, 1, 1), None, confirmed=True),
        SubsidyRow(SubsidyKind.LEAST_HOURS, 20, date(2025, 1, 1), None, confirmed=True),
        SubsidyRow(SubsidyKind.PAID_HOURS, 80, date(2025, 1, 1), None, confirmed=True),
    ]
    assert reports.ceiling_of(rows, hours=24, heads=10, on=day) == (600_000, "24学时×10人×25元=6000元（标准待核对）")
    assert reports.ceiling_of(rows, hours=100, heads=1, on=date(2027, 1, 1)) == (240_000, "80学时×1人×30元=2400元")
    assert reports.ceiling_of(rows, hours=19, heads=10, on=day)[0] == 0
    assert reports.ceiling_of(rows, hours=24, heads=10, on=date(2024, 1, 1))[0] is None
    assert reports.hour_cost(100, hours=3, heads=1) == 33
    assert reports.hour_cost(100, hours=3, heads=0) is None
    assert reports.mean_told([5, 5, 5, 5]) is None
    assert reports.mean_told([5, 5, 5, 5, 4]) == 480


def test_gates_of_age_and_numbers() -> None:
    today = date(2026, 12, 1)
    courses.check_age(date(2008, 12, 1), courses.least_age(None, licensed=True), today)
    refused("entrant_too_young", lambda: courses.check_age(date(2008, 12, 2), 18, today))
    refused("entrant_age_unknown", lambda: courses.check_age(None, 18, today))
    assert courses.least_age(16, licensed=True) == 18
    assert courses.least_age(None, licensed=False) is None
    assert certificates.number_of(2026, "ABCDEFGHJK") == "BGPX2026-ABCDE-FGHJK"


def test_the_sheet_is_exactly_the_template() -> None:
    head = [("s", "姓名"), ("s", "手机号")]
    assert roster_sheet.heading_problem(head) is None
    assert roster_sheet.heading_problem([*head, None]) is None
    assert "现在是" in (roster_sheet.heading_problem([("s", "手机号"), ("s", "姓名")]) or "")
    line = roster_sheet.read_line(2, [("s", "林 小梅"), ("n", 13850000100.0)])
    assert (line.name, line.phone, line.problem) == ("林小梅", "13850000100", None)
    for cells in ([("s", "林小梅")], [None, ("s", "13850000100")], [("s", "林小梅"), ("f", "=A1")]):
        assert roster_sheet.read_line(3, cells).problem is not None
