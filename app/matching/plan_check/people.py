"""What must hold of all the shifts of one person. Pins stand; what they alone break may not be broken further."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from app.matching.plan_check.measures import (
    NEAR,
    WEEK_DAYS,
    Clock,
    Row,
    day_name,
    metres,
    month,
    overtime,
    worked_days,
)
from app.matching.plan_check.verdict import Findings

K = TypeVar("K")


def check_person(
    worker: Row, shifts: Sequence[Row], pinned: Sequence[Row], limits: Row, clock: Clock, said: Findings
) -> None:
    stands = {row["key"] for row in pinned}
    rest = limits["rest_between"] or 0
    for one, other in combinations(sorted(shifts, key=lambda row: (row["start"], row["end"])), 2):
        if one["key"] in stands and other["key"] in stands:
            continue
        _check_two(worker, one, other, rest, said)
    _check_rest_days(worker, shifts, pinned, limits, clock, said)
    _check_overtime(worker, shifts, pinned, limits, clock, said)


def _check_two(worker: Row, one: Row, other: Row, rest: int, said: Findings) -> None:
    """In the order in which they begin."""
    gap = other["start"] - one["end"]
    key, shift = worker["key"], other["key"]
    said.hold("overlap", gap >= 0, f"与{one['key']}重叠", worker=key, shift=shift)
    said.hold("rest", gap >= rest, f"与{one['key']}相隔{gap}分钟，至少{rest}分钟", worker=key, shift=shift)
    travel = metres(one["place"], other["place"]) / worker["speed_m_per_min"]
    text = f"从{one['key']}过来要{travel:.0f}分钟，只有{gap}分钟"
    said.hold("travel", gap >= travel - NEAR, text, worker=key, shift=shift)


def _check_rest_days(
    worker: Row, shifts: Sequence[Row], pinned: Sequence[Row], limits: Row, clock: Clock, said: Findings
) -> None:
    needed = limits["week_rest_days"]
    if needed is None:
        return
    have = worked_days([*shifts, *worker["done"]], clock)
    before = worked_days([*pinned, *worker["done"]], clock)
    touched = {clock.week(day) for row in shifts for day in clock.days_of(row)}
    for week in touched:
        most = max(WEEK_DAYS - needed, len(before.get(week, ())))
        days = len(have[week])
        said.hold("rest_day", days <= most, f"一周上班{days}天，最多{most}天", worker=worker["key"])


def _check_overtime(
    worker: Row, shifts: Sequence[Row], pinned: Sequence[Row], limits: Row, clock: Clock, said: Findings
) -> None:
    for enterprise in {row["enterprise"] for row in shifts}:
        done = [row for row in worker["done"] if row["enterprise"] == enterprise]
        have = overtime([*(row for row in shifts if row["enterprise"] == enterprise), *done], clock, limits)
        stood = overtime([*(row for row in pinned if row["enterprise"] == enterprise), *done], clock, limits)
        _check_days(worker, have, stood, limits, said)
        _check_months(worker, have, stood, limits, said)
        _check_weeks(worker, have, stood, limits, clock, said)


def _check_days(worker: Row, have: Mapping[int, int], stood: Mapping[int, int], limits: Row, said: Findings) -> None:
    if limits["overtime_day"] is None:
        return
    for day, minutes in have.items():
        most = max(limits["overtime_day"], stood.get(day, 0))
        text = f"{day_name(day)}加班{minutes}分钟，最多{most}分钟"
        said.hold("overtime_day", minutes <= most, text, worker=worker["key"])


def _check_months(worker: Row, have: Mapping[int, int], stood: Mapping[int, int], limits: Row, said: Findings) -> None:
    if limits["overtime_month"] is None:
        return
    now, before = _summed(have, month), _summed(stood, month)
    for name, minutes in now.items():
        most = max(limits["overtime_month"], before.get(name, 0))
        text = f"{name[0]}年{name[1]}月加班{minutes}分钟，最多{most}分钟"
        said.hold("overtime_month", minutes <= most, text, worker=worker["key"])


def _check_weeks(
    worker: Row, have: Mapping[int, int], stood: Mapping[int, int], limits: Row, clock: Clock, said: Findings
) -> None:
    """Weeks in which there may be no overtime at all."""
    now, before = _summed(have, clock.week), _summed(stood, clock.week)
    for week, minutes in now.items():
        retired = worker["retired_from"] is not None and worker["retired_from"] < clock.week_end(week)
        allowed = worker["overtime_consent"] and (limits["retired_overtime"] or not retired)
        most = before.get(week, 0)
        text = f"本人不加班的一周里加班{minutes}分钟，最多{most}分钟"
        said.hold("overtime_consent", allowed or minutes <= most, text, worker=worker["key"])


def _summed(minutes: Mapping[int, int], name: Callable[[int], K]) -> dict[K, int]:
    found: dict[K, int] = defaultdict(int)
    for day, value in minutes.items():
        found[name(day)] += value
    return found
