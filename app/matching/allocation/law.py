"""The rules that bind the shifts of one person together, asked one addition at a time.

`Law.fits` says whether a person may have one more shift. What pins and done shifts alone break is no reason to refuse a shift
that does not make it worse.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import hypot
from typing import NamedTuple

from app.matching.allocation.calendar import WEEK, days_touched, end_of_week, month_of, week_of
from app.matching.allocation.columns import Columns

NEARLY = 1e-6
"""Metres that rounding may cost."""


class Work(NamedTuple):
    """Minutes for an employer on a local day."""

    day: int
    minutes: int


Excess = dict[tuple[str, int], int]
"""(which limit, which day, week or month) → minutes above it; absent: none."""


class Law:
    """Row numbers of `Columns` all over. `pinned`: the shifts that each worker has for certain."""

    def __init__(self, columns: Columns, pinned: Sequence[Sequence[int]]) -> None:
        shifts, limits = columns.shifts, columns.problem.limits
        self.limits = limits
        self.start: list[int] = shifts.start.tolist()
        self.end: list[int] = shifts.end.tolist()
        self.work: list[int] = shifts.work.tolist()
        self.day: list[int] = shifts.day.tolist()
        self.enterprise: list[int] = shifts.enterprise.tolist()
        self.place: list[tuple[float, float] | None] = [row.place for row in shifts.rows]
        self.speed: list[float] = columns.workers.speed.tolist()
        self.consent: list[bool] = columns.workers.consent.tolist()
        self.retired: list[int] = columns.workers.retired.tolist()
        self.rest = limits.rest_between or 0
        self.slow = self._slow(columns)
        self.base_day = columns.base_day
        self.days = [self._days(row.start, row.end) for row in shifts.rows]
        weeks = {week_of(at) for row in shifts.rows for at in days_touched(row.start, row.end, limits.utc_offset)}
        self.week_masks = [((1 << WEEK) - 1) << (WEEK * at) for at in range(len(weeks) and max(weeks) - min(weeks) + 1)]
        self.allowed_days = WEEK if limits.week_rest_days is None else WEEK - limits.week_rest_days
        self.done_days = [0] * len(columns.workers.rows)
        self.done_work: dict[tuple[int, int], list[Work]] = defaultdict(list)
        for at, worker in enumerate(columns.workers.rows):
            for done in worker.done:
                self.done_days[at] |= self._days(done.start, done.end)
                employer = columns.enterprises.get(done.enterprise)
                if employer is not None:
                    day = (done.start + limits.utc_offset) // 1440
                    self.done_work[at, employer].append(Work(day, done.work_minutes))
        self.pinned = pinned

    def _slow(self, columns: Columns) -> list[bool]:
        """Whether the way between two places may take this worker longer than the rest."""
        known = [row.place for row in columns.shifts.rows if row.place is not None]
        if not known:
            return [False] * len(self.speed)
        wide = max(x for x, _ in known) - min(x for x, _ in known)
        high = max(y for _, y in known) - min(y for _, y in known)
        return [(wide * wide + high * high) ** 0.5 > speed * self.rest for speed in self.speed]

    def _days(self, start: int, end: int) -> int:
        """One bit for each local day, bit 0 the Monday of the first week; days before it do not count here."""
        bits = 0
        for day in days_touched(start, end, self.limits.utc_offset):
            if day >= self.base_day:
                bits |= 1 << (day - self.base_day)
        return bits

    def apart(self, worker: int, one: int, other: int) -> bool:
        """Rest and way between two shifts of a person."""
        if self.start[one] > self.start[other]:
            one, other = other, one
        gap = self.start[other] - self.end[one]
        if gap < self.rest or gap < 0:
            return False
        if self.slow[worker]:
            here, there = self.place[one], self.place[other]
            if here is not None and there is not None:
                return hypot(here[0] - there[0], here[1] - there[1]) <= gap * self.speed[worker] + NEARLY
        return True

    def fits(self, worker: int, shift: int, mine: Sequence[int], touched: int) -> bool:
        """One more shift beside `mine`; `touched`: the days of `mine` and of done shifts. The pair by itself is eligible."""
        if not mine:
            return True
        start, end, rest = self.start[shift], self.end[shift], self.rest
        for other in mine:
            gap = start - self.end[other]
            if gap < rest and self.start[other] - end < rest:
                return False
        if (rest == 0 or self.slow[worker]) and not all(self.apart(worker, shift, other) for other in mine):
            return False
        days = touched | self.days[shift]
        if days != touched and days.bit_count() > self.allowed_days and not self.leaves_rest(worker, days):
            return False
        employer = self.enterprise[shift]
        for other in mine:
            if self.enterprise[other] == employer:
                return self.hours_fit(worker, employer, [*mine, shift])
        return True

    def leaves_rest(self, worker: int, days: int) -> bool:
        """Days off in every week, or as few as pins and done shifts leave anyway."""
        base: int | None = None
        for week in self.week_masks:
            worked = (days & week).bit_count()
            if worked > self.allowed_days:
                if base is None:
                    base = self.done_days[worker]
                    for shift in self.pinned[worker]:
                        base |= self.days[shift]
                if worked > (base & week).bit_count():
                    return False
        return True

    def hours_fit(self, worker: int, employer: int, shifts: Iterable[int]) -> bool:
        """Hours of the employer's shifts among these, done ones added."""
        found = self.excess(worker, employer, shifts)
        if not found:
            return True
        base = self.excess(worker, employer, self.pinned[worker])
        return all(minutes <= base.get(limit, 0) for limit, minutes in found.items())

    def excess(self, worker: int, employer: int, shifts: Iterable[int]) -> Excess:
        """What is above which limit, of this employer's shifts among `shifts` and the done ones."""
        work = [Work(self.day[at], self.work[at]) for at in shifts if self.enterprise[at] == employer]
        work += self.done_work.get((worker, employer), ())
        limits, found = self.limits, {}
        overtime = self.overtime(work)
        months: dict[int, int] = defaultdict(int)
        for day, (beyond_day, beyond_week) in overtime.items():
            if self.may_work_over(worker, week_of(day)):
                months[month_of(day)] += beyond_day + beyond_week
                if limits.overtime_day is not None and beyond_day > limits.overtime_day:
                    found["day", day] = beyond_day - limits.overtime_day
            else:
                if beyond_day:
                    found["day", day] = beyond_day
                if beyond_week:
                    week = ("week", week_of(day))
                    found[week] = found.get(week, 0) + beyond_week
        if limits.overtime_month is not None:
            for month, minutes in months.items():
                if minutes > limits.overtime_month:
                    found["month", month] = minutes - limits.overtime_month
        return found

    def overtime(self, work: Iterable[Work]) -> dict[int, tuple[int, int]]:
        """Day → overtime (beyond the day, beyond the week), counted day by day."""
        of_day: dict[int, int] = defaultdict(int)
        for day, minutes in work:
            of_day[day] += minutes
        found, in_week = {}, defaultdict[int, int](int)
        for day in sorted(of_day):
            ordinary, beyond_day, beyond_week = of_day[day], 0, 0
            if self.limits.day_minutes is not None and ordinary > self.limits.day_minutes:
                beyond_day = ordinary - self.limits.day_minutes
                ordinary = self.limits.day_minutes
            week = week_of(day)
            before = in_week[week]
            in_week[week] += ordinary
            if self.limits.week_minutes is not None:
                beyond_week = max(0, in_week[week] - self.limits.week_minutes) - max(
                    0, before - self.limits.week_minutes
                )
            if beyond_day or beyond_week:
                found[day] = (beyond_day, beyond_week)
        return found

    def may_work_over(self, worker: int, week: int) -> bool:
        """Overtime needs consent and, unless the row allows it, an age below retirement for the whole week."""
        if not self.consent[worker]:
            return False
        return self.limits.retired_overtime or self.retired[worker] >= end_of_week(week, self.limits.utc_offset)
