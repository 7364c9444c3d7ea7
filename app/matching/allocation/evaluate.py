"""The five objectives of a choice of pairs, and what follows for bounds and gaps."""

from collections.abc import Sequence

import numpy as np

from app.matching.allocation.columns import Columns, Ints, unfairness
from app.matching.allocation.eligibility import Pairs
from app.matching.allocation.problem import Five


class Scale:
    """Measures choices of pairs (rows of `Pairs`)."""

    def __init__(self, columns: Columns, pairs: Pairs) -> None:
        self.columns, self.pairs = columns, pairs
        shifts = columns.shifts
        self.total = int((shifts.priority * shifts.heads).sum())
        known = columns.problem.offers
        self.offers = sum(1 for w, s in known if w in columns.worker_at and s in columns.shift_at)
        self.lost_offers = len(known) - self.offers

    def missing(self, rows: Ints) -> Ints:
        """Half seats that are missing, for each shift."""
        shifts = self.columns.shifts
        people = np.bincount(self.pairs.shift[rows], minlength=len(shifts.rows))
        return np.maximum(0, shifts.heads - people * shifts.unit)

    def idle(self, rows: Ints) -> Ints:
        """Rows of willing workers with nothing."""
        busy = np.bincount(self.pairs.worker[rows], minlength=len(self.columns.workers.rows))
        return np.flatnonzero(self.columns.workers.willing & (busy == 0))

    def minutes(self, rows: Ints) -> Ints:
        """Work in the plan, for each worker."""
        work = self.columns.shifts.work[self.pairs.shift[rows]]
        return np.bincount(self.pairs.worker[rows], weights=work, minlength=len(self.columns.workers.rows)).astype(
            np.int64
        )

    def __call__(self, rows: Ints) -> Five:
        people, shifts = self.columns.workers, self.columns.shifts
        below = unfairness(people.target, people.past + self.minutes(rows))
        return (
            int((shifts.priority * self.missing(rows)).sum()),
            len(self.idle(rows)),
            int(below[people.willing].sum()),
            int(self.pairs.cost[rows].sum()),
            self.offers + self.lost_offers - int(self.pairs.offered[rows].sum()),
        )

    def gaps(self, found: Sequence[int], bounds: Sequence[int]) -> tuple[float, ...]:
        most = self.total - bounds[0]
        first = (found[0] - bounds[0]) / most if most else 0.0
        return (first, *((a - b) / max(1, a) for a, b in zip(found[1:], bounds[1:], strict=True)))
