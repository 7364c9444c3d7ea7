"""The open vacancies of a process in memory: the best for a seeker, exactly, without scoring all of them.

Blocks are scored in the order of what they could reach at best, and the search ends where the last of the list cannot be
beaten any more; the result is that of the exhaustive ranking with the same population, ties included. What an unknown part
counts as is the mean over a fixed sample: the vacancies whose random id bits are lowest, the same in every process.
"""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import numpy as np

from app.matching.recommendation.blocks import Blocks
from app.matching.recommendation.cards import OccupationTree, SeekerCard, VacancyCard
from app.matching.recommendation.columns import Floats, Ints, SeekerColumns, VacancyColumns
from app.matching.recommendation.parts import Population, Side
from app.matching.recommendation.ranking import Candidates, RankedItem, item_of
from app.matching.recommendation.storage import RANDOM_BITS, Front, Storage, concatenated
from app.matching.recommendation.texts import Pair


@dataclass(frozen=True, slots=True)
class Limits:
    """How the index divides its work; no order depends on the last three."""

    sample: int = 512
    """Vacancies over which the means are taken."""
    newest: int = 2000
    """Who names no occupation is shown the best of the newest so many."""
    divided_at: int = 256
    """A kind of vacancy with more rows than this is divided into blocks by pay and place."""
    first_rows: int = 512
    """Rows that are scored at once: first, and at most."""
    most_rows: int = 4096


@dataclass(frozen=True, slots=True)
class Hit:
    """A vacancy with its place among the candidates of one pass."""

    id: UUID
    score: float
    """The mutual score, 0–1, unrounded: what the order goes by."""
    published: int
    """Microseconds since the epoch."""
    _found: Candidates
    _at: int

    def item(self, seeker: SeekerCard, card: VacancyCard, tree: OccupationTree, now: datetime) -> RankedItem:
        """Parts and sentences; `card` must be what the index holds."""
        return item_of(self._found, self._at, Pair(seeker, card, tree, now), Side.SEEKER)


@dataclass(frozen=True, slots=True)
class Best:
    hits: list[Hit]
    considered: int
    """Valid vacancies that took part, those included that could not reach the list."""
    population: Population
    scored: int
    """Rows that were scored in the end: for measuring."""


@dataclass(frozen=True, slots=True)
class Place:
    rank: int
    """1 is the best."""
    out_of: int
    """Vacancies that no gate closes to this seeker."""


