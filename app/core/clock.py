"""The only place that reads the time. Everything else is handed a `Clock` or a `now`."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from app.core.zone import CHINA, china_date

__all__ = ["CHINA", "Clock", "FixedClock", "SystemClock", "china_date"]


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
