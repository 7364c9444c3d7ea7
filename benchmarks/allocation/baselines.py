"""What is usual: first come first served, nearest first, and a greedy by scarcity. Each keeps every rule of the law."""

from collections.abc import Callable

import numpy as np

from app.matching.allocation.book import Book
from app.matching.allocation.columns import Ints
from app.matching.allocation.instant import greedy
from app.matching.allocation.solve import Prepared


def first_come(known: Prepared, seed: int) -> Ints:
    """People in the order in which they happen to look, each taking the soonest shifts that are open to them."""
    order = np.random.default_rng(seed).permutation(len(known.columns.workers.rows))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    start = known.columns.shifts.start
    return _take(known, np.lexsort((start[known.pairs.shift], place[known.pairs.worker])))


def nearest(known: Prepared, seed: int) -> Ints:
    """The nearest pair first; where the way is unknown, last."""
    del seed
    home, place = known.columns.workers.home, known.columns.shifts.place
    way = np.hypot(*(home[known.pairs.worker] - place[known.pairs.shift]).T)
    return _take(known, np.argsort(np.where(np.isnan(way), np.inf, way), kind="stable"))


def by_scarcity(known: Prepared, seed: int) -> Ints:
    book = Book(known.columns, known.law, known.pairs)
    greedy(book, seed)
    return book.chosen()


def _take(known: Prepared, order: Ints) -> Ints:
    book = Book(known.columns, known.law, known.pairs)
    worker, shift, alone = known.pairs.worker, known.pairs.shift, known.pairs.group < 0
    for row in order[alone[order]].tolist():
        who, at = int(worker[row]), int(shift[row])
        if who not in book.people[at] and book.has_room(at) and book.is_led(who, at) and book.fits(who, at):
            book.add(who, at)
    return book.chosen()


BASELINES: dict[str, Callable[[Prepared, int], Ints]] = {
    "先到先得": first_come,
    "就近优先": nearest,
    "贪心（稀缺优先）": by_scarcity,
}
