"""A plan at once: the scarce shifts first, then people are moved along chains until nothing more can be filled that way.

A chain: somebody who fits an open seat but works elsewhere changes over, and the seat that this opens is filled in the same
way, until someone free is found or a seat that counts less stays open.
"""

from collections import deque
from collections.abc import Callable

import numpy as np

from app.matching.allocation.book import NOBODY, Book
from app.matching.allocation.columns import Floats, Ints

Stop = Callable[[], bool]


def never() -> bool:
    return False


def greedy(book: Book, seed: int) -> None:
    """Groups first, then shifts by what a person counts there and by how few there are for them."""
    pairs, seats = book.pairs, book.columns.shifts.seats
    choice = np.bincount(pairs.shift, minlength=book.n_shifts)
    scarcity: Floats = seats / np.maximum(1, choice)
    # How much a worker is asked for elsewhere: those whom few others want go first.
    asked = np.bincount(pairs.worker, weights=scarcity[pairs.shift], minlength=book.n_workers).astype(np.float64)
    wanted: Floats = asked + np.random.default_rng(seed).random(book.n_workers) * 1e-6
    _place_groups(book)
    order = np.lexsort((wanted[pairs.worker], pairs.shift))
    order = order[pairs.group[order] < 0]
    first = np.searchsorted(pairs.shift[order], np.arange(book.n_shifts + 1))
    value = np.array(book.value, dtype=np.int64)
    for shift in np.lexsort((np.arange(book.n_shifts), -scarcity, -value)).tolist():
        people = pairs.worker[order[first[shift] : first[shift + 1]]].tolist()
        if book.per[shift]:
            _lead(book, shift, people)
        for worker in people:
            if not book.has_room(shift):
                break
            if worker not in book.people[shift] and book.is_led(worker, shift) and book.fits(worker, shift):
                book.add(worker, shift)


def _lead(book: Book, shift: int, people: list[int]) -> None:
    """Leaders before the others, as many as a full shift needs."""
    for worker in people:
        if book.leaders[shift] * book.per[shift] >= book.seats[shift] or not book.has_room(shift):
            return
        leads = book.key(worker, shift) in book.leads
        if leads and worker not in book.people[shift] and book.fits(worker, shift):
            book.add(worker, shift)


def _place_groups(book: Book) -> None:
    """All of a group onto a shift, the shift that counts most first. They stay there while others are moved."""
    pairs = book.pairs
    rows = np.flatnonzero(pairs.group >= 0)
    if not len(rows):
        return
    value = np.array(book.value, dtype=np.int64)[pairs.shift[rows]]
    members: dict[tuple[int, int], list[int]] = {}
    for row in rows[np.lexsort((pairs.worker[rows], pairs.shift[rows], -value))].tolist():
        members.setdefault((int(pairs.shift[row]), int(pairs.group[row])), []).append(int(pairs.worker[row]))
    for (shift, _), people in members.items():
        place_together(book, shift, people)


def place_together(book: Book, shift: int, people: list[int]) -> bool:
    """All of them or none."""
    if book.taken[shift] + len(people) > book.seats[shift] or not all(book.fits(at, shift) for at in people):
        return False
    for worker in people:
        book.add(worker, shift)
    if not book.is_led(NOBODY, shift):
        for worker in people:
            book.remove(worker, shift)
        return False
    book.locked.update(book.key(worker, shift) for worker in people)
    return True


