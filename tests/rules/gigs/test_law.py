"""The law of hours and ages at its boundaries: what is just allowed, what is just not."""

from datetime import date, timedelta

import pytest

from app.rules.gigs import refusals
from app.rules.gigs.hours import (
    Worker,
    check_age,
    check_gaps,
    check_hours,
    check_rest_days,
    check_take,
    overtime_by_day,
    span_of,
    touches_night,
    travel_minutes,
)
from app.rules.gigs.labour import LimitMissingError, limits_of
from app.rules.jobs.terms import Vehicle
from tests.rules.gigs.material import MONDAY, OTHER, Row, days, grown, limits, rows, wanted, work

DAY = timedelta(days=1)
YES = {"overtime_consent": True}


# Rows.


def test_numbers_come_from_the_rows_in_force() -> None:
    known = limits()
    assert (known.minimum_age, known.adult_age) == (16, 18)
    assert (known.day_minutes, known.week_minutes, known.overtime_day, known.overtime_month) == (480, 2400, 180, 2160)
    assert (known.rest_between, known.week_rest_days) == (660, 1)
    assert known.minor_hazards == {
        "dust", "toxic", "high_temperature", "height", "heavy_load", "fast_line", "press",
    }  # fmt: skip
    assert known.says("day_minutes") == "《劳动法》第三十六条"


def test_an_unconfirmed_row_is_off() -> None:
    assert limits().retired_no_overtime is False
    assert limits(retired_no_overtime=1).retired_no_overtime is True


def test_a_row_is_off_before_it_begins_and_after_it_ends() -> None:
    base = [row for row in rows() if row.limit_id != "rest_between"]
    row = Row("rest_between", "house", "per_person", 600, True, "《规则》", "一", MONDAY, MONDAY + DAY)
    assert limits_of([*base, row], MONDAY - DAY).rest_between is None
    assert limits_of([*base, row], MONDAY).rest_between == 600
    assert limits_of([*base, row], MONDAY + DAY).rest_between == 600
    assert limits_of([*base, row], MONDAY + 2 * DAY).rest_between is None


def test_the_newer_row_counts_from_its_day() -> None:
    newer = Row("rest_between", "house", "per_person", 720, True, "《规则》", "二", MONDAY)
    assert limits_of([newer, *rows()], MONDAY - DAY).rest_between == 660
    assert limits_of([newer, *rows()], MONDAY).rest_between == 720


def test_what_the_platform_cannot_do_without_must_have_a_row() -> None:
    with pytest.raises(LimitMissingError, match="confirm_hours"):
        limits_of([row for row in rows() if row.limit_id != "confirm_hours"], MONDAY)


# Ages.


@pytest.mark.parametrize(
    ("years", "shift_day", "error"),
    [
        (16, -1, refusals.UnderAgeError),  # 15, the day before the sixteenth birthday
        (16, 0, refusals.MinorNotReadyError),  # 16 on the day itself
        (17, -1, refusals.MinorNotReadyError),
        (17, 0, refusals.MinorNotReadyError),
        (18, -1, refusals.MinorNotReadyError),  # 17
        (18, 0, None),  # 18 on the day itself
    ],
)
def test_age_counts_on_the_day_of_the_shift(years: int, shift_day: int, error: type[Exception] | None) -> None:
    born = date(MONDAY.year - years, MONDAY.month, MONDAY.day)
    asked = wanted(work(MONDAY + shift_day * DAY))
    if error is None:
        check_age(Worker(born=born), asked, limits())
        return
    with pytest.raises(error):
        check_age(Worker(born=born), asked, limits())


def test_a_night_shift_counts_on_the_day_it_begins() -> None:
    """Eighteen at midnight: the shift that began at 22:00 the day before was a minor's."""
    born = date(MONDAY.year - 18, MONDAY.month, MONDAY.day)
    ready = MONDAY + 30 * DAY
    with pytest.raises(refusals.MinorNightError):
        check_age(Worker(born=born, minor_ready_until=ready), wanted(work(MONDAY - DAY, "22:00")), limits())
    check_age(Worker(born=born), wanted(work(MONDAY, "22:00")), limits())


