"""The rules as a linear model: a column for each eligible pair, rows that hold for every plan.

Only overtime of a month has no rows: plans are asked about it (`Law`), and what a plan broke becomes a row of its own
(`forbid`). So the model without it is a relaxation, its bounds are valid.
"""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from app.matching.allocation.calendar import WEEK, week_of
from app.matching.allocation.columns import NEVER, Columns, Floats, Ints
from app.matching.allocation.eligibility import Pairs
from app.matching.allocation.law import Law

ENDLESS = float("inf")


class Rows:
    """Rows lower <= sum of coefficients × columns <= upper, kept compactly."""

    def __init__(self) -> None:
        self.start, self.column, self.value = array("i", [0]), array("i"), array("d")
        self.lower, self.upper = array("d"), array("d")

    def __len__(self) -> int:
        return len(self.lower)

    def add(self, columns: Sequence[int], values: Sequence[float] | None, lower: float, upper: float) -> None:
        self.column.extend(columns)
        self.value.extend([1.0] * len(columns) if values is None else values)
        self.start.append(len(self.column))
        self.lower.append(lower)
        self.upper.append(upper)


class Model:
    """Columns 0 … pairs−1 are the pairs; then the worked days of those who could work too many, then what stages add."""

    def __init__(self, columns: Columns, law: Law, pairs: Pairs) -> None:
        self.columns, self.law, self.pairs = columns, law, pairs
        self.n_pairs = self.n_columns = len(pairs)
        self.rows = Rows()
        self.shift: list[int] = pairs.shift.tolist()
        self.open = ~pairs.pinned
        by_worker = np.lexsort((columns.shifts.start[pairs.shift], pairs.worker))
        self.of_worker = np.split(
            by_worker, np.searchsorted(pairs.worker[by_worker], np.arange(1, len(columns.workers.rows)))
        )
        """For each worker the rows of their pairs, by start."""
        self._seats()
        self._leaders()
        self._groups()
        for worker, rows in enumerate(self.of_worker):
            free = rows[self.open[rows]].tolist()
            if len(free) > 1:
                self._apart(worker, free)
                self._rest_days(worker, free)
                self._hours(worker, free)

    def new_columns(self, count: int) -> range:
        self.n_columns += count
        return range(self.n_columns - count, self.n_columns)

    def _seats(self) -> None:
        first = np.searchsorted(self.pairs.shift, np.arange(len(self.columns.shifts.rows) + 1)).tolist()
        pinned = np.bincount(self.pairs.shift[self.pairs.pinned], minlength=len(self.columns.shifts.rows))
        for shift, seats in enumerate(np.maximum(self.columns.shifts.seats, pinned).tolist()):
            if first[shift + 1] - first[shift] > seats:
                self.rows.add(range(first[shift], first[shift + 1]), None, -ENDLESS, seats)

    def _leaders(self) -> None:
        first = np.searchsorted(self.pairs.shift, np.arange(len(self.columns.shifts.rows) + 1)).tolist()
        for shift in np.flatnonzero(self.columns.shifts.leaders_per).tolist():
            rows = np.arange(first[shift], first[shift + 1])
            if len(rows):
                weight = 1.0 - self.columns.shifts.leaders_per[shift] * self.pairs.leader[rows]
                beyond = max(0.0, float(weight[self.pairs.pinned[rows]].sum()))
                self.rows.add(rows.tolist(), weight.tolist(), -ENDLESS, beyond)

    def _groups(self) -> None:
        together: dict[tuple[int, int], list[int]] = defaultdict(list)
        for row in np.flatnonzero(self.pairs.group >= 0).tolist():
            together[int(self.pairs.group[row]), self.shift[row]].append(row)
        for rows in together.values():
            for row in rows[1:]:
                self.rows.add((rows[0], row), (1.0, -1.0), 0.0, 0.0)

    def cliques(self, rows: Sequence[int], rest: int) -> Iterable[list[int]]:
        """Maximal sets of pairs of one worker, by start, of which only one can be: too close to each other in time."""
        start, end = self.law.start, self.law.end
        active: list[int] = []
        for row in rows:
            begin = start[self.shift[row]]
            stay = [at for at in active if end[self.shift[at]] + rest > begin]
            if len(stay) < len(active) and len(active) > 1:
                yield active
            active = [*stay, row]
        if len(active) > 1:
            yield active

    def _apart(self, worker: int, rows: list[int]) -> None:
        for clique in self.cliques(rows, self.law.rest):
            self.rows.add(clique, None, -ENDLESS, 1.0)
        if self.law.slow[worker] or self.law.rest == 0:
            start, end, shift = self.law.start, self.law.end, self.shift
            for at, one in enumerate(rows):
                for other in rows[at + 1 :]:
                    close = start[shift[other]] - end[shift[one]] < self.law.rest
                    if not close and not self.law.apart(worker, shift[one], shift[other]):
                        self.rows.add((one, other), None, -ENDLESS, 1.0)

    def _rest_days(self, worker: int, rows: list[int]) -> None:
        law = self.law
        base = law.done_days[worker]
        for shift in law.pinned[worker]:
            base |= law.days[shift]
        reach = base
        for row in rows:
            reach |= law.days[self.shift[row]]
        for week in law.week_masks:
            most = max(law.allowed_days, (base & week).bit_count())
            if (reach & week).bit_count() <= most:
                continue
            bits = [1 << at for at in range((reach & week).bit_length()) if (reach & week & ~base) >> at & 1]
            worked = self.new_columns(len(bits))
            for day, bit in zip(worked, bits, strict=True):
                on_day = [row for row in rows if law.days[self.shift[row]] & bit]
                covered: set[int] = set()
                for clique in self.cliques(on_day, law.rest):
                    self.rows.add([*clique, day], [*[1.0] * len(clique), -1.0], -ENDLESS, 0.0)
                    covered.update(clique)
                for row in on_day:
                    if row not in covered:
                        self.rows.add((row, day), (1.0, -1.0), -ENDLESS, 0.0)
            self.rows.add(worked, None, -ENDLESS, most - (base & week).bit_count())

    def _hours(self, worker: int, rows: list[int]) -> None:
        law = self.law
        of_employer: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            of_employer[law.enterprise[self.shift[row]]].append(row)
        for employer, mine in of_employer.items():
            if len(mine) == 1:
                continue
            base: dict[int, int] = defaultdict(int)
            for day, minutes in law.done_work.get((worker, employer), ()):
                base[day] += minutes
            for shift in law.pinned[worker]:
                if law.enterprise[shift] == employer:
                    base[law.day[shift]] += law.work[shift]
            self._hours_of(worker, mine, base)

    def _hours_of(self, worker: int, rows: list[int], base: dict[int, int]) -> None:
        law, limits = self.law, self.law.limits
        on_day: dict[int, list[int]] = defaultdict(list)
        for row in rows:
            on_day[law.day[self.shift[row]]].append(row)
        in_week: dict[int, list[int]] = defaultdict(list)
        for day, mine in on_day.items():
            in_week[week_of(day)] += mine
            if limits.day_minutes is not None and len(mine) > 1:
                over = law.may_work_over(worker, week_of(day))
                beyond = (NEVER if limits.overtime_day is None else limits.overtime_day) if over else 0
                self._at_most(mine, limits.day_minutes + beyond - base[day])
        if limits.week_minutes is None:
            return
        for week, mine in in_week.items():
            if law.may_work_over(worker, week):
                continue
            ordinary = sum(
                minutes if limits.day_minutes is None else min(minutes, limits.day_minutes)
                for day, minutes in base.items()
                if week_of(day) == week
            )
            self._at_most(mine, limits.week_minutes - ordinary)

    def _at_most(self, rows: list[int], minutes: int) -> None:
        work = [float(self.law.work[self.shift[row]]) for row in rows]
        if sum(work) > max(0, minutes):
            self.rows.add(rows, work, -ENDLESS, max(0, minutes))

    def forbid(self, rows: Sequence[int]) -> None:
        """Not all of these pairs."""
        self.rows.add(rows, None, -ENDLESS, len(rows) - 1.0)

    def bounds(self) -> tuple[Floats, Floats]:
        lower = np.zeros(self.n_columns)
        lower[: self.n_pairs] = self.pairs.pinned
        return lower, np.ones(self.n_columns)

    def filling(self) -> Floats:
        """What each pair takes off objective 0. Pins beyond the seats take nothing off, but they are constant."""
        shifts = self.columns.shifts
        return (shifts.priority * shifts.unit)[self.pairs.shift].astype(np.float64)


def worked_days(days: int) -> Ints:
    """Numbers of the bits that are set."""
    return np.array([at for at in range(days.bit_length()) if days >> at & 1], dtype=np.int64)


__all__ = ["ENDLESS", "WEEK", "Model", "Rows"]
