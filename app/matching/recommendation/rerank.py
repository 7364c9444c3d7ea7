"""What exposure and freshness change in the order of one page. Pure: the same counts, the same page.

Two hundred people sent to three posts serve nobody: what has been shown very often for each opening that is left stands
somewhat lower, within a bound. And a share of the places is kept for vacancies of the last two days, where good ones exist.
Whoever is moved says so, because the order then differs from the score.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.matching.recommendation.index import Hit

# Days over which showings are counted.
EXPOSURE_DAYS = 7
# Showings for each opening that cost nothing; at as many again half of the most that can be taken is taken.
FREE_SHOWINGS = 100.0
# The most that exposure takes: a tenth of the score.
MOST_TAKEN = 0.10
# One place in five is for what was published within two days …
FRESH_SHARE = 5
FRESH_FOR = timedelta(hours=48)
# … unless it fits so much worse than the last of the page.
FRESH_AT_LEAST = 0.8
# Enough below the page that what exposure moves down can be replaced.
POOL_FACTOR, POOL_LEAST = 2, 20


@dataclass(frozen=True, slots=True)
class Exposure:
    """How often a vacancy was shown in the last days, and how many it still looks for."""

    shown: int
    openings: int

    @property
    def taken(self) -> float:
        """Share of the score, 0 to `MOST_TAKEN`, growing with the showings for each opening."""
        over = max(0.0, self.shown / max(1, self.openings) - FREE_SHOWINGS)
        return MOST_TAKEN * over / (over + FREE_SHOWINGS)


@dataclass(frozen=True, slots=True)
class Placed:
    hit: Hit
    moved_because: str | None


def pool_size(limit: int) -> int:
    """How many of the best take part in the order of a page."""
    return max(POOL_LEAST, POOL_FACTOR * limit)


def rerank(
    best: Sequence[Hit], fresh: Sequence[Hit], exposures: Mapping[UUID, Exposure], *, limit: int, since: float
) -> list[Placed]:
    """The page of `limit` made of `best` (by score) and `fresh` (the best that were published after `since`, µs).

    `exposures`: of both; a vacancy without one is no longer there and is left out.
    """
    by_score = [hit for hit in best if hit.id in exposures]
    others = [hit for hit in fresh if hit.id in exposures and hit.id not in {one.id for one in by_score}]
    ordered = sorted(by_score, key=lambda hit: -hit.score * (1 - exposures[hit.id].taken))
    page = ordered[:limit]
    promoted = _promoted(page, [*ordered[limit:], *others], limit, since)
    places = {hit.id: place for place, hit in enumerate(by_score)}
    page = _inserted(page, promoted, limit)
    chosen = {hit.id for hit in promoted}
    return [
        Placed(hit, _why(hit, place, places.get(hit.id, len(by_score)), exposures[hit.id], fresh=hit.id in chosen))
        for place, hit in enumerate(page)
    ]


def _promoted(page: Sequence[Hit], behind: Sequence[Hit], limit: int, since: float) -> list[Hit]:
    if not page:
        return []
    there = sum(hit.published > since for hit in page)
    missing = max(0, limit // FRESH_SHARE - there)
    worst = FRESH_AT_LEAST * min(hit.score for hit in page)
    fits = [hit for hit in behind if hit.published > since and hit.score >= worst]
    return sorted(fits, key=lambda hit: -hit.score)[:missing]


def _inserted(page: list[Hit], promoted: Sequence[Hit], limit: int) -> list[Hit]:
    """At every fifth place, the others keeping their order; the last ones leave the page for them."""
    kept = page[: limit - len(promoted)]
    for number, hit in enumerate(promoted, 1):
        kept.insert(min(number * FRESH_SHARE - 1, len(kept)), hit)
    return kept


def _why(hit: Hit, place: int, by_score: int, exposure: Exposure, *, fresh: bool) -> str | None:
    """Why a vacancy does not stand where its score alone would put it."""
    del hit
    if fresh:
        return "48小时内新发布，为新岗位留出的位置"
    if place == by_score:
        return None
    if place < by_score:
        return "前面的岗位近期展示过多，这个岗位位置提前"
    if exposure.taken:
        return f"近{EXPOSURE_DAYS}天已展示{exposure.shown}次，还招{max(0, exposure.openings)}人，位置略微靠后"
    return "为新发布的岗位让出了位置"
