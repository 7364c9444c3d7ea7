"""May this person take this shift now? Ages, hours, rest and travel, for one person and one shift. Pure.

Work counts whole on the Chinese day, Monday-based week and calendar month in which a shift starts. Of a day, what is above
`day_minutes` is overtime; of a week, ordinary work above `week_minutes` is overtime of the day on which it arises, counted
day by day. The allocation engine counts alike (`matching/allocation`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil, hypot
from uuid import UUID

from app.core.zone import CHINA, china_date
from app.rules.gigs import refusals
from app.rules.gigs.labour import Limits
from app.rules.gigs.terms import Hazard
from app.rules.identity.ages import compute_age
from app.rules.jobs.terms import Vehicle

WEEK = timedelta(days=7)
INSTANT = timedelta(microseconds=1)
# 国家规定的夜班: 22:00 to 06:00.
NIGHT_FROM, NIGHT_TO = time(22), time(6)
# Metres a minute along a straight line, in town, with the detours of streets; unknown counts as a bicycle.
SPEED: dict[Vehicle | None, int] = {
    Vehicle.WALK: 60, Vehicle.BICYCLE: 160, Vehicle.EBIKE: 250, Vehicle.BUS: 160, Vehicle.CAR: 330, None: 160,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stretch:
    """One stretch of work, worked or promised. `place`: metres of the town's grid (`rules/geo.to_grid`)."""

    enterprise_id: UUID
    starts_at: datetime
    ends_at: datetime
    work_minutes: int
    place: tuple[int, int] | None = None

    @property
    def day(self) -> date:
        return china_date(self.starts_at)

    def days(self) -> Iterable[date]:
        """Every Chinese day that it touches: a night shift takes both."""
        day, last = self.day, china_date(self.ends_at - INSTANT)
        while day <= last:
            yield day
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Worker:
    """What the law asks about a person. `born` None: not yet given."""

    born: date | None
    overtime_consent: bool = False
    minor_ready_until: date | None = None
    student: bool | None = None
    retired: bool | None = None
    outside_minutes_week: int = 0
    vehicle: Vehicle | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The shift in question, with what its order says."""

    stretch: Stretch
    hazards: Sequence[str] = ()
    minimum_age: int = 0


def check_take(worker: Worker, wanted: Wanted, held: Sequence[Stretch], limits: Limits) -> None:
    """Everything; the first rule that forbids it speaks. `held`: what the person has worked or promised around it."""
    check_age(worker, wanted, limits)
    check_gaps(worker, wanted.stretch, held, limits)
    check_rest_days(wanted.stretch, held, limits)
    check_hours(worker, wanted.stretch, held, limits)


def check_age(worker: Worker, wanted: Wanted, limits: Limits) -> None:
    """By the day on which the shift starts: never under 16; 16 and 17 registered, healthy, safe, not at night."""
    day = wanted.stretch.day
    if worker.born is None:
        raise refusals.BirthDateMissingError
    age = compute_age(worker.born, day)
    if age < limits.minimum_age:
        raise refusals.UnderAgeError(age=limits.minimum_age, day=said_day(day), law=limits.says("minimum_age"))
    if age < wanted.minimum_age:
        raise refusals.OrderAgeError(age=wanted.minimum_age, day=said_day(day))
    if age < limits.adult_age:
        _check_minor(worker, wanted, limits)


def _check_minor(worker: Worker, wanted: Wanted, limits: Limits) -> None:
    last = china_date(wanted.stretch.ends_at - INSTANT)
    if worker.minor_ready_until is None or worker.minor_ready_until < last:
        raise refusals.MinorNotReadyError(day=said_day(last))
    closed = [Hazard.of(code).label for code in wanted.hazards if code in limits.minor_hazards]
    if closed:
        raise refusals.MinorHazardError(hazards="、".join(closed), age=limits.adult_age)
    if limits.minor_night and touches_night(wanted.stretch.starts_at, wanted.stretch.ends_at):
        raise refusals.MinorNightError(age=limits.adult_age)


def check_gaps(worker: Worker, new: Stretch, held: Iterable[Stretch], limits: Limits) -> None:
    """No two at one time; rest between any two; and time for the way."""
    for other in held:
        if other.starts_at < new.ends_at and new.starts_at < other.ends_at:
            raise refusals.OverlapError(other=said_period(other))
        earlier, later = (other, new) if other.starts_at < new.starts_at else (new, other)
        gap = int((later.starts_at - earlier.ends_at).total_seconds()) // 60
        if limits.rest_between is not None and gap < limits.rest_between:
            raise refusals.RestBetweenError(
                other=said_period(other), gap=said(gap), needed=said(limits.rest_between),
                law=limits.says("rest_between"),
            )  # fmt: skip
        way = travel_minutes(earlier.place, later.place, worker.vehicle)
        if gap < way:
            raise refusals.TravelError(other=said_period(other), gap=said(gap), needed=said(way))


def check_rest_days(new: Stretch, held: Sequence[Stretch], limits: Limits) -> None:
    """In each week from Monday on, days on which no minute of any work falls (劳动法 第三十八条)."""
    if limits.week_rest_days is None:
        return
    before = {day for other in held for day in other.days()}
    added = set(new.days()) - before
    for monday in sorted({week_of(day) for day in added}):
        worked = sum(monday <= day < monday + WEEK for day in before | added)
        if 7 - worked < limits.week_rest_days:
            raise refusals.RestDayError(
                monday=said_day(monday), worked=worked, needed=limits.week_rest_days, law=limits.says("week_rest_days")
            )


def check_hours(worker: Worker, new: Stretch, held: Sequence[Stretch], limits: Limits) -> None:
    """8 hours a day, 40 a week; above it only with consent, 3 hours a day and 36 a month. With this employer."""
    mine = of_employer(held, new) if limits.per_employer("day_minutes") else list(held)
    before, after = overtime_by_day(mine, limits), overtime_by_day([*mine, new], limits)
    more = sum(after.values()) - sum(before.values())
    if more <= 0:
        return
    total, week = _totals(mine, new)
    if limits.retired_no_overtime and is_retired(worker, new.day, limits):
        raise refusals.RetiredOvertimeError(day=said(total), week=said(week), law=limits.says("retired_no_overtime"))
    if not worker.overtime_consent:
        raise refusals.OvertimeConsentError(
            day=said(total), week=said(week), day_limit=said(limits.day_minutes), week_limit=said(limits.week_minutes),
            law=limits.says("overtime_day" if limits.overtime_day is not None else "day_minutes"),
        )  # fmt: skip
    beyond = 0 if limits.day_minutes is None else total - limits.day_minutes
    if limits.overtime_day is not None and beyond > limits.overtime_day:
        raise refusals.OvertimeDayError(
            day=said(total), overtime=said(beyond), limit=said(limits.overtime_day), law=limits.says("overtime_day")
        )
    _check_month(before, after, limits)


def _check_month(before: Counter[date], after: Counter[date], limits: Limits) -> None:
    if limits.overtime_month is None:
        return
    was, becomes = by_month(before), by_month(after)
    for month in sorted(becomes):
        if becomes[month] > max(was[month], limits.overtime_month):
            raise refusals.OvertimeMonthError(
                month=f"{month.year}年{month.month}月", overtime=said(becomes[month]),
                limit=said(limits.overtime_month), law=limits.says("overtime_month"),
            )  # fmt: skip


def _totals(mine: Iterable[Stretch], new: Stretch) -> tuple[int, int]:
    """Minutes of the new one's day and of its week, itself included."""
    day = sum(other.work_minutes for other in mine if other.day == new.day) + new.work_minutes
    monday = week_of(new.day)
    return day, sum(other.work_minutes for other in mine if week_of(other.day) == monday) + new.work_minutes


