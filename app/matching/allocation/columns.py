"""The problem as numpy columns: row numbers instead of keys, keys sorted so that the same problem gives the same rows."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.matching.allocation.calendar import WEEK, day_of, horizon_days, month_of, week_of
from app.matching.allocation.problem import Place, Problem, Shift, Worker

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max // 4
"""An instant that does not come, a distance nobody asks about."""
QUARTERS = 4
"""Steps of the shortfall of hours: the first quarter weighs four times the last."""


def ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int64)


def bools(values: Iterable[bool]) -> Bools:
    return np.fromiter(values, dtype=np.bool_)


def _places(places: Iterable[Place | None]) -> Floats:
    rows = [(np.nan, np.nan) if place is None else place for place in places]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def code(names: Iterable[str]) -> dict[str, int]:
    """Names to numbers, in the order of the names."""
    return {name: at for at, name in enumerate(sorted(set(names)))}


@dataclass(frozen=True, slots=True)
class ShiftColumns:
    rows: tuple[Shift, ...]
    start: Ints
    end: Ints
    work: Ints
    unit: Ints
    heads: Ints
    seats: Ints
    priority: Ints
    fen: Ints
    level: Ints
    enterprise: Ints
    process: Ints
    place: Floats
    day: Ints
    week: Ints
    month: Ints
    leaders_per: Ints
    """0: no leader needed."""
    leader_level: Ints

    @classmethod
    def of(
        cls, rows: tuple[Shift, ...], processes: dict[str, int], enterprises: dict[str, int], offset: int
    ) -> "ShiftColumns":
        start = ints(row.start for row in rows)
        day = (start + offset) // 1440
        months = {int(at): month_of(int(at)) for at in np.unique(day)}
        return cls(
            rows=rows,
            start=start,
            end=ints(row.end for row in rows),
            work=ints(row.work_minutes for row in rows),
            unit=ints(row.unit for row in rows),
            heads=ints(row.heads for row in rows),
            seats=ints(row.seats for row in rows),
            priority=ints(row.priority for row in rows),
            fen=ints(row.fen_per_hour for row in rows),
            level=ints(row.level for row in rows),
            enterprise=ints(enterprises[row.enterprise] for row in rows),
            process=ints(processes[row.process] for row in rows),
            place=_places(row.place for row in rows),
            day=day,
            week=(day + 3) // WEEK,
            month=ints(months[int(at)] for at in day),
            leaders_per=ints(row.leaders_per or 0 for row in rows),
            leader_level=ints(row.leader_level for row in rows),
        )


@dataclass(frozen=True, slots=True)
class WorkerColumns:
    rows: tuple[Worker, ...]
    home: Floats
    speed: Floats
    reach: Ints
    least: Ints
    is_16: Ints
    is_18: Ints
    retired: Ints
    ready: Bools
    consent: Bools
    willing: Bools
    """Some free window and some hours wanted."""
    target: Ints
    past: Ints
    group: Ints
    """-1: goes alone."""

    @classmethod
    def of(cls, rows: tuple[Worker, ...], days: int) -> "WorkerColumns":
        groups = code(row.group for row in rows if row.group is not None)
        return cls(
            rows=rows,
            home=_places(row.home for row in rows),
            speed=np.fromiter((row.speed_m_per_min for row in rows), dtype=np.float64),
            reach=ints(NEVER if row.reach_m is None else row.reach_m for row in rows),
            least=ints(-NEVER if row.least_fen_per_hour is None else row.least_fen_per_hour for row in rows),
            is_16=ints(row.birthday_16 for row in rows),
            is_18=ints(row.birthday_18 for row in rows),
            retired=ints(NEVER if row.retired_from is None else row.retired_from for row in rows),
            ready=bools(row.minor_ready for row in rows),
            consent=bools(row.overtime_consent for row in rows),
            willing=bools(bool(row.free) and row.wanted_minutes > 0 for row in rows),
            target=ints(row.wanted_past_minutes + row.wanted_minutes * days // WEEK for row in rows),
            past=ints(row.past_minutes for row in rows),
            group=ints(-1 if row.group is None else groups[row.group] for row in rows),
        )


@dataclass(frozen=True, slots=True)
class Columns:
    problem: Problem
    workers: WorkerColumns
    shifts: ShiftColumns
    processes: dict[str, int]
    enterprises: dict[str, int]
    worker_at: dict[str, int]
    shift_at: dict[str, int]
    base_day: int
    """The Monday of the first week."""

    @classmethod
    def of(cls, problem: Problem) -> "Columns":
        """Raises ValueError for a key that stands twice or a number that cannot be."""
        workers = tuple(sorted(problem.workers, key=lambda row: row.key))
        shifts = tuple(sorted(problem.shifts, key=lambda row: (row.process, row.start, row.end, row.key)))
        worker_at = {row.key: at for at, row in enumerate(workers)}
        shift_at = {row.key: at for at, row in enumerate(shifts)}
        if len(worker_at) < len(workers) or len(shift_at) < len(shifts):
            raise ValueError("a key stands twice")
        for shift in shifts:
            if shift.end <= shift.start or shift.priority < 1 or shift.heads < 0 or shift.work_minutes < 0:
                raise ValueError(
                    f"shift {shift.key}: end after start, priority at least 1, heads and work not negative"
                )
        if any(worker.speed_m_per_min <= 0 for worker in workers):
            raise ValueError("a speed is above 0")
        processes = code(row.process for row in shifts)
        enterprises = code(row.enterprise for row in shifts)
        offset = problem.limits.utc_offset
        first = min((day_of(row.start, offset) for row in shifts), default=0)
        return cls(
            problem=problem,
            workers=WorkerColumns.of(workers, horizon_days(problem)),
            shifts=ShiftColumns.of(shifts, processes, enterprises, offset),
            processes=processes,
            enterprises=enterprises,
            worker_at=worker_at,
            shift_at=shift_at,
            base_day=week_of(first) * WEEK - 3,
        )


def unfairness(target: Ints, got: Ints) -> Ints:
    """Convex, piecewise linear: minutes below each quarter of what was wanted, summed."""
    below = np.zeros_like(target)
    for quarter in range(1, QUARTERS + 1):
        below += np.maximum(0, quarter * target // QUARTERS - got)
    return below


def distances(a: Floats, b: Floats) -> Floats:
    """Metres; not a number where a place is unknown."""
    return np.asarray(np.hypot(a[:, 0] - b[:, 0], a[:, 1] - b[:, 1]), dtype=np.float64)
