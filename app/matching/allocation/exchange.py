"""Seats change hands where that is better for people: nothing is filled more or less, so objective 1 stays as it is.

A step gives one person's seat to another who is fit for it, if fewer are left with nothing; or as many, and hours are shared
more fairly; or as fairly, and it costs less; or as much, and fewer offers change. A plan that cannot be proven within its
time gets at least as good as such steps make it.
"""

import numpy as np

from app.matching.allocation.book import Book
from app.matching.allocation.columns import QUARTERS, Ints
from app.matching.allocation.evaluate import Scale
from app.matching.allocation.instant import Stop

Worth = tuple[int, int, int, int]
"""Of objectives 2 to 5, what a step adds. Less is better."""
NOTHING: Worth = (0, 0, 0, 0)


class Exchange:
    """Deterministic unless stopped. The book must hold the plan; members of groups and pins keep their seats."""

    def __init__(self, book: Book, scale: Scale, stop: Stop) -> None:
        self.book, self.stop = book, stop
        people, pairs = scale.columns.workers, book.pairs
        self.willing: list[bool] = people.willing.tolist()
        self.work = book.law.work
        self.targets: list[tuple[int, ...]] = [
            tuple(quarter * target // QUARTERS - past for quarter in range(1, QUARTERS + 1))
            for target, past in zip(people.target.tolist(), people.past.tolist(), strict=True)
        ]
        self.minutes = [sum(self.work[at] for at in mine) for mine in book.mine]
        self.cost: list[int] = pairs.cost.tolist()
        self.offered: list[bool] = pairs.offered.tolist()
        by_worker = np.lexsort((pairs.shift, pairs.worker))
        by_worker = by_worker[(pairs.group[by_worker] < 0) & ~pairs.pinned[by_worker]]
        self.rows = np.split(by_worker, np.searchsorted(pairs.worker[by_worker], np.arange(1, book.n_workers)))
        self.shift: list[int] = pairs.shift.tolist()
        self.row_of = {
            book.key(worker, shift): row
            for row, (worker, shift) in enumerate(zip(book.pair_worker, self.shift, strict=True))
        }
        grouped = np.flatnonzero(pairs.group >= 0).tolist()
        self.kept = book.locked | {book.key(book.pair_worker[row], self.shift[row]) for row in grouped}

    def run(self) -> None:
        """Rounds over all workers, those with least first, until one changes nothing or the time is over."""
        while self._round():
            pass

    def _round(self) -> bool:
        changed = False
        order = sorted(range(self.book.n_workers), key=lambda at: (self.minutes[at] > 0, self.minutes[at], at))
        for worker in order:
            if self.stop():
                return False
            for row in self.rows[worker].tolist():
                changed |= self._take(worker, row)
        return changed

    def _take(self, worker: int, row: int) -> bool:
        """The seat of the pair from whoever it is best taken from, if that is better than leaving it."""
        book, shift = self.book, self.shift[row]
        people = book.people[shift]
        if not people or worker in people:
            return False
        gain = self._worth(worker, row, self.work[shift])
        best, loser = NOTHING, -1
        for other in people:
            key = book.key(other, shift)
            if key in self.kept:
                continue
            loss = self._worth(other, self.row_of[key], -self.work[shift])
            worth = (gain[0] + loss[0], gain[1] + loss[1], gain[2] + loss[2], gain[3] + loss[3])
            if (worth, other) < (best, loser) and book.is_led(worker, shift, other):
                best, loser = worth, other
        if best >= NOTHING or not book.fits(worker, shift):
            return False
        book.remove(loser, shift)
        book.add(worker, shift)
        self.minutes[loser] -= self.work[shift]
        self.minutes[worker] += self.work[shift]
        return True

    def _worth(self, worker: int, row: int, more: int) -> Worth:
        """What it adds to the objectives if this pair comes (more > 0) or goes."""
        sign = 1 if more > 0 else -1
        idle = unfair = 0
        if self.willing[worker]:
            had = self.minutes[worker]
            if more > 0:
                idle = -1 if not self.book.mine[worker] else 0
            else:
                idle = 1 if len(self.book.mine[worker]) == 1 else 0
            for target in self.targets[worker]:
                if target > had:
                    unfair -= target - had
                if target > had + more:
                    unfair += target - had - more
        return idle, unfair, sign * self.cost[row], -sign * self.offered[row]


def exchanged(book: Book, scale: Scale, rows: Ints, stop: Stop) -> Ints:
    """The plan after all steps that help; `book` holds nothing but pins."""
    book.fill(rows.tolist())
    Exchange(book, scale, stop).run()
    return book.chosen()