def overtime_by_day(stretches: Iterable[Stretch], limits: Limits) -> Counter[date]:
    """Minutes of overtime of each day of these stretches of one employer."""
    worked: Counter[date] = Counter()
    for stretch in stretches:
        worked[stretch.day] += stretch.work_minutes
    ordinary_of_week: Counter[date] = Counter()
    overtime: Counter[date] = Counter()
    for day in sorted(worked):
        ordinary = worked[day] if limits.day_minutes is None else min(worked[day], limits.day_minutes)
        if limits.week_minutes is not None:
            ordinary = min(ordinary, limits.week_minutes - ordinary_of_week[week_of(day)])
        ordinary_of_week[week_of(day)] += ordinary
        overtime[day] = worked[day] - ordinary
    return overtime


def by_month(minutes: Counter[date]) -> Counter[date]:
    """Sums by calendar month, under its first day."""
    months: Counter[date] = Counter()
    for day, value in minutes.items():
        months[day.replace(day=1)] += value
    return months


def of_employer(held: Iterable[Stretch], new: Stretch) -> list[Stretch]:
    return [other for other in held if other.enterprise_id == new.enterprise_id]


def span_of(new: Stretch, limits: Limits) -> tuple[date, date]:
    """The days, first and last, whose work bears on whether this shift may be taken and on its label."""
    first, last = week_of(new.day), week_of(china_date(new.ends_at)) + timedelta(days=6)
    month_end = (last.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    window = new.day - timedelta(days=limits.label_window_days - 1)
    # Whole weeks: the overtime of a month's first day depends on the days before it in its week.
    return min(week_of(first.replace(day=1)), window), week_of(month_end) + timedelta(days=6)


def is_retired(worker: Worker, day: date, limits: Limits) -> bool:
    """As the person says; from the highest age on in any case. Nobody's sex is asked, so nothing is guessed before."""
    if worker.retired:
        return True
    highest = limits.retired_age_men
    return highest is not None and worker.born is not None and compute_age(worker.born, day) >= highest


def travel_minutes(here: tuple[int, int] | None, there: tuple[int, int] | None, vehicle: Vehicle | None) -> int:
    """Whole minutes on the way, rounded up; nothing where a place is not known."""
    if here is None or there is None:
        return 0
    return ceil(hypot(here[0] - there[0], here[1] - there[1]) / SPEED[vehicle])


def touches_night(starts_at: datetime, ends_at: datetime) -> bool:
    """Whether any minute falls between 22:00 and 06:00 in China."""
    start, end = starts_at.astimezone(CHINA), ends_at.astimezone(CHINA)
    night = datetime.combine(start.date() - timedelta(days=1), NIGHT_FROM, CHINA)
    while night < end:
        morning = datetime.combine(night.date() + timedelta(days=1), NIGHT_TO, CHINA)
        if night < end and start < morning:
            return True
        night += timedelta(days=1)
    return False


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def said(minutes: int | None) -> str:
    """“8小时”, “8小时30分”."""
    if minutes is None:
        return "不限"
    hours, rest = divmod(minutes, 60)
    return f"{hours}小时{rest}分" if hours and rest else f"{hours}小时" if hours else f"{rest}分钟"


def said_day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def said_period(stretch: Stretch) -> str:
    """“11月26日08:00–17:00”."""
    start, end = stretch.starts_at.astimezone(CHINA), stretch.ends_at.astimezone(CHINA)
    return f"{said_day(start.date())}{start:%H:%M}–{'次日' if end.date() > start.date() else ''}{end:%H:%M}"
