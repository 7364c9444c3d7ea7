"""Measures of rankings against labels. Pure: lists of labels in the order shown go in, numbers come out.

A label is a grade from 0 (does not fit) to 3 (fits well), or the mean of several raters. Gains are 2^label − 1, as usual for
graded labels (Burges et al. 2005); a label of `RELEVANT` or more counts as fitting.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RELEVANT = 2.0
LEVEL = 0.95


def ndcg(shown: Sequence[float], every: Sequence[float], at: int) -> float:
    """Discounted gain of the first `at` labels shown, against the best order of `every`; NaN where nothing fits at all."""
    best = _dcg(sorted(every, reverse=True)[:at])
    return _dcg(shown[:at]) / best if best else float("nan")


def _dcg(labels: Sequence[float]) -> float:
    gains = 2.0 ** np.asarray(labels, dtype=np.float64) - 1
    return float(np.sum(gains / np.log2(np.arange(2, len(gains) + 2))))


def precision_at_one(shown: Sequence[float]) -> float:
    return float(bool(shown) and shown[0] >= RELEVANT)


def recall(shown: Sequence[float], every: Sequence[float], at: int) -> float:
    """Share of what fits that is among the first `at`; NaN where nothing fits."""
    relevant = sum(label >= RELEVANT for label in every)
    return sum(label >= RELEVANT for label in shown[:at]) / relevant if relevant else float("nan")


def gini(counts: Sequence[int]) -> float:
    """0: all are shown equally often; towards 1: one is shown always, the others never."""
    ordered = np.sort(np.asarray(counts, dtype=np.float64))
    total = ordered.sum()
    if not total:
        return 0.0
    places = np.arange(1, len(ordered) + 1)
    return float(2 * np.sum(places * ordered) / (len(ordered) * total) - (len(ordered) + 1) / len(ordered))


@dataclass(frozen=True, slots=True)
class Interval:
    mean: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """The interval does not hold zero."""
        return self.low > 0 or self.high < 0


def paired_difference(ours: Sequence[float], theirs: Sequence[float], *, resamples: int, seed: int) -> Interval:
    """Mean of ours − theirs with a percentile bootstrap interval over the pairs; pairs with NaN are left out."""
    differences = np.asarray(ours, dtype=np.float64) - np.asarray(theirs, dtype=np.float64)
    differences = differences[~np.isnan(differences)]
    if not len(differences):
        return Interval(float("nan"), float("nan"), float("nan"))
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(differences), (resamples, len(differences)))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(differences[drawn].mean(axis=1), [tail, 1 - tail])
    return Interval(float(differences.mean()), float(low), float(high))


def weighted_kappa(one: Sequence[int], other: Sequence[int], grades: int) -> float:
    """Cohen's kappa with quadratic weights: 1 full agreement, 0 what chance would give."""
    seen = np.zeros((grades, grades))
    np.add.at(seen, (np.asarray(one), np.asarray(other)), 1)
    chance = np.outer(seen.sum(axis=1), seen.sum(axis=0)) / seen.sum()
    steps = np.arange(grades)
    weights = (steps[:, None] - steps[None, :]) ** 2 / (grades - 1) ** 2
    expected = float((weights * chance).sum())
    return 1.0 - float((weights * seen).sum()) / expected if expected else 1.0