class VacancyIndex:
    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._storage = Storage()
        self._blocks = Blocks(self._storage, self.limits.divided_at)
        self._newest, self._sample = Front(self.limits.newest), Front(self.limits.sample)
        self._last_days: dict[int, int] = {}
        self._sampled: tuple[Ints, VacancyColumns] | None = None

    def __len__(self) -> int:
        return len(self._storage)

    @property
    def is_crowded(self) -> bool:
        """Words that no open vacancy uses any more have piled up: time to begin anew."""
        words = sum(len(vocabulary.values) for vocabulary in self._storage.vocabularies.values())
        return words > 4 * (len(self) + 1000)

    def put(self, card: VacancyCard) -> None:
        """Add, or replace."""
        self.drop(card.id)
        row = self._storage.put(card)
        self._blocks.put(row)
        newest, sample = self._keys(row)
        self._newest.put(newest, row)
        self._sample.put(sample, row)
        last = card.valid_until.toordinal()
        self._last_days[last] = self._last_days.get(last, 0) + 1

    def drop(self, vacancy_id: UUID) -> None:
        """A vacancy that is not there is no mistake."""
        row = self._storage.rows.get(vacancy_id)
        if row is None:
            return
        newest, sample = self._keys(row)
        self._newest.drop(newest, row)
        self._sample.drop(sample, row)
        last = int(self._storage.columns["valid_until"][row])
        self._last_days[last] -= 1
        if not self._last_days[last]:
            del self._last_days[last]
        self._blocks.drop(row)
        self._storage.drop(vacancy_id)

    def best(self, seeker: SeekerCard, tree: OccupationTree, *, now: datetime, today: date, limit: int) -> Best:
        """The best `limit`; equals newest first, then by id."""
        seekers = SeekerColumns.from_cards([seeker])
        population = self._population(seekers, tree, now)
        if not seeker.wanted:
            rows = self._front(self._newest, place=0)
            search = _Search(self._storage, seekers, tree, now, population, limit)
            search.score(rows)
            valid = int((self._storage.columns["valid_until"][rows] >= today.toordinal()).sum())
            return Best(search.hits(), valid, population, search.scored)
        search = self._search(seekers, tree, now, population, limit)
        return Best(search.hits(), self.valid(today), population, search.scored)

    def fresh(
        self,
        seeker: SeekerCard,
        tree: OccupationTree,
        population: Population,
        *,
        now: datetime,
        since: datetime,
        limit: int,
    ) -> list[Hit]:
        """The best of the newest that were published after `since`."""
        rows = self._front(self._newest, place=0)
        rows = rows[self._storage.columns["published"][rows] > since.timestamp() * 1e6][: self.limits.sample]
        search = _Search(self._storage, SeekerColumns.from_cards([seeker]), tree, now, population, limit)
        search.score(rows)
        return search.hits()

    def place(self, seeker: SeekerCard, tree: OccupationTree, vacancy_id: UUID, *, now: datetime) -> Place | None:
        """Where a vacancy stands among all that are open to the seeker; None where it does not take part."""
        row = self._storage.rows.get(vacancy_id)
        seekers = SeekerColumns.from_cards([seeker])
        rows = self._storage.all_rows() if seeker.wanted else self._front(self._newest, place=0)
        if row is None or row not in rows:
            return None
        population = self._population(seekers, tree, now)
        search = _Search(self._storage, seekers, tree, now, population, len(rows))
        search.score(rows)
        standing = search.standing()
        found = np.flatnonzero(standing == row)
        return Place(int(found[0]) + 1, len(standing)) if len(found) else None

    def population(self, seeker: SeekerCard, tree: OccupationTree, *, now: datetime) -> Population:
        """What unknown parts count as for this seeker."""
        return self._population(SeekerColumns.from_cards([seeker]), tree, now)

    def valid(self, today: date) -> int:
        return sum(count for last, count in self._last_days.items() if last >= today.toordinal())

    def _search(
        self, seekers: SeekerColumns, tree: OccupationTree, now: datetime, population: Population, limit: int
    ) -> "_Search":
        search = _Search(self._storage, seekers, tree, now, population, limit)
        if not len(self) or limit <= 0:
            return search
        bounds, sizes = self._blocks.bounds(seekers, tree, population, now), self._blocks.sizes()
        order = np.argsort(-bounds, kind="stable")
        bounds, behind = bounds[order], np.cumsum(sizes[order])
        at, room = 0, max(self.limits.first_rows, 2 * limit)
        while at < len(order) and bounds[at] >= max(search.least, 0.0):
            start = behind[at - 1] if at else 0
            # As many blocks as the room takes, at least one, and none that cannot reach the list.
            end = max(at + 1, int(np.searchsorted(behind, start + room)))
            end = min(end, int(np.searchsorted(-bounds, -max(search.least, 0.0), side="right")))
            search.score(self._blocks.rows(order[at:end]))
            at, room = end, min(2 * room, max(self.limits.most_rows, 2 * limit))
        return search

    def _population(self, seekers: SeekerColumns, tree: OccupationTree, now: datetime) -> Population:
        rows = self._front(self._sample, place=1)
        if not len(rows):
            return Population.neutral()
        if self._sampled is None or self._sampled[0] is not rows:
            self._sampled = (rows, self._storage.take(rows))
        return Candidates.of(seekers, self._sampled[1], tree, now, None).population

    def _front(self, front: Front, *, place: int) -> Ints:
        if front.is_low:
            front.rebuild((*self._keys(row)[place], row) for row in self._storage.rows.values())
        return front.rows()

    def _keys(self, row: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """Where a row stands among the newest, and in the sample."""
        columns = self._storage.columns
        number = (int(columns["id_high"][row]) << 64) | int(columns["id_low"][row])
        return (-int(columns["published"][row]), number), (number & RANDOM_BITS, number)


class _Search:
    """The best so far."""

    def __init__(
        self,
        storage: Storage,
        seekers: SeekerColumns,
        tree: OccupationTree,
        now: datetime,
        population: Population,
        limit: int,
    ) -> None:
        self._storage, self._seekers, self._tree, self._now = storage, seekers, tree, now
        self._population, self._limit = population, limit
        self._passes: list[Candidates] = []
        self._rows: list[Ints] = []
        self._scores: Floats = np.empty(0)
        self.scored = 0
        # The score that a further row must reach to matter.
        self.least = -1.0

    def score(self, rows: Ints) -> None:
        if not len(rows) or self._limit <= 0:
            return
        columns = self._storage.take(rows)
        found = Candidates.of(self._seekers, columns, self._tree, self._now, self._population)
        self.scored += len(rows)
        self._passes.append(found)
        self._rows.append(rows[found.rows])
        self._scores = np.concatenate([self._scores, found.scores.mutual])
        if len(self._scores) >= self._limit:
            cut = len(self._scores) - self._limit
            self.least = float(np.partition(self._scores, cut)[cut])

    def standing(self) -> Ints:
        """All rows that were scored, the best first."""
        rows = concatenated(self._rows)
        return np.asarray(rows[self._storage.order(rows, self._scores)])

    def hits(self) -> list[Hit]:
        rows = concatenated(self._rows)
        starts = np.cumsum([0, *(len(found.rows) for found in self._passes)])
        # All that reach the last score of the list: ties are settled by the keys and not by chance.
        near = np.flatnonzero(self._scores >= self.least)
        ordered = near[self._storage.order(rows[near], self._scores[near])][: self._limit]
        out = []
        for at in ordered:
            vacancy_id = self._storage.ids[rows[at]]
            assert vacancy_id is not None  # noqa: S101  # rows of the fronts and blocks are taken
            turn = int(np.searchsorted(starts, at, side="right")) - 1
            published = int(self._storage.columns["published"][rows[at]])
            out.append(Hit(vacancy_id, float(self._scores[at]), published, self._passes[turn], int(at - starts[turn])))
        return out
