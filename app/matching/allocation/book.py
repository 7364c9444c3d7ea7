"""Who is on which shift while a plan is being made, with every rule asked before a change."""

from collections.abc import Iterable, Sequence

import numpy as np

from app.matching.allocation.columns import Columns, Ints
from app.matching.allocation.eligibility import Pairs
from app.matching.allocation.law import Law

NOBODY = -1


class Book:
    """Plain lists and row numbers: single questions are quicker than with arrays."""

    def __init__(self, columns: Columns, law: Law, pairs: Pairs) -> None:
        self.columns, self.law, self.pairs = columns, law, pairs
        shifts = columns.shifts
        self.n_shifts, self.n_workers = len(shifts.rows), len(columns.workers.rows)
        self.seats: list[int] = shifts.seats.tolist()
        self.per: list[int] = shifts.leaders_per.tolist()
        self.value: list[int] = (shifts.priority * shifts.unit).tolist()
        """What a person on the shift adds to objective 0."""
        self.pair_worker: list[int] = pairs.worker.tolist()
        self.first: list[int] = np.searchsorted(pairs.shift, np.arange(self.n_shifts + 1)).tolist()
        led = np.flatnonzero(pairs.leader & (shifts.leaders_per[pairs.shift] > 0))
        self.leads = set((pairs.shift[led] * self.n_workers + pairs.worker[led]).tolist())
        self.fast = [not slow and law.rest > 0 for slow in law.slow]
        self.mine: list[list[int]] = [[] for _ in range(self.n_workers)]
        self.days = list(law.done_days)
        self.taken = [0] * self.n_shifts
        self.leaders = [0] * self.n_shifts
        self.locked: set[int] = set()
        """Pins, and members of groups while people are moved one by one."""
        self.people: list[set[int]] = [set() for _ in range(self.n_shifts)]
        for worker, shift in zip(pairs.worker[pairs.pinned].tolist(), pairs.shift[pairs.pinned].tolist(), strict=True):
            self.add(worker, shift)
            self.locked.add(self.key(worker, shift))
        self.beyond = [
            max(0, n - per * led) if per else 0 for n, per, led in zip(self.taken, self.per, self.leaders, strict=True)
        ]
        """What the pins alone have more than their leaders may lead."""

    def key(self, worker: int, shift: int) -> int:
        return shift * self.n_workers + worker

    def candidates(self, shift: int) -> range:
        """Rows of the eligible pairs of a shift."""
        return range(self.first[shift], self.first[shift + 1])

    def has_room(self, shift: int) -> bool:
        return self.taken[shift] < self.seats[shift]

    def is_led(self, worker: int, shift: int, leaving: int = NOBODY) -> bool:
        """Whether the shift has leaders enough with this worker (NOBODY: none more) and without the one who leaves."""
        per = self.per[shift]
        if not per:
            return True
        people, leaders = self.taken[shift], self.leaders[shift]
        if worker != NOBODY:
            people += 1
            leaders += self.key(worker, shift) in self.leads
        if leaving != NOBODY:
            people -= 1
            leaders -= self.key(leaving, shift) in self.leads
        return people - per * leaders <= self.beyond[shift]

    def fits(self, worker: int, shift: int) -> bool:
        return self.law.fits(worker, shift, self.mine[worker], self.days[worker])

    def fits_without(self, worker: int, shift: int, left: int) -> bool:
        """Whether the shift would do if the worker were not on `left`."""
        rest = [at for at in self.mine[worker] if at != left]
        days = self.law.done_days[worker]
        for at in rest:
            days |= self.law.days[at]
        return self.law.fits(worker, shift, rest, days)

    def add(self, worker: int, shift: int) -> None:
        self.mine[worker].append(shift)
        self.days[worker] |= self.law.days[shift]
        self.taken[shift] += 1
        self.people[shift].add(worker)
        if self.per[shift]:
            self.leaders[shift] += self.key(worker, shift) in self.leads

    def remove(self, worker: int, shift: int) -> None:
        self.mine[worker].remove(shift)
        days = self.law.done_days[worker]
        for at in self.mine[worker]:
            days |= self.law.days[at]
        self.days[worker] = days
        self.taken[shift] -= 1
        self.people[shift].remove(worker)
        if self.per[shift]:
            self.leaders[shift] -= self.key(worker, shift) in self.leads

    def in_the_way(self, worker: int, shift: int) -> Sequence[int] | None:  # noqa: PLR0911  # one line a case
        """Shifts of the worker of which one has to go for this one; None: it fits as it is."""
        mine = self.mine[worker]
        if not mine:
            return None
        if not self.fast[worker]:
            if self.fits(worker, shift):
                return None
            return [
                at for at in mine if self.key(worker, at) not in self.locked and self.fits_without(worker, shift, at)
            ]
        law = self.law
        start, end, rest, clash = law.start[shift], law.end[shift], law.rest, NOBODY
        for at in mine:
            if start - law.end[at] < rest and law.start[at] - end < rest:
                if clash != NOBODY:
                    return ()
                clash = at
        if clash == NOBODY:
            if law.fits(worker, shift, mine, self.days[worker]):
                return None
            return [
                at for at in mine if self.key(worker, at) not in self.locked and self.fits_without(worker, shift, at)
            ]
        if self.key(worker, clash) in self.locked:
            return ()
        return (clash,) if len(mine) == 1 or self.fits_without(worker, shift, clash) else ()

    def chosen(self) -> Ints:
        """Rows of the pairs that stand in the plan."""
        keys = [self.key(worker, shift) for shift, people in enumerate(self.people) for worker in people]
        # Pairs are sorted by shift and worker, so their keys are sorted too.
        return np.searchsorted(
            self.pairs.shift * self.n_workers + self.pairs.worker, np.sort(np.array(keys, dtype=np.int64))
        )

    def fill(self, rows: Iterable[int]) -> None:
        """Adds these pairs; those that stand already stay."""
        worker, shift = self.pairs.worker, self.pairs.shift
        for row in rows:
            if int(worker[row]) not in self.people[shift[row]]:
                self.add(int(worker[row]), int(shift[row]))
