"""Local days, Monday-based weeks and months of minutes since 1970; see `export` for what counts where."""

from datetime import date, timedelta

from app.matching.allocation.problem import Problem

DAY = 1440
WEEK = 7
EPOCH = date(1970, 1, 1)
_TO_MONDAY = 3
"""1970-01-01 was a Thursday."""


def day_of(minute: int, utc_offset: int) -> int:
    """Days since 1970-01-01 on the local calendar."""
    return (minute + utc_offset) // DAY


def week_of(day: int) -> int:
    """Monday-based weeks; the week of 1970-01-01 is 0."""
    return (day + _TO_MONDAY) // WEEK


def month_of(day: int) -> int:
    """Calendar months since year 0."""
    at = EPOCH + timedelta(days=day)
    return at.year * 12 + at.month - 1


def days_touched(start: int, end: int, utc_offset: int) -> range:
    """Local days on which some minute from `start` up to `end` falls."""
    return range(day_of(start, utc_offset), day_of(max(start, end - 1), utc_offset) + 1)


def end_of_week(week: int, utc_offset: int) -> int:
    """The first minute after the week."""
    return ((week + 1) * WEEK - _TO_MONDAY) * DAY - utc_offset


def horizon_days(problem: Problem) -> int:
    """Days that wanted hours are counted for, at least one."""
    if problem.horizon_days is not None:
        return max(1, problem.horizon_days)
    days = [day_of(shift.start, problem.limits.utc_offset) for shift in problem.shifts]
    return max(days) - min(days) + 1 if days else 1
