"""The label and its numbers: four hours a day worked, twenty-four hours a week, over the last four weeks."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.rules.gigs.hours import Stretch, Worker
from app.rules.gigs.labels import Label, average_of, label_of
from app.rules.gigs.terms import RelationLabel
from tests.rules.gigs.material import FIRM, MONDAY, OTHER, grown, limits, work

DAY = timedelta(days=1)
SUNDAY = MONDAY + 6 * DAY


def weeks(hours: float, *, firm: UUID = FIRM) -> list[Stretch]:
    """The same hours on the first days of each of the four weeks that end with `SUNDAY`."""
    return [work(MONDAY - (7 * back - n) * DAY, hours=hours, firm=firm) for back in range(4) for n in range(6)]


def label(
    hours: float, held: list[Stretch], *, worker: Worker | None = None, shared: bool = False, since: date | None = None
) -> Label:
    return label_of(worker or grown(), work(SUNDAY, hours=hours), held, limits(), shared=shared, since=since)


def test_at_the_bounds_it_is_part_time() -> None:
    """23 days of 4 hours and this one: 96 hours in 24 days and four weeks."""
    held = [s for s in weeks(4) if s.day != MONDAY]
    found = label(4, held)
    assert (found.kind, found.day_minutes, found.week_minutes) == (RelationLabel.PART_TIME, 240, 1440)
    assert "上班日平均每天4小时，平均每周24小时" in found.text
    assert "不作劳动关系认定" in found.text
    assert "15日" in found.text


def test_a_minute_above_the_day_or_the_week_is_a_contract() -> None:
    held = [s for s in weeks(4) if s.day != MONDAY]
    found = label(4 + 1 / 60, held)
    # Exactly, not by the rounded numbers, which are rounded up.
    assert (found.kind, found.day_minutes, found.week_minutes) == (RelationLabel.TASK_CONTRACT, 241, 1441)
    # Below four hours a day, yet more than 24 a week: seven days a week.
    many = [work(MONDAY - (7 * back - n) * DAY, hours=3.5) for back in range(4) for n in range(7)]
    found = label(3.5, [s for s in many if s.day != SUNDAY])
    assert (found.kind, found.day_minutes, found.week_minutes) == (RelationLabel.TASK_CONTRACT, 210, 1470)


def test_the_window_is_28_days_with_the_shifts_own() -> None:
    first = SUNDAY - 27 * DAY
    inside, outside = work(first, hours=8), work(first - DAY, hours=8)
    later = work(SUNDAY + DAY, hours=8)
    average = average_of(work(SUNDAY, hours=4), [outside, inside, later], limits())
    assert (average.minutes, average.days, average.day, average.week) == (720, 2, 360, 180)


def test_other_employers_do_not_count() -> None:
    found = label(4, weeks(8, firm=OTHER))
    assert (found.kind, found.day_minutes, found.week_minutes) == (RelationLabel.PART_TIME, 240, 60)


def test_the_contract_is_due_a_month_after_the_first_day() -> None:
    assert "2026年12月29日前" in label(8, []).text
    assert "2026年10月31日前" in label(8, [], since=date(2026, 10, 1)).text


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"shared": True}, RelationLabel.SHARED),
        ({"worker": grown(retired=True)}, RelationLabel.RETIREE),
        ({"worker": grown(born=date(1963, 11, 29))}, RelationLabel.RETIREE),
        ({"worker": grown(born=date(1963, 11, 30))}, RelationLabel.TASK_CONTRACT),
        ({"worker": grown(student=True)}, RelationLabel.STUDENT),
    ],
)
def test_who_has_a_label_of_their_own(options: dict[str, Any], kind: RelationLabel) -> None:
    assert label(8, [], **options).kind is kind


def test_warnings_of_the_persons_own_total() -> None:
    elsewhere = [work(MONDAY + n * DAY, hours=8, firm=OTHER) for n in range(4)]
    assert label(8, elsewhere).warnings == ()
    (warned,) = label(8, elsewhere, worker=grown(outside_minutes_week=1)).warnings
    assert "合计40小时1分（含您自报的平台外1分钟）" in warned


def test_students_are_warned_above_eight_hours_a_week() -> None:
    student = grown(student=True)
    assert label(8, [], worker=student).warnings == ()
    assert "勤工助学" in label(8.5, [], worker=student).warnings[0]


def test_people_near_retirement_are_asked_and_nothing_is_guessed() -> None:
    born = date(1970, 1, 1)
    assert "已满55周岁" in label(4, [], worker=grown(born=born)).warnings[0]
    assert label(4, [], worker=grown(born=born, retired=False)).warnings == ()
