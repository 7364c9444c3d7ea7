"""Days, weeks, distances and hours as the description defines them: minutes since 1970 UTC, metres on a plane."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

DAY = 1440
WEEK_DAYS = 7
Row = Mapping[str, Any]
EPOCH = dt.date(1970, 1, 1)
NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Clock:
    """The local calendar."""

    offset: int

    def day(self, minute: int) -> int:
        return (minute + self.offset) // DAY

    def week(self, day: int) -> int:
        return (day + 3) // WEEK_DAYS

    def week_end(self, week: int) -> int:
        """The minute at which a week is over."""
        return ((week + 1) * WEEK_DAYS - 3) * DAY - self.offset

    def days_of(self, row: Row) -> range:
        """Every local day on which a minute of it falls."""
        return range(self.day(row["start"]), self.day(row["end"] - 1) + 1)


@cache
def month(day: int) -> tuple[int, int]:
    date = EPOCH + dt.timedelta(days=day)
    return date.year, date.month


def metres(one: Sequence[float] | None, other: Sequence[float] | None) -> float:
    """Straight line; 0 where a place is not known."""
    if one is None or other is None:
        return 0.0
    return math.hypot(one[0] - other[0], one[1] - other[1])


def covered(windows: Iterable[Sequence[int]], start: int, end: int) -> bool:
    """Whether start … end lies in the windows, of which touching ones are one."""
    reached = start
    for begin, finish in sorted((one[0], one[1]) for one in windows):
        if begin > reached:
            break
        reached = max(reached, finish)
        if reached >= end:
            return True
    return False


def day_name(day: int) -> str:
    date = EPOCH + dt.timedelta(days=day)
    return f"{date.month}月{date.day}日"


def overtime(rows: Iterable[Row], clock: Clock, limits: Row) -> dict[int, int]:
    """Minutes of overtime by local day, of one person with one employer."""
    work: dict[int, int] = defaultdict(int)
    for row in rows:
        work[clock.day(row["start"])] += row["work_minutes"]
    most_day, most_week = limits["day_minutes"], limits["week_minutes"]
    found: dict[int, int] = {}
    ordinary: dict[int, int] = defaultdict(int)
    for day in sorted(work):
        usual = work[day] if most_day is None else min(work[day], most_day)
        extra = work[day] - usual
        if most_week is not None:
            week = clock.week(day)
            above = max(0, ordinary[week] + usual - most_week)
            # What earlier days of the week had too much is theirs already.
            extra += min(usual, above)
            ordinary[week] = min(most_week, ordinary[week] + usual)
        if extra:
            found[day] = extra
    return found


def worked_days(rows: Iterable[Row], clock: Clock) -> dict[int, set[int]]:
    """The local days worked, by week."""
    found: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        for day in clock.days_of(row):
            found[clock.week(day)].add(day)
    return found


def units(shift: Row) -> int:
    return 1 if shift["half"] else 2