def test_born_on_a_leap_day_is_sixteen_on_the_first_of_march() -> None:
    worker = Worker(born=date(2012, 2, 29), minor_ready_until=date(2029, 1, 1))
    with pytest.raises(refusals.UnderAgeError):
        check_age(worker, wanted(work(date(2028, 2, 28))), limits())
    check_age(worker, wanted(work(date(2028, 2, 29))), limits())


def test_an_unknown_birth_date_and_an_order_for_older_people() -> None:
    with pytest.raises(refusals.BirthDateMissingError):
        check_age(Worker(born=None), wanted(work(MONDAY)), limits())
    minor = Worker(born=date(2010, 1, 1), minor_ready_until=date(2030, 1, 1))
    with pytest.raises(refusals.OrderAgeError):
        check_age(minor, wanted(work(MONDAY), minimum_age=18), limits())
    check_age(minor, wanted(work(MONDAY), minimum_age=16), limits())


def test_a_minor_is_ready_until_the_last_day_of_the_shift() -> None:
    born, off = date(2010, 1, 1), limits(minor_night=None)
    check_age(Worker(born=born, minor_ready_until=MONDAY), wanted(work(MONDAY, "16:00")), off)
    with pytest.raises(refusals.MinorNotReadyError):
        check_age(Worker(born=born, minor_ready_until=MONDAY), wanted(work(MONDAY, "16:01")), off)


@pytest.mark.parametrize("hazard", sorted(limits().minor_hazards))
def test_hazards_are_closed_to_minors(hazard: str) -> None:
    minor = Worker(born=date(2010, 1, 1), minor_ready_until=date(2030, 1, 1))
    with pytest.raises(refusals.MinorHazardError):
        check_age(minor, wanted(work(MONDAY), hazards=[hazard]), limits())
    check_age(minor, wanted(work(MONDAY), hazards=["noise"]), limits())
    check_age(grown(), wanted(work(MONDAY), hazards=[hazard]), limits())


@pytest.mark.parametrize(
    ("start", "hours", "night"),
    [("06:00", 16, False), ("05:59", 4, True), ("14:00", 8, False), ("14:00", 8.1, True), ("22:00", 8, True),
     ("23:00", 2, True), ("08:00", 15, True)],
)  # fmt: skip
def test_night_is_from_22_to_6(start: str, hours: float, night: bool) -> None:
    stretch = work(MONDAY, start, hours)
    assert touches_night(stretch.starts_at, stretch.ends_at) is night


# Hours.


def test_eight_hours_a_day_need_no_consent_and_a_minute_more_does() -> None:
    check_hours(grown(), work(MONDAY, hours=8), [], limits())
    longer = work(MONDAY, hours=8 + 1 / 60)
    with pytest.raises(refusals.OvertimeConsentError, match="8小时1分"):
        check_hours(grown(), longer, [], limits())
    check_hours(grown(**YES), longer, [], limits())


def test_three_hours_of_overtime_a_day_and_not_a_minute_more() -> None:
    check_hours(grown(**YES), work(MONDAY, "06:00", 11), [], limits())
    with pytest.raises(refusals.OvertimeDayError, match="3小时1分"):
        check_hours(grown(**YES), work(MONDAY, "06:00", 11 + 1 / 60), [], limits())


def test_a_day_is_the_sum_of_its_shifts_with_the_employer() -> None:
    morning = work(MONDAY, "06:00", 4)
    check_hours(grown(), work(MONDAY, "14:00", 4), [morning], limits())
    with pytest.raises(refusals.OvertimeConsentError):
        check_hours(grown(), work(MONDAY, "14:00", 4.5), [morning], limits())


def test_hours_bind_per_employer() -> None:
    elsewhere = days(MONDAY, 5, hours=8, firm=OTHER)
    check_hours(grown(), work(MONDAY, "18:00", 8), elsewhere, limits())


def test_forty_hours_a_week_and_a_minute_more() -> None:
    four = days(MONDAY, 4, hours=8)
    check_hours(grown(), work(MONDAY + 4 * DAY, hours=8), four, limits())
    five = days(MONDAY, 5, hours=8)
    with pytest.raises(refusals.OvertimeConsentError, match="40小时1分"):
        check_hours(grown(), work(MONDAY + 5 * DAY, hours=1 / 60), five, limits())
    check_hours(grown(**YES), work(MONDAY + 5 * DAY, hours=8), five, limits())


