"""A person's whole time anew: one dear shift may stand in the way of two that together count more."""

from bisect import bisect_right
from collections import defaultdict

from app.matching.allocation.book import NOBODY, Book


class Rearrange:
    def __init__(self, book: Book) -> None:
        self.book = book

    def run(self) -> bool:
        """Once over everybody who fits an open seat; whether anything was gained."""
        book = self.book
        wanted: dict[int, list[int]] = defaultdict(list)
        for shift in range(book.n_shifts):
            if book.has_room(shift):
                for row in book.candidates(shift):
                    worker = book.pair_worker[row]
                    if worker not in book.people[shift] and book.pairs.group[row] < 0:
                        wanted[worker].append(shift)
        gained = False
        for worker in sorted(wanted):
            still = [at for at in wanted[worker] if book.has_room(at) and book.is_led(worker, at)]
            if still and book.mine[worker]:
                gained |= self._anew(worker, still)
        return gained

    def _anew(self, worker: int, wanted: list[int]) -> bool:
        book = self.book
        loose = [
            at
            for at in book.mine[worker]
            if book.key(worker, at) not in book.locked and book.is_led(NOBODY, at, worker)
        ]
        fixed = [at for at in book.mine[worker] if at not in loose]
        law, value = book.law, book.value
        possible = [at for at in wanted if all(law.apart(worker, at, other) for other in fixed)] + loose
        best = self._heaviest(possible)
        had = sum(value[at] for at in loose)
        if sum(value[at] for at in best) <= had:
            return False
        for at in loose:
            book.remove(worker, at)
        took: list[int] = []
        for at in sorted(best, key=lambda at: (-value[at], at)):
            if book.fits(worker, at) and book.is_led(worker, at):
                book.add(worker, at)
                took.append(at)
        if sum(value[at] for at in took) > had:
            return True
        for at in took:
            book.remove(worker, at)
        for at in loose:
            book.add(worker, at)
        return False

    def _heaviest(self, shifts: list[int]) -> list[int]:
        """Of these, those that count most together and leave the rest between them."""
        law, value = self.book.law, self.book.value
        by_end = sorted(shifts, key=lambda at: (law.end[at], at))
        ends = [law.end[at] for at in by_end]
        best: list[tuple[int, int, bool]] = [(0, 0, False)]
        """For the first n shifts: what counts most, how many remain if the last is taken, whether it is."""
        for at, shift in enumerate(by_end):
            before = bisect_right(ends, law.start[shift] - law.rest, hi=at)
            taking = best[before][0] + value[shift]
            best.append((taking, before, True) if taking > best[at][0] else (best[at][0], at, False))
        chosen, at = [], len(by_end)
        while at:
            _, before, taken = best[at]
            if taken:
                chosen.append(by_end[at - 1])
            at = before
        return chosen
