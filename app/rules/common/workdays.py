"""Working days as the State Council publishes them (国务院办公厅关于部分节假日安排的通知), 调休 included. Pure.

Deadlines in working days: the day of the event does not count, the last day ends at 24:00 (民法典 第二百零一、二百零三条).
A year whose plan is not yet published counts weekends only, and says that it is provisional.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

SATURDAY = 5


@dataclass(frozen=True)
class WorkCalendar:
    """`holidays`: days off by the plan; `workdays`: weekend days worked instead; `years`: those published."""

    holidays: frozenset[date] = field(default=frozenset())
    workdays: frozenset[date] = field(default=frozenset())
    years: frozenset[int] = field(default=frozenset())

    def is_workday(self, day: date) -> bool:
        if day in self.workdays:
            return True
        return day.weekday() < SATURDAY and day not in self.holidays

    def add_workdays(self, start: date, days: int) -> date:
        """The `days`-th working day after `start`, which itself does not count."""
        if days < 0:
            raise ValueError("days")
        day = start
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_workday(day)
        return day

    def next_workday(self, day: date) -> date:
        """`day` itself where it is worked, else the first that is (民法典 第二百零三条: the end rolls over)."""
        while not self.is_workday(day):
            day += timedelta(days=1)
        return day

    def previous_workday(self, day: date) -> date:
        """`day` itself where it is worked, else the last before it that is (工资支付暂行规定 第七条)."""
        while not self.is_workday(day):
            day -= timedelta(days=1)
        return day

    def is_provisional(self, start: date, end: date) -> bool:
        """A year in between is not yet published: the deadline may move."""
        return any(year not in self.years for year in range(start.year, end.year + 1))