class Chains:
    """Fills open seats by moving people, see the head of the module. Deterministic unless stopped."""

    def __init__(self, book: Book, stop: Stop = never) -> None:
        self.book, self.stop = book, stop
        self.single = (book.pairs.group < 0).tolist()

    def run(self, rounds: int, longest: int = 1_000_000) -> bool:
        """Rounds over all open shifts until one changes nothing. `longest`: shifts looked at for one seat."""
        for _ in range(rounds):
            if not self._round(longest):
                return True
            if self.stop():
                return False
        return False

    def _round(self, longest: int) -> bool:
        book, changed = self.book, False
        by_value = sorted(range(book.n_shifts), key=lambda at: (-book.value[at], at))
        dead: set[int] = set()
        value = None
        for shift in by_value:
            if book.value[shift] != value:
                # What could not be reached for a dear seat may be worth it for a cheaper one only where it is cheaper still.
                value, dead = book.value[shift], set()
            while book.has_room(shift) and shift not in dead:
                if self.stop():
                    return changed
                if not self._fill(shift, dead, longest):
                    break
                changed = True
        return changed

    def _fill(self, wanted: int, dead: set[int], longest: int) -> bool:  # noqa: C901  # one search, hard to follow in pieces
        """One more person for `wanted`. Shifts that lead nowhere are dead for the seats that count the same."""
        book = self.book
        came_from: dict[int, tuple[int, int]] = {wanted: (NOBODY, NOBODY)}
        """Shift → (shift that its person would go to, that person)."""
        cheapest = NOBODY
        queue = deque([wanted])
        looked = 0
        while queue and looked < longest:
            shift = queue.popleft()
            looked += 1
            leaving = came_from[shift][1]
            here = book.people[shift]
            for row in book.candidates(shift):
                worker = book.pair_worker[row]
                if worker in here or not self.single[row]:
                    continue
                if book.per[shift] and not book.is_led(worker, shift, leaving):
                    continue
                ways = book.in_the_way(worker, shift)
                if ways is None:
                    if self._apply(shift, worker, came_from):
                        return True
                    continue
                for left in ways:
                    if left in came_from or left in dead:
                        continue
                    came_from[left] = (shift, worker)
                    queue.append(left)
                    drops = book.value[left] < book.value[wanted] and book.is_led(NOBODY, left, worker)
                    if drops and (cheapest == NOBODY or book.value[left] < book.value[cheapest]):
                        cheapest = left
        if cheapest != NOBODY and self._apply(cheapest, NOBODY, came_from):
            return True
        if not queue:
            dead.update(came_from)
        return False

    def _apply(self, shift: int, worker: int, came_from: dict[int, tuple[int, int]]) -> bool:
        """Moves everybody of the chain; takes all back where two moves of it do not go together."""
        book = self.book
        steps: list[tuple[int, int, int]] = []
        """(worker, from, to)."""
        free = worker
        if free != NOBODY:
            steps.append((free, NOBODY, shift))
        at = shift
        while came_from[at][0] != NOBODY:
            to, who = came_from[at]
            steps.append((who, at, to))
            at = to
        for who, left, _ in steps:
            if left != NOBODY:
                if who not in book.people[left]:
                    return self._undo(steps, 0, steps.index((who, left, _)))
                book.remove(who, left)
        for done, (who, _, to) in enumerate(steps):
            if who in book.people[to] or not book.has_room(to) or not book.fits(who, to):
                return self._undo(steps, done, len(steps))
            book.add(who, to)
        touched = {at for _, left, to in steps for at in (left, to) if at != NOBODY}
        if not all(book.is_led(NOBODY, at) for at in touched):
            return self._undo(steps, len(steps), len(steps))
        return True

    def _undo(self, steps: list[tuple[int, int, int]], added: int, removed: int) -> bool:
        for who, _, to in steps[:added]:
            self.book.remove(who, to)
        for who, left, _ in steps[:removed]:
            if left != NOBODY:
                self.book.add(who, left)
        return False


def filled_weight(book: Book) -> int:
    """What the plan takes off objective 0."""
    return sum(value * taken for value, taken in zip(book.value, book.taken, strict=True))


def totals(book: Book) -> Ints:
    """Minutes in the plan for each worker."""
    work = book.law.work
    return np.array([sum(work[at] for at in mine) for mine in book.mine], dtype=np.int64)
