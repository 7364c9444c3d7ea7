"""The objectives one after the other as programmes: what an earlier one reached is a row of the later ones."""

import time
from dataclasses import dataclass

import numpy as np

from app.matching.allocation.columns import QUARTERS, Floats, Ints, unfairness
from app.matching.allocation.evaluate import Scale
from app.matching.allocation.highs import SMALL, Stop, relax, settle
from app.matching.allocation.model import ENDLESS, Model
from app.matching.allocation.problem import FIVE

# Stages whose linear programme is solved by itself first, with all of their time if need be: their integer programmes of a week
# find no bound before, those of the others do (measured).
LINEAR_FIRST = frozenset({2, 3})


@dataclass(frozen=True, slots=True)
class Goal:
    """objective = constant + costs × columns."""

    costs: Floats
    constant: float


@dataclass(frozen=True, slots=True)
class Step:
    """After a stage: the best plan so far, and the bound of this stage's objective."""

    stage: int
    rows: Ints
    bound: int
    proven: bool


class Stages:
    """`rows` of a plan that keeps all rules is where it starts."""

    def __init__(self, model: Model, scale: Scale, rows: Ints, *, stop: Stop, seed: int) -> None:
        self.model, self.scale, self.rows, self.stop, self.seed = model, scale, rows, stop, seed
        self.lonely = self._at_most_one_shift()

    def run(self, stage: int, seconds: float) -> Step:
        """One stage. Afterwards later stages may not be worse in it than the plan that was found."""
        model, goal = self.model, self._goal(stage)
        began = self.scale(self.rows)[stage]
        bound, proven, until = -ENDLESS, False, time.monotonic() + seconds
        if stage in LINEAR_FIRST:
            found = relax(model, self._whole(goal), stop=self.stop, seconds=seconds, seed=self.seed)
            bound = goal.constant + found.bound
        while not self.stop():
            left = until - time.monotonic()
            found = settle(model, self._whole(goal), self.rows, stop=self.stop, seconds=left, seed=self.seed)
            bound = max(bound, goal.constant + found.bound)
            if found.values is None:
                break
            rows = found.chosen(model.n_pairs)
            broken = self._broken(rows)
            if not broken:
                reached, had = self.scale(rows), self.scale(self.rows)
                proven = found.proven and reached[: stage + 1] <= had[: stage + 1]
                # Where this stage gains nothing, what the later ones count must not get worse by it.
                if reached < had:
                    self.rows = rows
                break
            for cut in broken:
                model.forbid(cut)
        value = self.scale(self.rows)[stage]
        least = min(value, max(0, int(np.ceil(bound - 1e-5)) if np.isfinite(bound) else 0))
        if proven:
            least = value
        if began == 0:
            least = 0
        self._hold(stage, goal, value)
        return Step(stage, self.rows, least, least == value)

    def _whole(self, goal: Goal) -> Floats:
        costs = np.zeros(self.model.n_columns)
        costs[: len(goal.costs)] = goal.costs
        return costs

    def _hold(self, stage: int, goal: Goal, value: int) -> None:
        used = np.flatnonzero(goal.costs)
        if stage < FIVE - 1 and len(used):
            self.model.rows.add(used.tolist(), goal.costs[used].tolist(), -ENDLESS, value - goal.constant + SMALL)

    def _broken(self, rows: Ints) -> list[list[int]]:
        """Pairs that together break a rule which has no row (overtime of a month)."""
        law, pairs = self.model.law, self.model.pairs
        of: dict[tuple[int, int], list[int]] = {}
        for row in rows.tolist():
            of.setdefault((int(pairs.worker[row]), law.enterprise[self.model.shift[row]]), []).append(row)
        cuts = []
        for (worker, employer), mine in of.items():
            loose = [row for row in mine if not pairs.pinned[row]]
            if loose and not law.hours_fit(worker, employer, [self.model.shift[row] for row in mine]):
                cuts.append(self._fewest(worker, employer, mine, loose))
        return cuts

    def _fewest(self, worker: int, employer: int, mine: list[int], loose: list[int]) -> list[int]:
        """Without any one of these the rule would hold, so the cut is as strong as it can be."""
        law = self.model.law
        kept, needed = list(mine), list(loose)
        for row in loose:
            rest = [at for at in kept if at != row]
            if not law.hours_fit(worker, employer, [self.model.shift[at] for at in rest]):
                kept = rest
                needed.remove(row)
        return needed

    def _goal(self, stage: int) -> Goal:
        make = (self._shortfall, self._idle, self._unfairness, self._cost, self._changes)
        return make[stage]()

    def _shortfall(self) -> Goal:
        costs = -self.model.filling()
        rows = np.flatnonzero(self.model.pairs.pinned)
        # Pins beyond the seats fill nothing: the difference is constant.
        constant = self.scale(rows)[0] - float(costs[rows].sum())
        return Goal(costs, constant)

    def _at_most_one_shift(self) -> list[bool]:
        """Workers of whose pairs no two can be: for them convex costs are plain sums."""
        model, law = self.model, self.model.law
        lonely = []
        for rows in model.of_worker:
            mine = rows[model.open[rows]].tolist()
            starts = [law.start[model.shift[row]] for row in mine]
            ends = [law.end[model.shift[row]] for row in mine]
            lonely.append(not mine or max(starts) < min(ends) + law.rest)
        return lonely

    def _idle(self) -> Goal:
        model, willing = self.model, self.scale.columns.workers.willing
        busy = np.bincount(model.pairs.worker[model.pairs.pinned], minlength=len(willing)) > 0
        could = np.bincount(model.pairs.worker, minlength=len(willing)) > 0
        asked = np.flatnonzero(willing & could & ~busy)
        constant = float((willing & ~could).sum())
        costs = np.zeros(model.n_pairs)
        several = []
        for worker in asked.tolist():
            if self.lonely[worker]:
                costs[model.of_worker[worker]] = -1.0
                constant += 1.0
            else:
                several.append(worker)
        idle = model.new_columns(len(several))
        for column, worker in zip(idle, several, strict=True):
            mine = model.of_worker[worker].tolist()
            model.rows.add([*mine, column], None, 1.0, ENDLESS)
        return Goal(np.concatenate([costs, np.zeros(idle.start - model.n_pairs), np.ones(len(idle))]), constant)

    def _unfairness(self) -> Goal:
        model, people = self.model, self.scale.columns.workers
        pairs, work = model.pairs, self.scale.columns.shifts.work
        got = people.past + self.scale.minutes(np.flatnonzero(pairs.pinned))
        now = unfairness(people.target, got)
        constant = float(now[people.willing].sum())
        costs = np.zeros(model.n_pairs)
        free = np.flatnonzero(model.open & people.willing[pairs.worker])
        worker = pairs.worker[free]
        costs[free] = unfairness(people.target[worker], got[worker] + work[pairs.shift[free]]) - now[worker]
        extra: list[tuple[int, float]] = []
        for at in np.unique(worker[~np.array(self.lonely)[worker]]).tolist():
            mine = model.of_worker[at]
            mine = mine[model.open[mine]]
            costs[mine] = 0.0
            constant -= float(now[at])
            minutes = work[pairs.shift[mine]].astype(np.float64)
            for quarter in range(1, QUARTERS + 1):
                below = int(quarter * people.target[at] // QUARTERS - got[at])
                if below > 0:
                    column = model.new_columns(1).start
                    model.rows.add([*mine.tolist(), column], [*(minutes / below).tolist(), 1.0], 1.0, ENDLESS)
                    extra.append((column, float(below)))
        whole = np.zeros(model.n_columns)
        whole[: model.n_pairs] = costs
        for column, weight in extra:
            whole[column] = weight
        return Goal(whole, constant)

    def _cost(self) -> Goal:
        return Goal(self.model.pairs.cost.astype(np.float64), 0.0)

    def _changes(self) -> Goal:
        return Goal(-self.model.pairs.offered.astype(np.float64), float(self.scale.offers + self.scale.lost_offers))
