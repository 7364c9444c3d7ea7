"""Values of a posting: lawful elements, dates, ages, hours, pay against the minimum wage."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app.rules.jobs.posting import Finding, MinimumWage, PostingRule, RuleBook, check_posting
from app.rules.jobs.terms import PayCycle, PayUnit, WorkFeature
from tests.rules.jobs.posting_material import TODAY, draft, seed_book, seed_rows, seed_wages

BOOK = seed_book()
RULES = [PostingRule(**row) for row in seed_rows("posting_rules.csv")]
VERIFIED = MinimumWage("350581", 200_000, 2_000, date(2025, 1, 1), None, "测试", "某人")
PIECE = {
    "pay_unit": PayUnit.PIECE, "pay_min_fen": None, "pay_max_fen": None, "piece_per_quantity": 1000,
    "piece_hourly_output": 1000,
}  # fmt: skip


def findings(book: RuleBook = BOOK, **changes: Any) -> list[Finding]:
    return check_posting(draft(**changes), book, today=TODAY)


def brief(book: RuleBook = BOOK, **changes: Any) -> list[tuple[str, str, str]]:
    return [(f.rule_id, f.severity, f.field) for f in findings(book, **changes)]


def wage_book(*wages: MinimumWage) -> RuleBook:
    return RuleBook.from_rows(rules=RULES, terms=[], wages=wages)


def test_a_lawful_posting_has_no_finding() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("field", "empty"),
    [
        ("duties", " "), ("engagement", None), ("occupation_code", None), ("headcount", None), ("pay_unit", None),
        ("minutes_per_day", None), ("place_address", ""), ("valid_until", None), ("headcount", 0),
    ],
)  # fmt: skip
def test_each_lawful_element_is_asked_for(field: str, empty: object) -> None:
    assert brief(**{field: empty}) == [("element_missing", "block", field)]
    (finding,) = findings(**{field: empty})
    assert (finding.start, finding.end, finding.quote) == (0, 0, "")


def test_pay_needs_a_number() -> None:
    assert brief(pay_min_fen=None, pay_max_fen=None) == [("element_missing", "block", "pay_min_fen")]
    assert [f[2] for f in brief(**PIECE | {"piece_per_quantity": None})] == ["piece_rate_fen", "piece_per_quantity"]


@pytest.mark.parametrize(("days", "rule"), [(-1, "validity_past"), (0, None), (90, None), (91, "validity_too_long")])
def test_validity_runs_from_today_to_ninety_days(days: int, rule: str | None) -> None:
    found = brief(valid_until=TODAY + timedelta(days=days))
    assert found == ([(rule, "block", "valid_until")] if rule else [])


def test_a_firm_must_be_approved_with_its_papers() -> None:
    (firm,) = findings(enterprise_approved=False)
    (agency,) = findings(enterprise_approved=False, enterprise_kind="agency", using_firm="石狮市某服装厂")
    assert (firm.rule_id, firm.severity) == ("enterprise_unapproved", "block")
    assert "营业执照" in firm.message
    assert "人力资源服务或劳务派遣许可证" in agency.message


def test_an_agency_names_the_firm_people_will_work_for() -> None:
    assert brief(enterprise_kind="agency") == [("using_firm_missing", "block", "using_firm")]
    assert brief(enterprise_kind="agency", using_firm="石狮市某服装厂") == []
    assert brief(using_firm="石狮市某服装厂") == []


@pytest.mark.parametrize(("age", "blocked"), [(15, True), (16, False), (18, False), (None, False)])
def test_nobody_under_sixteen(age: int | None, *, blocked: bool) -> None:
    assert brief(minimum_age=age) == ([("under_16", "block", "minimum_age")] if blocked else [])


def test_hazards_are_closed_to_minors_and_warn_while_no_age_is_told() -> None:
    hazard = frozenset({WorkFeature.DUST})
    assert brief(minimum_age=16, features=hazard) == [("minor_hazard", "block", "minimum_age")]
    assert brief(minimum_age=None, features=hazard) == [("minor_hazard", "warn", "minimum_age")]
    assert brief(minimum_age=18, features=hazard) == []
    assert brief(minimum_age=16, features=frozenset({WorkFeature.NOISE})) == []


@pytest.mark.parametrize(
    ("minutes", "days", "fields"),
    [
        (480, 26, []),
        (540, 22, ["minutes_per_day"]),
        (480, 27, ["days_per_month"]),
        (720, 26, ["minutes_per_day", "days_per_month"]),
        (420, 28, ["days_per_month"]),
    ],
)
def test_hours_beyond_the_law_warn(minutes: int, days: int, fields: list[str]) -> None:
    found = [f for f in brief(minutes_per_day=minutes, days_per_month=days) if f[0] == "hours_over_law"]
    assert found == [("hours_over_law", "warn", field) for field in fields]


def test_a_range_may_reach_twice_its_lower_end() -> None:
    assert brief(pay_min_fen=400_000, pay_max_fen=800_000) == []
    (finding,) = findings(pay_min_fen=400_000, pay_max_fen=1_000_000)
    assert (finding.rule_id, finding.severity, finding.field) == ("pay_range_wide", "warn", "pay_max_fen")
    assert "2.5倍" in finding.message
    assert "8000" in finding.mend


def test_part_time_pay_is_settled_within_fifteen_days() -> None:
    part_time = {"pay_unit": PayUnit.HOUR, "pay_min_fen": 3000, "pay_max_fen": 3000, "minutes_per_day": 240}
    assert brief(**part_time, pay_cycle=PayCycle.MONTHLY) == [("pay_late", "warn", "pay_cycle")]
    assert brief(**part_time, pay_cycle=PayCycle.HALF_MONTHLY) == []


def test_monthly_pay_under_a_verified_minimum_blocks_and_tells_the_numbers() -> None:
    (finding,) = findings(wage_book(VERIFIED), pay_min_fen=199_900, pay_max_fen=199_900)
    assert (finding.rule_id, finding.severity, finding.field) == ("below_minimum_wage", "block", "pay_min_fen")
    assert "1999元" in finding.message
    assert "2000元" in finding.message
    assert "2000元" in finding.mend
    assert findings(wage_book(VERIFIED), pay_min_fen=200_000, pay_max_fen=200_000) == []


def test_an_unverified_minimum_only_warns() -> None:
    book = wage_book(replace(VERIFIED, verified_by=None))
    assert brief(book, pay_min_fen=150_000, pay_max_fen=150_000) == [("below_minimum_wage", "warn", "pay_min_fen")]


def test_a_verified_row_still_blocks_beside_a_newer_unverified_one() -> None:
    newer = MinimumWage("350581", 230_000, 2_300, date(2026, 1, 1), None, "测试", None)
    book = wage_book(VERIFIED, newer)
    assert [f[1] for f in brief(book, pay_min_fen=190_000, pay_max_fen=190_000)] == ["block"]
    assert [f[1] for f in brief(book, pay_min_fen=210_000, pay_max_fen=210_000)] == ["warn"]
    assert brief(book, pay_min_fen=230_000, pay_max_fen=230_000) == []


def test_another_division_or_an_ended_row_does_not_count() -> None:
    low = {"pay_min_fen": 100_000, "pay_max_fen": 100_000}
    assert brief(wage_book(replace(VERIFIED, division="350582")), **low) == []
    assert brief(wage_book(replace(VERIFIED, effective_to=TODAY - timedelta(days=1))), **low) == []


def test_the_hourly_standard_binds_part_time_and_warns_for_full_time() -> None:
    pay = {"pay_unit": PayUnit.HOUR, "pay_min_fen": 1_900, "pay_max_fen": 1_900, "pay_cycle": PayCycle.WEEKLY}
    assert [f[1] for f in brief(wage_book(VERIFIED), **pay, minutes_per_day=240)] == ["block"]
    assert [f[1] for f in brief(wage_book(VERIFIED), **pay)] == ["warn"]
    assert [f[1] for f in brief(wage_book(VERIFIED), **pay | {"pay_min_fen": 1_100})] == ["block"]


def test_a_piece_rate_is_held_to_its_stated_output() -> None:
    (finding,) = findings(wage_book(VERIFIED), **PIECE, piece_rate_fen=850)
    assert (finding.rule_id, finding.severity, finding.field) == ("below_minimum_wage", "block", "piece_rate_fen")
    assert "每1000件8.5元、每小时1000件，合每小时8.5元" in finding.message
    assert brief(wage_book(VERIFIED), **PIECE, piece_rate_fen=2_500) == []


def test_a_piece_rate_without_output_cannot_be_checked_and_warns() -> None:
    found = brief(wage_book(VERIFIED), **PIECE | {"piece_hourly_output": None}, piece_rate_fen=850)
    assert found == [("below_minimum_wage", "warn", "piece_hourly_output")]


def test_monthly_pay_of_part_time_work_is_compared_by_the_hour() -> None:
    pay = {"pay_min_fen": 120_000, "pay_max_fen": 120_000, "minutes_per_day": 240, "pay_cycle": PayCycle.WEEKLY}
    assert brief(wage_book(VERIFIED), **pay, days_per_month=20) == [("below_minimum_wage", "block", "pay_min_fen")]
    assert brief(wage_book(VERIFIED), **pay, days_per_month=15) == []


def test_overtime_is_not_part_of_the_minimum() -> None:
    found = brief(wage_book(VERIFIED), pay_min_fen=250_000, pay_max_fen=250_000, minutes_per_day=600, days_per_month=26)
    assert ("below_minimum_wage", "warn", "pay_min_fen") in found


def test_no_seeded_wage_is_confirmed_by_the_town_so_each_only_warns() -> None:
    assert [(w.division, w.monthly_fen, w.effective_from, w.verified_by) for w in seed_wages()] == [
        ("350581", 196_000, date(2022, 4, 1), None),
        ("350581", 219_500, date(2025, 4, 1), None),
    ]
    assert {f[1] for f in brief(pay_min_fen=190_000, pay_max_fen=190_000)} == {"warn"}
    assert {f[1] for f in brief(pay_min_fen=200_000, pay_max_fen=200_000)} == {"warn"}