def test_a_week_begins_on_monday() -> None:
    five = days(MONDAY, 5, hours=8)
    check_hours(grown(), work(MONDAY + 7 * DAY, hours=8), five, limits())
    check_hours(grown(), work(MONDAY - DAY, hours=8), five, limits())


def test_a_night_shift_over_midnight_counts_whole_on_its_first_day() -> None:
    sunday = MONDAY - DAY
    night = work(sunday, "22:00", 8)
    # Counted to Sunday's week: Monday to Friday may have their forty hours.
    check_hours(grown(), work(MONDAY + 4 * DAY, hours=8), [night, *days(MONDAY, 4, hours=8)], limits())
    with pytest.raises(refusals.OvertimeConsentError):
        check_hours(grown(), work(sunday, "09:00", 1), [night], limits())


def test_thirty_six_hours_a_month_and_a_minute_more() -> None:
    """Twelve days of eleven hours are thirty-six hours of overtime; in November 2026, three a week."""
    first = date(2026, 11, 2)
    held = [work(first + (7 * week + n) * DAY, "06:00", 11) for week in range(4) for n in range(3)]
    assert sum(overtime_by_day(held, limits()).values()) == 36 * 60
    check_hours(grown(**YES), held[-1], held[:-1], limits())
    check_hours(grown(**YES), work(date(2026, 11, 27), "06:00", 8), held, limits())
    with pytest.raises(refusals.OvertimeMonthError, match="2026年11月加班共36小时1分"):
        check_hours(grown(**YES), work(date(2026, 11, 27), "06:00", 8 + 1 / 60), held, limits())


def test_overtime_of_the_next_month_is_counted_apart() -> None:
    first = date(2026, 11, 2)
    held = [work(first + (7 * week + n) * DAY, "06:00", 11) for week in range(4) for n in range(3)]
    # 30 November is a Monday: the week has days of both months.
    with pytest.raises(refusals.OvertimeMonthError, match="11月"):
        check_hours(grown(**YES), work(date(2026, 11, 30), "06:00", 11), held, limits())
    check_hours(grown(**YES), work(date(2026, 12, 1), "06:00", 11), held, limits())


def test_an_earlier_day_may_push_a_later_one_of_the_week_over_the_month() -> None:
    """Work on Monday, 30 November turns ordinary hours of that week's Saturday, in December, into overtime."""
    first_week = days(date(2026, 12, 1), 5, hours=8)
    later = [work(date(2026, 12, 7) + (7 * week + n) * DAY, "06:00", 11) for week in range(3) for n in range(4)]
    held = first_week + later
    assert sum(overtime_by_day(held, limits()).values()) == 36 * 60
    with pytest.raises(refusals.OvertimeMonthError, match="12月"):
        check_hours(grown(**YES), work(date(2026, 11, 30), hours=8), held, limits())


def test_retired_people_do_no_overtime_once_the_row_is_confirmed() -> None:
    retired = grown(retired=True, **YES)
    check_hours(retired, work(MONDAY, hours=9), [], limits())
    with pytest.raises(refusals.RetiredOvertimeError):
        check_hours(retired, work(MONDAY, hours=9), [], limits(retired_no_overtime=1))
    check_hours(retired, work(MONDAY, hours=8), [], limits(retired_no_overtime=1))
    old = grown(born=date(MONDAY.year - 63, MONDAY.month, MONDAY.day), **YES)
    with pytest.raises(refusals.RetiredOvertimeError):
        check_hours(old, work(MONDAY, hours=9), [], limits(retired_no_overtime=1))
    check_hours(old, work(MONDAY - DAY, hours=9), [], limits(retired_no_overtime=1))


def test_a_row_for_the_person_counts_all_employers() -> None:
    everyone = [
        Row(**(vars(row) | {"scope": "per_person"})) if row.limit_id == "day_minutes" else row for row in rows()
    ]
    held = [work(MONDAY, "06:00", 4, firm=OTHER)]
    with pytest.raises(refusals.OvertimeConsentError):
        check_hours(grown(), work(MONDAY, "14:00", 5), held, limits_of(everyone, MONDAY))


def test_without_the_row_nothing_is_overtime() -> None:
    check_hours(grown(), work(MONDAY, "06:00", 14), [], limits(day_minutes=None, week_minutes=None))


# Rest.


