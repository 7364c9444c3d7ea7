"""Which workers may work which shifts at all, and how many are left after each question."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.matching.allocation.columns import NEVER, Bools, Columns, Floats, Ints, distances
from app.matching.allocation.law import NEARLY, Law
from app.matching.allocation.problem import Reason

FUNNEL = (
    Reason.SKILL, Reason.LEVEL, Reason.AVAILABILITY, Reason.AGE, Reason.MINOR, Reason.BLOCK, Reason.REACH, Reason.PAY,
    Reason.ANCHOR, Reason.REST, Reason.HOURS, Reason.BAN, Reason.GROUP,
)  # fmt: skip
STEP = {reason: at for at, reason in enumerate(FUNNEL)}
CELLS = 20_000_000
"""Cells of the table workers × shifts looked at in one go: keeps memory small."""
NEVER_FIELD = 1 << 24
"""More minutes than a shift has, so that start and length go into one number."""
Question = Callable[[int, int], bool]
PREFERENCE, FAR, HECTOMETRE, UNKNOWN_WAY, FEN_PER_POINT, LOW_PAY = 100, 200, 100, 50, 20, 100


@dataclass(frozen=True, slots=True)
class Pairs:
    """Eligible pairs, by shift and then worker; pinned pairs are among them whatever they break."""

    worker: Ints
    shift: Ints
    pinned: Bools
    leader: Bools
    group: Ints
    """The group that has to be complete on the shift, else -1."""
    cost: Ints
    offered: Bools
    of_shifts: Ints
    """How many workers are left for a shift after each question (shifts × questions)."""
    of_workers: Ints
    """How many shifts are left for a worker after each question (workers × questions)."""

    def __len__(self) -> int:
        return len(self.worker)


class Availability:
    """Merged free windows of all workers as one sorted row of numbers, so that many pairs are asked at once."""

    def __init__(self, columns: Columns) -> None:
        rows = [
            (at, window.start, window.end) for at, worker in enumerate(columns.workers.rows) for window in worker.free
        ]
        table = np.array(rows, dtype=np.int64).reshape(-1, 3)
        self.low = min(int(table[:, 1:].min(initial=NEVER)), int(columns.shifts.start.min(initial=NEVER)))
        high = max(int(table[:, 1:].max(initial=0)), int(columns.shifts.end.max(initial=0)))
        self.span = max(1, high - self.low + 2)
        table = table[np.lexsort((table[:, 2], table[:, 1], table[:, 0]))]
        start = table[:, 0] * self.span + table[:, 1] - self.low
        reached = np.maximum.accumulate(table[:, 0] * self.span + table[:, 2] - self.low)
        first = np.ones(len(table), dtype=np.bool_)
        first[1:] = start[1:] > reached[:-1]
        self.start = start[first]
        last = np.append(np.flatnonzero(first)[1:] - 1, len(table) - 1) if len(table) else np.zeros(0, dtype=np.int64)
        self.end = reached[last]

    def __call__(self, worker: Ints, start: Ints, end: Ints) -> Bools:
        """For each worker whether all of start … end is free. The three broadcast."""
        if not len(self.start):
            return np.zeros(np.broadcast_shapes(worker.shape, start.shape), dtype=np.bool_)
        from_here = worker * self.span + start - self.low
        at = np.searchsorted(self.start, from_here, side="right") - 1
        till = worker * self.span + end - self.low
        return np.asarray((at >= 0) & (self.end[at] >= till), dtype=np.bool_)


class Eligibility:
    def __init__(self, columns: Columns, law: Law, pins: Sequence[tuple[int, int]]) -> None:
        self.columns, self.law, self.pins = columns, law, sorted(pins)
        self.n_shifts = len(columns.shifts.rows)
        shape = (len(FUNNEL),)
        self.of_shifts = np.zeros((self.n_shifts, *shape), dtype=np.int64)
        self.of_workers = np.zeros((len(columns.workers.rows), *shape), dtype=np.int64)
        self._blocked = self._by_enterprise("blocks")
        self._favourite = self._by_enterprise("favourites")
        self._hard = self._closed_to_minors()
        self._anchored = np.array([bool(row.anchors) for row in columns.workers.rows], dtype=np.bool_)
        self._done = np.array([bool(row.done) for row in columns.workers.rows], dtype=np.bool_)

    def pairs(self) -> Pairs:
        columns = self.columns
        found = [self._filter(*part) for part in self._skilled()]
        worker = np.concatenate([np.zeros(0, dtype=np.int64), *(part[0] for part in found)])
        shift = np.concatenate([np.zeros(0, dtype=np.int64), *(part[1] for part in found)])
        worker, shift = self._keep(Reason.BAN, worker, shift, ~self._listed(worker, shift, columns.problem.bans))
        pinned_key = np.unique(np.array([s * self._wide + w for w, s in self.pins], dtype=np.int64))
        key = np.union1d(shift * self._wide + worker, pinned_key)
        worker, shift = key % self._wide, key // self._wide
        pinned = np.isin(key, pinned_key)
        group = self._groups(worker, shift, pinned)
        whole = group >= -1
        worker, shift, pinned, group = worker[whole], shift[whole], pinned[whole], group[whole]
        self._count(Reason.GROUP, worker, shift)
        return Pairs(
            worker=worker,
            shift=shift,
            pinned=pinned,
            leader=self._levels(worker, shift) >= columns.shifts.leader_level[shift],
            group=group,
            cost=self._cost(worker, shift),
            offered=self._listed(worker, shift, columns.problem.offers),
            of_shifts=self.of_shifts,
            of_workers=self.of_workers,
        )

    @property
    def _wide(self) -> int:
        return max(1, len(self.columns.workers.rows))

    def _by_enterprise(self, name: str) -> Ints:
        """Sorted numbers worker × enterprises + enterprise."""
        known, width = self.columns.enterprises, max(1, len(self.columns.enterprises))
        rows = enumerate(self.columns.workers.rows)
        return np.unique(
            np.array(
                [at * width + known[e] for at, row in rows for e in getattr(row, name) if e in known], dtype=np.int64
            )
        )

    def _closed_to_minors(self) -> Bools:
        hazards = self.columns.problem.limits.minor_hazards
        return np.array(
            [
                row.closed_to_minors or row.night or bool(row.hazards if hazards is None else row.hazards & hazards)
                for row in self.columns.shifts.rows
            ],
            dtype=np.bool_,
        )

    def _count(self, reason: Reason, worker: Ints, shift: Ints) -> None:
        self.of_shifts[:, STEP[reason]] += np.bincount(shift, minlength=self.n_shifts)
        self.of_workers[:, STEP[reason]] += np.bincount(worker, minlength=len(self.columns.workers.rows))

    def _keep(self, reason: Reason, worker: Ints, shift: Ints, good: Bools) -> tuple[Ints, Ints]:
        worker, shift = worker[good], shift[good]
        self._count(reason, worker, shift)
        return worker, shift

    def _skilled(self) -> Iterator[tuple[Ints, Ints]]:
        """Pairs that pass the questions of skill, level and availability, some processes' shifts at a time."""
        columns, free = self.columns, Availability(self.columns)
        know: list[list[tuple[int, int]]] = [[] for _ in columns.processes]
        for at, row in enumerate(columns.workers.rows):
            for name, level in row.skills.items():
                process = columns.processes.get(name)
                if process is not None:
                    know[process].append((at, level))
        for process, people in enumerate(know):
            table = np.array(people, dtype=np.int64).reshape(-1, 2)
            wanted = np.flatnonzero(columns.shifts.process == process)
            step = max(1, CELLS // max(1, len(table)))
            for begin in range(0, len(wanted), step):
                yield self._available(table[:, 0], table[:, 1], wanted[begin : begin + step], free)

    def _available(self, worker: Ints, level: Ints, shift: Ints, free: Availability) -> tuple[Ints, Ints]:
        rows = self.columns.shifts
        self.of_shifts[shift, STEP[Reason.SKILL]] += len(worker)
        self.of_workers[worker, STEP[Reason.SKILL]] += len(shift)
        good = level[None, :] >= rows.level[shift][:, None]
        self.of_shifts[shift, STEP[Reason.LEVEL]] += good.sum(axis=1)
        self.of_workers[worker, STEP[Reason.LEVEL]] += good.sum(axis=0)
        slots, at = np.unique(
            rows.start[shift] * NEVER_FIELD + rows.end[shift] - rows.start[shift], return_inverse=True
        )
        start, length = slots // NEVER_FIELD, slots % NEVER_FIELD
        good &= free(worker[None, :], start[:, None], (start + length)[:, None])[at]
        self.of_shifts[shift, STEP[Reason.AVAILABILITY]] += good.sum(axis=1)
        self.of_workers[worker, STEP[Reason.AVAILABILITY]] += good.sum(axis=0)
        row, column = np.nonzero(good)
        return worker[column], shift[row]

    def _filter(self, worker: Ints, shift: Ints) -> tuple[Ints, Ints]:
        people, shifts = self.columns.workers, self.columns.shifts
        worker, shift = self._keep(Reason.AGE, worker, shift, people.is_16[worker] <= shifts.start[shift])
        grown = people.is_18[worker] <= shifts.start[shift]
        worker, shift = self._keep(Reason.MINOR, worker, shift, grown | (people.ready[worker] & ~self._hard[shift]))
        blocked = self._in(self._blocked, worker, shift)
        worker, shift = self._keep(Reason.BLOCK, worker, shift, ~blocked)
        way = distances(people.home[worker], shifts.place[shift])
        worker, shift = self._keep(Reason.REACH, worker, shift, ~(way > people.reach[worker] + NEARLY))
        worker, shift = self._keep(Reason.PAY, worker, shift, shifts.fen[shift] >= people.least[worker])
        worker, shift = self._keep(
            Reason.ANCHOR, worker, shift, self._ask(self._anchored[worker], worker, shift, self._anchors_fit)
        )
        worker, shift = self._keep(Reason.REST, worker, shift, self._rested(worker, shift))
        return self._keep(Reason.HOURS, worker, shift, self._hours(worker, shift))

    def _in(self, table: Ints, worker: Ints, shift: Ints) -> Bools:
        if not len(table):
            return np.zeros(len(worker), dtype=np.bool_)
        key = worker * max(1, len(self.columns.enterprises)) + self.columns.shifts.enterprise[shift]
        return np.asarray(table[np.minimum(np.searchsorted(table, key), len(table) - 1)] == key, dtype=np.bool_)

    @staticmethod
    def _ask(which: Bools, worker: Ints, shift: Ints, question: Question) -> Bools:
        """The question for some pairs, one by one; the others pass."""
        good = np.ones(len(worker), dtype=np.bool_)
        for at in np.flatnonzero(which).tolist():
            good[at] = question(int(worker[at]), int(shift[at]))
        return good

    def _anchors_fit(self, worker: int, shift: int) -> bool:
        person, job = self.columns.workers.rows[worker], self.columns.shifts.rows[shift]
        for anchor in person.anchors:
            way = 0.0 if job.place is None else ((job.place[0] - anchor.x) ** 2 + (job.place[1] - anchor.y) ** 2) ** 0.5
            gap = anchor.at - job.end if job.end <= anchor.at else job.start - anchor.at
            if gap < 0 or way > gap * person.speed_m_per_min + NEARLY:
                return False
        return True

    def _rested(self, worker: Ints, shift: Ints) -> Bools:
        """Beside done shifts and beside pins."""
        good = self._ask(self._done[worker], worker, shift, self._rested_from_done)
        pinned = np.zeros(len(self.columns.workers.rows), dtype=np.bool_)
        pinned[[w for w, _ in self.pins]] = True
        known = set(self.pins)

        def beside(w: int, s: int) -> bool:
            return (w, s) in known or all(self.law.apart(w, s, other) for other in self.law.pinned[w])

        return good & self._ask(pinned[worker], worker, shift, beside)

    def _rested_from_done(self, worker: int, shift: int) -> bool:
        start, end, rest = self.law.start[shift], self.law.end[shift], self.law.rest
        return all(
            done.start - end >= rest or start - done.end >= rest for done in self.columns.workers.rows[worker].done
        )

    def _hours(self, worker: Ints, shift: Ints) -> Bools:
        """Beside done shifts alone. Who has done nothing only needs to be asked about a long shift."""
        limits, work = self.columns.problem.limits, self.columns.shifts.work[shift]
        long = work > min(NEVER if row is None else row for row in (limits.day_minutes, limits.week_minutes))
        asked = self._done[worker] | long
        if self.law.allowed_days < 3:  # noqa: PLR2004 - so few that one shift over midnight may be too many
            asked = np.ones(len(worker), dtype=np.bool_)
        return self._ask(asked, worker, shift, self.fits_alone)

    def fits_alone(self, worker: int, shift: int) -> bool:
        law = self.law
        days = law.done_days[worker] | law.days[shift]
        if days.bit_count() > law.allowed_days and not law.leaves_rest(worker, days):
            return False
        return law.hours_fit(worker, law.enterprise[shift], [shift])

    def _listed(self, worker: Ints, shift: Ints, listed: frozenset[tuple[str, str]]) -> Bools:
        people, shifts = self.columns.worker_at, self.columns.shift_at
        keys = [shifts[s] * self._wide + people[w] for w, s in listed if w in people and s in shifts]
        return np.isin(shift * self._wide + worker, np.array(keys, dtype=np.int64))

    def _groups(self, worker: Ints, shift: Ints, pinned: Bools) -> Ints:
        """For each pair the group that has to be complete; -1 for none; -2 where it cannot be complete."""
        people, shifts = self.columns.workers, self.columns.shifts
        group = people.group[worker]
        sizes = np.bincount(people.group[people.group >= 0], minlength=1)
        group = np.where((group >= 0) & (sizes[group] > 1), group, -1)
        in_group = np.flatnonzero(group >= 0)
        if not len(in_group):
            return group
        keys, at = np.unique(group[in_group] * max(1, self.n_shifts) + shift[in_group], return_inverse=True)
        there = np.bincount(at)
        exempt = np.bincount(at, weights=pinned[in_group]) > 0
        size = sizes[keys // max(1, self.n_shifts)]
        complete = (there == size) & (size <= shifts.seats[keys % max(1, self.n_shifts)])
        group[in_group] = np.where(exempt[at], -1, np.where(complete[at], group[in_group], -2))
        return group

    def _levels(self, worker: Ints, shift: Ints) -> Ints:
        """The level of the worker in the process of the shift, -1 where unknown; asked only where leaders are needed."""
        levels = np.full(len(worker), NEVER, dtype=np.int64)
        rows, jobs = self.columns.workers.rows, self.columns.shifts.rows
        for at in np.flatnonzero(self.columns.shifts.leaders_per[shift] > 0).tolist():
            levels[at] = rows[worker[at]].skills.get(jobs[shift[at]].process, -1)
        return levels

    def _cost(self, worker: Ints, shift: Ints) -> Ints:
        people, shifts = self.columns.workers, self.columns.shifts
        way: Floats = distances(people.home[worker], shifts.place[shift])
        known = ~np.isnan(way)
        points = np.full(len(worker), UNKNOWN_WAY, dtype=np.int64)
        points[known] = np.minimum(FAR, way[known] // HECTOMETRE).astype(np.int64)
        best = int(shifts.fen.max(initial=0))
        points += np.minimum(LOW_PAY, (best - shifts.fen[shift]) // FEN_PER_POINT)
        points += np.where(self._in(self._favourite, worker, shift), 0, PREFERENCE)
        return points
