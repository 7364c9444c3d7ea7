"""When somebody can be at work: the week, the days that depart from it, and the places to be at by a time. Pure.

Unknown availability — neither a week nor a free day named — may be asked and is never allotted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.core.zone import CHINA

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """On a weekday (Monday 0): minutes from its midnight; the end may lie on the next day."""

    weekday: int
    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One day instead of its weekday: free from–to, or not at all where both are None."""

    day: date
    start_minute: int | None = None
    end_minute: int | None = None


Period = tuple[datetime, datetime]


def is_known(windows: Sequence[Window], days: Sequence[DayPlan]) -> bool:
    return bool(windows) or any(plan.start_minute is not None for plan in days)


def free_between(windows: Sequence[Window], days: Sequence[DayPlan], first: date, last: date) -> list[Period]:
    """Stretches that begin on Chinese days `first` … `last`, joined where they touch, in order.

    On a day of its own the week does not count, nor what reaches into it over midnight from the day before.
    """
    own = {plan.day for plan in days}
    found: list[Period] = []
    day = first - DAY
    while day <= last:
        if day in own:
            mine = [(plan.start_minute, plan.end_minute) for plan in days if plan.day == day]
        else:
            mine = [(window.start_minute, window.end_minute) for window in windows if window.weekday == day.weekday()]
        for start, end in mine:
            if start is not None and end is not None:
                until = midnight(day + DAY) if day + DAY in own else None
                stop = midnight(day) + timedelta(minutes=end)
                found.append((midnight(day) + timedelta(minutes=start), min(stop, until) if until else stop))
        day += DAY
    since = midnight(first)
    return joined((max(start, since), end) for start, end in found if end > since)


def joined(periods: Iterable[Period]) -> list[Period]:
    merged: list[Period] = []
    for start, end in sorted(periods):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def covers(periods: Iterable[Period], starts_at: datetime, ends_at: datetime) -> bool:
    """Whether the whole of a shift lies in one of the joined stretches."""
    return any(start <= starts_at and ends_at <= end for start, end in periods)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)
