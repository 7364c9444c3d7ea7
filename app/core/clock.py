"""The only place that reads the time. Everything else is handed a `Clock` or a `now`."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

# Chinese dates (birthdays, deadlines, quiet hours) are counted in China Standard Time, which has had no summer
# time since 1991: a fixed offset needs no zone files, which slim images lack.
CHINA = timezone(timedelta(hours=8), "CST")


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when told: tests and replays."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, delta: timedelta) -> None:
        self._now += delta


def china_date(instant: datetime) -> date:
    """The calendar date of an instant in China Standard Time."""
    return instant.astimezone(CHINA).date()
