"""Stretches of free time: weeks, nights over midnight, days of their own; and small rules of registrations."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.clock import CHINA
from app.rules.gigs import profiles
from app.rules.gigs.availability import DayPlan, Window, covers, free_between, is_known
from app.rules.gigs.terms import Proof
from tests.rules.gigs.material import MONDAY, limits

DAY = timedelta(days=1)
EIGHT, FIVE = 480, 1020


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHINA)


def test_a_week_repeats() -> None:
    free = free_between([Window(0, EIGHT, FIVE), Window(2, EIGHT, FIVE)], [], MONDAY, MONDAY + 8 * DAY)
    assert free == [(at(MONDAY + n * DAY, 8), at(MONDAY + n * DAY, 17)) for n in (0, 2, 7)]


def test_touching_windows_join_and_a_night_goes_over_midnight() -> None:
    windows = [Window(0, 1320, 1800), Window(1, 360, 600)]
    assert free_between(windows, [], MONDAY, MONDAY + DAY) == [(at(MONDAY, 22), at(MONDAY + DAY, 10))]
    # The night of Sunday reaches into Monday, and begins where the horizon begins.
    assert free_between([Window(6, 1320, 1800)], [], MONDAY, MONDAY) == [(at(MONDAY, 0), at(MONDAY, 6))]


def test_a_day_of_its_own_takes_the_place_of_the_week() -> None:
    windows = [Window(day, EIGHT, FIVE) for day in range(7)]
    days = [DayPlan(MONDAY), DayPlan(MONDAY + DAY, 600, 700), DayPlan(MONDAY + DAY, 800, 900)]
    assert free_between(windows, days, MONDAY, MONDAY + DAY) == [
        (at(MONDAY + DAY, 10), at(MONDAY + DAY, 11, 40)),
        (at(MONDAY + DAY, 13, 20), at(MONDAY + DAY, 15)),
    ]


def test_a_day_off_cuts_the_night_that_reaches_into_it() -> None:
    free = free_between([Window(0, 1320, 1800)], [DayPlan(MONDAY + DAY)], MONDAY, MONDAY + DAY)
    assert free == [(at(MONDAY, 22), at(MONDAY + DAY, 0))]


def test_the_whole_shift_must_be_free() -> None:
    free = free_between([Window(0, EIGHT, FIVE)], [], MONDAY, MONDAY)
    assert covers(free, at(MONDAY, 8), at(MONDAY, 17))
    assert not covers(free, at(MONDAY, 7, 59), at(MONDAY, 12))
    assert not covers(free, at(MONDAY, 12), at(MONDAY, 17, 1))


def test_what_is_known() -> None:
    assert not is_known([], [])
    assert not is_known([], [DayPlan(MONDAY)])
    assert is_known([], [DayPlan(MONDAY, 0, 60)])
    assert is_known([Window(0, 0, 60)], [])


def test_a_higher_level_than_proved_is_ones_own_word() -> None:
    assert profiles.proof_after(3, Proof.TOWN, 4) is Proof.CLAIMED
    assert profiles.proof_after(3, Proof.TOWN, 2) is Proof.TOWN


@pytest.mark.parametrize(("ahead", "good"), [(-1, False), (0, True), (92, True), (93, False)])
def test_days_lie_ahead(ahead: int, good: bool) -> None:
    if good:
        profiles.check_days([MONDAY + ahead * DAY], MONDAY)
        return
    with pytest.raises(profiles.AvailabilityDayError):
        profiles.check_days([MONDAY + ahead * DAY], MONDAY)


@pytest.mark.parametrize(("years", "before", "good"), [(16, 1, False), (16, 0, True), (18, 1, True), (18, 0, False)])
def test_papers_are_asked_of_16_and_17_only(years: int, before: int, good: bool) -> None:
    birthday = (MONDAY + before * DAY).replace(year=MONDAY.year - years)
    if good:
        profiles.check_minor(birthday, MONDAY, limits())
        return
    with pytest.raises(profiles.NotMinorError):
        profiles.check_minor(birthday, MONDAY, limits())


@pytest.mark.parametrize(("ahead", "good"), [(-1, False), (0, True), (365, True), (366, False)])
def test_a_health_check_holds_for_a_year(ahead: int, good: bool) -> None:
    now = at(MONDAY, 12)
    if good:
        profiles.check_ready_until(MONDAY + ahead * DAY, now, limits())
        return
    with pytest.raises(profiles.MinorReadyUntilError):
        profiles.check_ready_until(MONDAY + ahead * DAY, now, limits())


def test_a_block_is_flagged_up_to_30_days_after_a_claim() -> None:
    now = datetime(2026, 11, 24, 4, tzinfo=UTC)
    assert profiles.flagged_days(None, now, limits()) is None
    assert profiles.flagged_days(now, now, limits()) == 0
    assert profiles.flagged_days(now - 30 * DAY, now, limits()) == 30
    assert profiles.flagged_days(now - 31 * DAY, now, limits()) is None
