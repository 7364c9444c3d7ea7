"""One solve: an instant plan, then better ones as they are found, each with bounds, gaps and reasons."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from app.matching.allocation.book import Book
from app.matching.allocation.ceiling import most_filled
from app.matching.allocation.columns import Columns, Ints
from app.matching.allocation.conflicts import conflicts_of
from app.matching.allocation.eligibility import Eligibility, Pairs
from app.matching.allocation.evaluate import Scale
from app.matching.allocation.exchange import exchanged
from app.matching.allocation.instant import Chains, greedy
from app.matching.allocation.law import Law
from app.matching.allocation.model import Model
from app.matching.allocation.problem import FIVE, Conflict, Five, Plan, Problem, Progress, Status
from app.matching.allocation.rearrange import Rearrange
from app.matching.allocation.reasons import unallotted, unfilled
from app.matching.allocation.stages import Stages

# Pairs up to which the whole model is handed to the solver; above, chains do, with the bound of `ceiling`.
EXACT_PAIRS = 150_000
# Of the time that is left: no stage may eat it all, the later ones need some too.
STAGE_SHARE = (0.6, 0.35, 0.5, 0.6, 1.0)
CHAIN_ROUNDS = 4
INSTANT = "instant"
NAMES = ("shortfall", "idle", "fairness", "cost", "changes")
Ask = Callable[[], bool]
Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The problem as the engine reads it."""

    problem: Problem
    columns: Columns
    law: Law
    pairs: Pairs
    scale: Scale
    conflicts: tuple[Conflict, ...]


def solve(
    problem: Problem,
    *,
    seed: int = 1,
    seconds: float = 30.0,
    cancelled: Ask | None = None,
    progress: Tell | None = None,
) -> Iterator[Plan]:
    """Plans, each at least as good as the one before; the last one's `status` says how it ended.

    `seconds`: wall time from the call on. `cancelled` is asked now and then; the best plan so far is the last one then.
    Raises ValueError for a problem that cannot be (`Columns.of`). For a problem that is proven the same seed gives the
    same plan.
    """
    return _Run(problem, seed, seconds, cancelled or (lambda: False), progress or _quiet).plans()


def _quiet(told: Progress) -> None:
    """Nobody watches."""
    del told


def prepare(problem: Problem) -> Prepared:
    columns = Columns.of(problem)
    known = [
        (columns.worker_at[worker], columns.shift_at[shift])
        for worker, shift in problem.pins
        if worker in columns.worker_at and shift in columns.shift_at
    ]
    pinned: list[list[int]] = [[] for _ in columns.workers.rows]
    for worker, shift in sorted(known):
        pinned[worker].append(shift)
    law = Law(columns, pinned)
    pairs = Eligibility(columns, law, known).pairs()
    return Prepared(problem, columns, law, pairs, Scale(columns, pairs), conflicts_of(problem, columns, law, pairs))


class _Run:
    def __init__(self, problem: Problem, seed: int, seconds: float, cancelled: Ask, tell: Tell) -> None:
        self.began = time.monotonic()
        self.until = self.began + seconds
        self.cancelled, self.tell, self.seed = cancelled, tell, seed
        self.known = prepare(problem)
        self.bounds: list[int] = [0] * FIVE

    def plans(self) -> Iterator[Plan]:
        rows = self._instant()
        known = self.known
        self.bounds[0] = known.scale.total - most_filled(known.columns, known.pairs, known.law.rest, rows)
        yield self._plan(rows, Status.RUNNING, INSTANT)
        exact = len(self.known.pairs) <= EXACT_PAIRS
        if exact and not self._over():
            for better, stage in self._stages(rows):
                rows = better
                yield self._plan(rows, Status.RUNNING, stage)
        if not exact or self._status(rows) is Status.TIME_LIMIT:
            rows = self._exchange(rows)
        yield self._plan(rows, self._status(rows), "end")

    def _stages(self, rows: Ints) -> Iterator[tuple[Ints, str]]:
        """One objective after the other by the solver; what it leaves of the time, the later ones have."""
        stages = Stages(
            Model(self.known.columns, self.known.law, self.known.pairs),
            self.known.scale, rows, stop=self._over, seed=self.seed,
        )  # fmt: skip
        for stage, name in enumerate(NAMES):
            step = stages.run(stage, max(0.1, self._left() * STAGE_SHARE[stage]))
            if stage == 0:
                # The solver only looked at the seats, so whom it gave them to is easily made better.
                stages.rows = self._exchange(step.rows)
            self._tighten(stage, step.bound, stages.rows)
            yield stages.rows, name
            if self._over():
                return

    def _exchange(self, rows: Ints) -> Ints:
        return exchanged(Book(self.known.columns, self.known.law, self.known.pairs), self.known.scale, rows, self._over)

    def _instant(self) -> Ints:
        """Scarce seats first, then people moved along chains until nothing more is filled, while there is time."""
        book = Book(self.known.columns, self.known.law, self.known.pairs)
        greedy(book, self.seed)
        chains = Chains(book, self._over)
        chains.run(CHAIN_ROUNDS)
        while not self._over() and Rearrange(book).run():
            chains.run(1)
        return book.chosen()

    def _tighten(self, stage: int, bound: int, rows: Ints) -> None:
        """A bound holds for plans as good as this one in what counts more: so only as long as that stays as it is."""
        self.bounds[stage] = max(self.bounds[stage], min(bound, self.known.scale(rows)[stage]))

    def _status(self, rows: Ints) -> Status:
        if self.cancelled():
            return Status.CANCELLED
        proven = all(found == bound for found, bound in zip(self.known.scale(rows), self.bounds, strict=True))
        return Status.OPTIMAL if proven else Status.TIME_LIMIT

    def _plan(self, rows: Ints, status: Status, stage: str) -> Plan:
        known = self.known
        people, shifts = known.columns.workers.rows, known.columns.shifts.rows
        objectives = known.scale(rows)
        bounds: Five = tuple(min(a, b) for a, b in zip(self.bounds, objectives, strict=True))  # type: ignore[assignment]
        self.tell(Progress(stage, time.monotonic() - self.began, objectives, bounds))
        assignments = sorted(
            (people[w].key, shifts[s].key)
            for w, s in zip(known.pairs.worker[rows].tolist(), known.pairs.shift[rows].tolist(), strict=True)
        )
        return Plan(
            assignments=tuple(assignments), objectives=objectives, bounds=bounds,
            gaps=known.scale.gaps(objectives, bounds), total=known.scale.total, status=status, stage=stage,
            unfilled=unfilled(known.columns, known.pairs, known.scale, rows),
            unallotted=unallotted(known.columns, known.pairs, known.scale, rows),
            leaders=self._leaders(rows), conflicts=known.conflicts,
        )  # fmt: skip

    def _leaders(self, rows: Ints) -> tuple[tuple[str, tuple[str, ...]], ...]:
        known = self.known
        led: dict[int, list[str]] = {}
        for row in rows[known.pairs.leader[rows]].tolist():
            shift = int(known.pairs.shift[row])
            if known.columns.shifts.leaders_per[shift]:
                led.setdefault(shift, []).append(known.columns.workers.rows[int(known.pairs.worker[row])].key)
        named = ((known.columns.shifts.rows[shift].key, tuple(sorted(people))) for shift, people in led.items())
        return tuple(sorted(named))

    def _over(self) -> bool:
        return time.monotonic() >= self.until or self.cancelled()

    def _left(self) -> float:
        return max(0.0, self.until - time.monotonic())
