"""Rankings both ways and the explanation of a single pair. Pure and deterministic: the same cards, the same list."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from app.matching.recommendation import texts
from app.matching.recommendation.cards import OccupationTree, SeekerCard, VacancyCard
from app.matching.recommendation.columns import Floats, Ints, SeekerColumns, VacancyColumns
from app.matching.recommendation.gates import closed_by, closing
from app.matching.recommendation.parts import (
    WEIGHTS,
    PartKey,
    Population,
    Scores,
    Side,
    Values,
    combine,
    compute_values,
)
from app.matching.recommendation.texts import Pair, Tone

FULL_SCORE = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: `weight` within its side, `value` 0–1 (None: unknown), `points` of the thousand."""

    key: PartKey
    label: str
    side: Side
    weight: float
    value: float | None
    points: int
    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class RankedItem:
    """`id` of the vacancy (or of the seeker, for an enterprise). `points` of the parts sum to `score` (0–1000)."""

    id: UUID
    score: int
    confidence: int
    """0–100: how much of the score rests on known facts."""
    parts: tuple[Part, ...]
    reasons: tuple[str, ...]
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pairs that no gate closes: row numbers, values and scores, row by row."""

    rows: Ints
    values: Values
    population: Population
    filled: dict[PartKey, Floats]
    scores: Scores

    @classmethod
    def of(
        cls,
        seekers: SeekerColumns,
        vacancies: VacancyColumns,
        tree: OccupationTree,
        now: datetime,
        population: Population | None,
    ) -> "Candidates":
        shape = (max(len(seekers.cards), vacancies.size),)
        shut = np.zeros(shape, dtype=np.bool_)
        for rows in closing(seekers, vacancies, now).values():
            shut |= rows
        opened = np.flatnonzero(~shut)
        values = compute_values(seekers, vacancies, tree, now).take(opened)
        means = values.population() if population is None else population
        filled = values.filled(means)
        return cls(opened, values, means, filled, combine(filled))


def rank_vacancies(
    seeker: SeekerCard,
    columns: VacancyColumns,
    tree: OccupationTree,
    *,
    now: datetime,
    limit: int,
    population: Population | None = None,
) -> list[RankedItem]:
    """The best `limit` vacancies for a seeker; equals newest first, then by id.

    `population`: what unknown parts count as; the means over the open candidates where not given.
    """
    if not columns.cards or limit <= 0:
        return []
    found = Candidates.of(SeekerColumns.from_cards([seeker]), columns, tree, now, population)
    top = _top(found.scores.mutual, -columns.published[found.rows], limit)
    return [item_of(found, at, Pair(seeker, columns.cards[found.rows[at]], tree, now), Side.SEEKER) for at in top]


def rank_seekers(
    vacancy: VacancyCard,
    seekers: Iterable[SeekerCard],
    tree: OccupationTree,
    *,
    now: datetime,
    limit: int,
    population: Population | None = None,
) -> list[RankedItem]:
    """The best `limit` seekers for a vacancy, told to its enterprise; equals by id.

    The same scores as `rank_vacancies` gives the pair, but the seeker's wishes appear as one part without numbers.
    """
    columns = SeekerColumns.from_cards(seekers)
    if not columns.cards or limit <= 0:
        return []
    found = Candidates.of(columns, VacancyColumns.from_cards([vacancy]), tree, now, population)
    top = _top(found.scores.mutual, np.zeros(len(found.rows), dtype=np.int64), limit)
    return [item_of(found, at, Pair(columns.cards[found.rows[at]], vacancy, tree, now), Side.ENTERPRISE) for at in top]


def population_for_seeker(
    seeker: SeekerCard, columns: VacancyColumns, tree: OccupationTree, *, now: datetime
) -> Population:
    """The means that `rank_vacancies` takes by itself: pass them to `explain` for the same numbers."""
    if not columns.cards:
        return Population.neutral()
    return Candidates.of(SeekerColumns.from_cards([seeker]), columns, tree, now, None).population


def population_for_vacancy(
    vacancy: VacancyCard, seekers: Iterable[SeekerCard], tree: OccupationTree, *, now: datetime
) -> Population:
    """The means that `rank_seekers` takes by itself."""
    columns = SeekerColumns.from_cards(seekers)
    if not columns.cards:
        return Population.neutral()
    return Candidates.of(columns, VacancyColumns.from_cards([vacancy]), tree, now, None).population


def explain(
    seeker: SeekerCard,
    vacancy: VacancyCard,
    tree: OccupationTree,
    population: Population,
    now: datetime,
    *,
    reader: Side = Side.SEEKER,
) -> RankedItem:
    """One pair with the numbers it has in the ranking of that `population`.

    A pair that a gate closes has no score: ValueError. Ask `closed_by` first.
    """
    gate = closed_by(seeker, vacancy, now=now)
    if gate is not None:
        raise ValueError(gate.label)
    found = Candidates.of(
        SeekerColumns.from_cards([seeker]), VacancyColumns.from_cards([vacancy]), tree, now, population
    )
    return item_of(found, 0, Pair(seeker, vacancy, tree, now), reader)


def _top(score: Floats, then: Ints, limit: int) -> list[int]:
    """Row numbers of the best `limit`: by score downwards, by `then` upwards, then as they stand (by id)."""
    candidates = np.arange(len(score))
    if limit < len(score):
        # All that reach the last score of the list, so that ties are settled by the keys and not by chance.
        candidates = np.flatnonzero(score >= np.partition(score, len(score) - limit)[len(score) - limit])
    order = np.lexsort((candidates, then[candidates], -score[candidates]))
    return [int(row) for row in candidates[order][:limit]]


def item_of(found: Candidates, at: int, pair: Pair, reader: Side) -> RankedItem:
    """The row `at` of the candidates, told to one side."""
    seeker, enterprise = float(found.scores.seeker[at]), float(found.scores.enterprise[at])
    both = seeker + enterprise
    # H = 2SE/(S+E) = Σ p·E/(S+E) + Σ q·S/(S+E): each part's share of the harmonic mean.
    factor = {
        Side.SEEKER: FULL_SCORE * enterprise / both if both else 0.0,
        Side.ENTERPRISE: FULL_SCORE * seeker / both if both else 0.0,
    }
    drafts = _drafts(found, at, reader)
    score = math.floor(FULL_SCORE * float(found.scores.mutual[at]) + 0.5)
    points = spread(score, [factor[draft.side] * draft.earned for draft in drafts])
    phrases = texts.FOR_SEEKER if reader is Side.SEEKER else texts.FOR_ENTERPRISE
    parts = []
    for draft, share in zip(drafts, points, strict=True):
        said = phrases[draft.key](pair)
        parts.append(
            Part(draft.key, draft.key.label, draft.side, draft.weight, draft.value, share, said.tone, said.text)
        )
    return RankedItem(
        id=pair.vacancy.id if reader is Side.SEEKER else pair.seeker.id,
        score=score,
        confidence=math.floor(100 * found.values.confidence(at) + 0.5),
        parts=tuple(parts),
        reasons=_reasons(parts),
        gaps=_gaps(parts),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    key: PartKey
    side: Side
    weight: float
    value: float | None
    earned: float
    """weight × value, the mean standing in for an unknown value."""


def _drafts(found: Candidates, at: int, reader: Side) -> list[_Draft]:
    drafts = []
    for side, weights in WEIGHTS.items():
        for key, weight in weights.items():
            filled = float(found.filled[key][at])
            known = not math.isnan(found.values.values[key][at])
            drafts.append(_Draft(key, side, weight, filled if known else None, weight * filled))
    if reader is Side.SEEKER:
        return drafts
    # An enterprise could work the wished pay or the home out of single values: it is told their sum.
    wishes = [draft for draft in drafts if draft.side is Side.SEEKER]
    earned = sum(draft.earned for draft in wishes)
    known = any(draft.value is not None for draft in wishes)
    whole = _Draft(PartKey.WISHES, Side.SEEKER, 1.0, earned if known else None, earned)
    return [whole, *(draft for draft in drafts if draft.side is Side.ENTERPRISE)]


def spread(total: int, shares: Sequence[float]) -> list[int]:
    """Whole points that sum to `total` exactly, by largest remainder; equal remainders in the order of the parts."""
    points = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda at: (points[at] - shares[at], at))
    for at in by_remainder[: total - sum(points)]:
        points[at] += 1
    return points


def _reasons(parts: Sequence[Part]) -> tuple[str, ...]:
    """What earned most comes first."""
    said = [part for part in parts if part.tone is Tone.REASON]
    return tuple(part.text for part in sorted(said, key=lambda part: -part.points))


def _gaps(parts: Sequence[Part]) -> tuple[str, ...]:
    """Known misfits before open questions, the dearest first."""
    said = [part for part in parts if part.tone is Tone.GAP]

    def loss(part: Part) -> tuple[bool, float]:
        return part.value is None, -part.weight * (1 - (part.value or 0.0))

    return tuple(part.text for part in sorted(said, key=loss))
