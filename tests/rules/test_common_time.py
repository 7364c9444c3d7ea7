"""Working days by the three published plans, and the hours in which nobody is woken."""

import csv
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.clock import CHINA
from app.rules.common.notices import NOTICE_REACH, NoticeKind, quiet_until
from app.rules.common.workdays import WorkCalendar

SEEDS = Path(__file__).parents[2] / "seeds"


def published() -> WorkCalendar:
    with (SEEDS / "holidays.csv").open(encoding="utf-8") as file:
        rows = [(date.fromisoformat(row["day"]), row["is_off"] == "true") for row in csv.DictReader(file)]
    return WorkCalendar(
        holidays=frozenset(day for day, off in rows if off),
        workdays=frozenset(day for day, off in rows if not off),
        years=frozenset(day.year for day, _ in rows),
    )


CALENDAR = published()


@pytest.mark.parametrize(("year", "statutory"), [(2024, 11), (2025, 13), (2026, 13)])
def test_a_year_has_its_weekdays_less_the_statutory_holidays(year: int, statutory: int) -> None:
    """全国年节及纪念日放假办法: 11 days, since 2025 13. What is moved is worked at another time, so the sum must fit."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    weekdays = sum(day.weekday() < 5 for day in days)
    assert sum(CALENDAR.is_workday(day) for day in days) == weekdays - statutory
    assert year in CALENDAR.years


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2024-02-09", True), ("2024-02-10", False), ("2024-02-17", False), ("2024-02-18", True),
        ("2024-10-07", False), ("2024-10-12", True), ("2025-01-26", True), ("2025-01-28", False),
        ("2025-02-08", True), ("2025-10-08", False), ("2025-10-11", True), ("2026-01-04", True),
        ("2026-02-14", True), ("2026-02-23", False), ("2026-02-28", True), ("2026-05-09", True),
        ("2026-09-20", True), ("2026-09-25", False), ("2026-10-10", True), ("2026-11-28", False),
    ],
)  # fmt: skip
def test_days_off_and_days_made_up_for(day: str, worked: bool) -> None:
    assert CALENDAR.is_workday(date.fromisoformat(day)) is worked


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-02-13", 0, "2026-02-13"),
        # A Saturday that is worked, then nine days of the Spring Festival.
        ("2026-02-13", 1, "2026-02-14"), ("2026-02-13", 2, "2026-02-24"),
        # The week after, with the Saturday made up for.
        ("2026-02-25", 3, "2026-02-28"), ("2025-09-30", 1, "2025-10-09"), ("2025-09-30", 3, "2025-10-11"),
        ("2024-12-31", 1, "2025-01-02"), ("2026-11-27", 5, "2026-12-04"), ("2026-09-30", 1, "2026-10-08"),
        # Next year's plan is not out: weekends only.
        ("2026-12-31", 1, "2027-01-01"), ("2027-01-01", 1, "2027-01-04"),
    ],
)  # fmt: skip
def test_deadlines_in_working_days(start: str, days: int, end: str) -> None:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    assert CALENDAR.add_workdays(first, days) == last
    assert CALENDAR.is_provisional(first, last) is (last.year > 2026)


def test_the_end_rolls_over_to_the_next_day_that_is_worked() -> None:
    assert CALENDAR.next_workday(date(2026, 10, 1)) == date(2026, 10, 8)
    assert CALENDAR.next_workday(date(2026, 10, 10)) == date(2026, 10, 10)
    assert CALENDAR.next_workday(date(2026, 11, 28)) == date(2026, 11, 30)
    assert CALENDAR.is_provisional(date(2023, 12, 29), date(2024, 1, 2))
    with pytest.raises(ValueError, match="days"):
        CALENDAR.add_workdays(date(2026, 1, 1), -1)


@given(st.dates(date(2024, 1, 1), date(2026, 9, 1)), st.integers(0, 60))
def test_as_many_days_as_were_promised_are_worked_in_between(start: date, days: int) -> None:
    end = CALENDAR.add_workdays(start, days)
    between = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(CALENDAR.is_workday(day) for day in between) == days
    assert days == 0 or CALENDAR.is_workday(end)


@pytest.mark.parametrize(
    ("clock", "until"),
    [
        ("2026-11-26T20:59:59.999999", None), ("2026-11-26T21:00:00", "2026-11-27T07:00:00"),
        ("2026-11-26T23:59:59", "2026-11-27T07:00:00"), ("2026-11-27T00:00:00", "2026-11-27T07:00:00"),
        ("2026-11-27T06:59:59.999999", "2026-11-27T07:00:00"), ("2026-11-27T07:00:00", None),
        ("2026-12-31T22:30:00", "2027-01-01T07:00:00"),
    ],
)  # fmt: skip
def test_quiet_hours_are_from_nine_to_seven(clock: str, until: str | None) -> None:
    at = datetime.fromisoformat(clock).replace(tzinfo=CHINA)
    wanted = None if until is None else datetime.fromisoformat(until).replace(tzinfo=CHINA)
    # What the person waits for at this moment, or what concerns the safety of the account or of a person, comes at any hour.
    awaited = {NoticeKind.OWN_CODE, NoticeKind.ACCOUNT, NoticeKind.GIG_ACCIDENT}
    assert set(NOTICE_REACH) == set(NoticeKind)
    for kind in NoticeKind:
        assert quiet_until(kind, at, night_messages=False) == (None if kind in awaited else wanted), kind
        assert quiet_until(kind, at, night_messages=True) is None, kind