def test_six_days_a_week_and_not_seven() -> None:
    five = days(MONDAY, 5, hours=4)
    check_rest_days(work(MONDAY + 5 * DAY, hours=4), five, limits())
    with pytest.raises(refusals.RestDayError, match="11月23日起的一周您将上班7天"):
        check_rest_days(work(MONDAY + 6 * DAY, hours=4), days(MONDAY, 6, hours=4), limits())


def test_a_night_shift_takes_both_of_its_days() -> None:
    with pytest.raises(refusals.RestDayError):
        check_rest_days(work(MONDAY + 5 * DAY, "22:00", 4), days(MONDAY, 5, hours=4), limits())
    # Until midnight exactly it takes one.
    check_rest_days(work(MONDAY + 5 * DAY, "22:00", 2), days(MONDAY, 5, hours=4), limits())
    # From Sunday into Monday: the next week's days.
    with pytest.raises(refusals.RestDayError, match="11月23日"):
        check_rest_days(work(MONDAY - DAY, "22:00", 4), days(MONDAY + DAY, 6, hours=4), limits())


def test_rest_days_are_the_persons_with_all_employers() -> None:
    with pytest.raises(refusals.RestDayError):
        check_rest_days(work(MONDAY + 6 * DAY, hours=4), days(MONDAY, 6, hours=4, firm=OTHER), limits())


def test_eleven_hours_between_shifts() -> None:
    held = [work(MONDAY, "14:00", 8)]
    check_gaps(grown(), work(MONDAY + DAY, "09:00"), held, limits())
    with pytest.raises(refusals.RestBetweenError, match="只隔10小时59分"):
        check_gaps(grown(), work(MONDAY + DAY, "08:59"), held, limits())
    with pytest.raises(refusals.RestBetweenError):
        check_gaps(grown(), work(MONDAY, "01:00", 2.1), held, limits())


def test_overlap_of_a_minute() -> None:
    held = [work(MONDAY, "08:00", 8)]
    free = limits(rest_between=None)
    check_gaps(grown(), work(MONDAY, "16:00", 2), held, free)
    check_gaps(grown(), work(MONDAY, "06:00", 2), held, free)
    for start, hours in (("15:59", 2.0), ("06:00", 2 + 1 / 60), ("10:00", 1), ("06:00", 12)):
        with pytest.raises(refusals.OverlapError):
            check_gaps(grown(), work(MONDAY, start, hours), held, free)


def test_time_for_the_way() -> None:
    free = limits(rest_between=None)
    held = [work(MONDAY, "08:00", 4, place=(0, 0))]
    there = work(MONDAY, "12:10", 4, place=(2500, 0), firm=OTHER)
    check_gaps(grown(vehicle=Vehicle.EBIKE), there, held, free)
    with pytest.raises(refusals.TravelError, match="路上约需42分钟"):
        check_gaps(grown(vehicle=Vehicle.WALK), there, held, free)
    check_gaps(grown(), work(MONDAY, "12:00", 4), held, free)
    assert travel_minutes((0, 0), (2501, 0), Vehicle.EBIKE) == 11


def test_all_rules_are_asked() -> None:
    check_take(grown(), wanted(work(MONDAY)), [], limits())
    for worker, asked, held, error in (
        (Worker(born=None), wanted(work(MONDAY)), [], refusals.BirthDateMissingError),
        (grown(), wanted(work(MONDAY)), [work(MONDAY)], refusals.OverlapError),
        (grown(), wanted(work(MONDAY + 6 * DAY)), days(MONDAY, 6, hours=1, firm=OTHER), refusals.RestDayError),
        (grown(), wanted(work(MONDAY, hours=9)), [], refusals.OvertimeConsentError),
    ):
        with pytest.raises(error):
            check_take(worker, asked, held, limits())


def test_the_days_that_bear_on_a_shift() -> None:
    """Whole weeks around the month of the shift's week, and the label's window."""
    assert span_of(work(date(2026, 11, 26)), limits()) == (date(2026, 10, 26), date(2026, 12, 6))
    assert span_of(work(date(2026, 12, 1)), limits()) == (date(2026, 10, 26), date(2027, 1, 3))
    assert span_of(work(date(2027, 3, 1)), limits()) == (date(2027, 2, 2), date(2027, 4, 4))
