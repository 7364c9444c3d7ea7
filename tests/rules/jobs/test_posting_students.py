"""The limits for students at work: known and broken blocks, not stated warns, and only postings for students are asked."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.rules.jobs.posting import Finding, InternLimit, PostingRule, RuleBook, check_posting, check_students
from app.rules.jobs.terms import Engagement, PayUnit, ShiftPattern
from tests.rules.jobs.posting_material import TODAY, draft, seed_rows

RULES = [PostingRule(**row) for row in seed_rows("posting_rules.csv")]
LIMITS = [InternLimit(**row | {"value": int(row["value"])}) for row in seed_rows("intern_limits.csv")]
BOOK = RuleBook.from_rows(rules=RULES, terms=[], wages=[], limits=LIMITS)
LAWFUL: dict[str, Any] = {
    "engagement": Engagement.STUDENT, "headcount": 10, "minimum_age": 16, "shift_pattern": ShiftPattern.DAY,
    "firm_staff_count": 100, "post_staff_count": 50, "post_pay_fen": 600_000, "pay_min_fen": 480_000,
}  # fmt: skip


def found(book: RuleBook = BOOK, today: date = TODAY, **changes: Any) -> list[Finding]:
    return check_students(draft(**LAWFUL | changes), book, today=today)


def test_a_lawful_posting_for_students_has_no_finding() -> None:
    assert found() == []
    assert [f for f in check_posting(draft(**LAWFUL), BOOK, today=TODAY) if f.rule_id.startswith("student")] == []


def test_other_postings_are_not_asked() -> None:
    assert found(engagement=Engagement.DIRECT, firm_staff_count=None, minimum_age=None, shift_pattern=None) == []


def test_an_order_class_is_students_whatever_the_engagement() -> None:
    broken = found(engagement=Engagement.DIRECT, order_class="石狮鹏山工贸学校2026级服装订单班", firm_staff_count=99)
    assert [(f.rule_id, f.severity, f.field) for f in broken] == [("student_firm_share", "block", "headcount")]


@pytest.mark.parametrize(
    ("changes", "rule_id", "field"),
    [
        ({"headcount": 11, "post_staff_count": 55}, "student_firm_share", "headcount"),
        ({"post_staff_count": 49}, "student_post_share", "headcount"),
        ({"firm_staff_count": 0}, "student_firm_share", "headcount"),
        ({"minimum_age": 15}, "student_age", "minimum_age"),
        ({"enterprise_kind": "agency", "using_firm": "甲厂"}, "student_agent", "enterprise_kind"),
        ({"pay_min_fen": 479_999}, "student_pay", "pay_min_fen"),
        ({"pay_unit": PayUnit.PIECE, "piece_rate_fen": 79, "piece_per_quantity": 1, "post_pay_fen": 100},
         "student_pay", "piece_rate_fen"),
        ({"shift_pattern": ShiftPattern.NIGHT}, "student_night", "shift_pattern"),
        ({"shift_pattern": ShiftPattern.ROTATING}, "student_night", "shift_pattern"),
        ({"features": frozenset({"night_work"})}, "student_night", "features"),
        ({"minutes_per_day": 481}, "student_rest", "minutes_per_day"),
        ({"days_per_month": 24}, "student_rest", "days_per_month"),
    ],
)  # fmt: skip
def test_what_is_known_and_broken_blocks(changes: dict[str, Any], rule_id: str, field: str) -> None:
    findings = found(**changes)
    assert [(f.rule_id, f.severity, f.field) for f in findings] == [(rule_id, "block", field)]
    assert "职业学校学生实习管理规定" in findings[0].law
    assert "{" not in findings[0].mend + findings[0].message


@pytest.mark.parametrize(
    ("missing", "rule_id"),
    [
        ("firm_staff_count", "student_firm_share"), ("post_staff_count", "student_post_share"),
        ("minimum_age", "student_age"), ("post_pay_fen", "student_pay"), ("shift_pattern", "student_night"),
        ("days_per_month", "student_rest"),
    ],
)  # fmt: skip
def test_what_is_not_stated_warns(missing: str, rule_id: str) -> None:
    findings = found(**{missing: None})
    assert [(f.rule_id, f.severity, f.field) for f in findings] == [(rule_id, "warn", missing)]
    assert "{" not in findings[0].mend + findings[0].message


def test_limits_are_dated() -> None:
    assert found(today=date(2021, 12, 30), headcount=90) == []
    stricter = replace(LIMITS[0], value=5, effective_from=date(2027, 1, 1))
    book = RuleBook.from_rows(rules=RULES, terms=[], wages=[], limits=[*LIMITS, stricter])
    assert found(book) == []
    assert [f.rule_id for f in found(book, date(2027, 1, 1))] == ["student_firm_share"]
    # A limit without a row says nothing.
    assert found(RuleBook.from_rows(rules=RULES, terms=[], wages=[]), headcount=90, pay_min_fen=1) == []
