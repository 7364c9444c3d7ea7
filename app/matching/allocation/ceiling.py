"""The most that any plan can fill, exactly, of a relaxation that is quick to solve: a bound for problems of any size.

Shifts are put into spans of time in which no person can have two of them, because the rest between shifts forbids it. If a
person may have one shift in each span, whatever else the law says, then every span is a matching of people with seats, whose
greatest weight is found by augmenting paths: what a person adds depends on the shift alone, so the dear seats come first and
what cannot be reached for one of them cannot be for a cheaper one either.
"""

from collections import deque

import numpy as np

from app.matching.allocation.book import NOBODY
from app.matching.allocation.columns import Columns, Ints
from app.matching.allocation.eligibility import Pairs


def spans(start: Ints, end: Ints, rest: int) -> Ints:
    """For each shift the number of its span: any two shifts of a span overlap or leave less than the rest between them."""
    span = np.zeros(len(start), dtype=np.int64)
    at, open_until = -1, None
    for shift in np.argsort(start, kind="stable").tolist():
        if open_until is None or start[shift] >= open_until:
            at, open_until = at + 1, int(end[shift]) + rest
        open_until = min(open_until, int(end[shift]) + rest)
        span[shift] = at
    return span


def most_filled(columns: Columns, pairs: Pairs, rest: int, rows: Ints) -> int:
    """The greatest weight of seats that can be taken, in the unit of objective 1. `rows`: a plan to start from."""
    return _Matching(columns, pairs, rest).most(rows)


class _Matching:
    def __init__(self, columns: Columns, pairs: Pairs, rest: int) -> None:
        shifts = columns.shifts
        self.n_shifts = len(shifts.rows)
        self.value: list[int] = (shifts.priority * shifts.unit).tolist()
        self.seats: list[int] = shifts.seats.tolist()
        self.first: list[int] = np.searchsorted(pairs.shift, np.arange(self.n_shifts + 1)).tolist()
        span = spans(shifts.start, shifts.end, rest)
        key = span[pairs.shift] * len(columns.workers.rows) + pairs.worker
        # Pins stand whatever they break, so each is a slot of its own. Nothing else is eligible beside one in its span.
        slots, slot = np.unique(np.where(pairs.pinned, -1 - np.arange(len(key)), key), return_inverse=True)
        self.shift_of = pairs.shift
        self.slot: list[int] = slot.tolist()
        """For each pair the worker's span of time, as one number."""
        self.has = [NOBODY] * len(slots)
        self.taken = [0] * self.n_shifts
        self.dead: set[int] = set()

    def most(self, rows: Ints) -> int:
        for row in rows.tolist():
            shift = int(self.shift_of[row])
            # Pins may be more than the seats: those beyond fill nothing.
            if self.taken[shift] < self.seats[shift]:
                self.has[self.slot[row]] = shift
                self.taken[shift] += 1
        for shift in sorted(range(self.n_shifts), key=lambda at: -self.value[at]):
            while self.taken[shift] < self.seats[shift] and shift not in self.dead and self._augment(shift):
                pass
        return sum(value * taken for value, taken in zip(self.value, self.taken, strict=True))

    def _augment(self, wanted: int) -> bool:
        """One more person for the shift: by way of others to somebody free, else from the shift that counts least."""
        came_from: dict[int, tuple[int, int]] = {wanted: (NOBODY, NOBODY)}
        """Shift → (shift that its person goes to, the slot of that person)."""
        cheapest = wanted
        queue = deque([wanted])
        while queue:
            shift = queue.popleft()
            for row in range(self.first[shift], self.first[shift + 1]):
                slot = self.slot[row]
                held = self.has[slot]
                if held == NOBODY:
                    self._move(shift, slot, came_from)
                    self.taken[wanted] += 1
                    return True
                if held in came_from or held in self.dead:
                    continue
                came_from[held] = (shift, slot)
                queue.append(held)
                if self.value[held] < self.value[cheapest]:
                    cheapest = held
        if cheapest == wanted:
            self.dead.update(came_from)
            return False
        self._move(*came_from[cheapest], came_from)
        self.taken[cheapest] -= 1
        self.taken[wanted] += 1
        return True

    def _move(self, shift: int, slot: int, came_from: dict[int, tuple[int, int]]) -> None:
        """The slot goes to the shift, whoever left it for another follows the chain."""
        while shift != NOBODY:
            self.has[slot] = shift
            shift, slot = came_from[shift]
