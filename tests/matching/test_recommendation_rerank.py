"""The order of a page: exposure takes a bounded share, new vacancies have places, and whoever is moved says why."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.recommendation import Exposure, Hit, pool_size, rerank
from app.matching.recommendation.rerank import FRESH_SHARE, MOST_TAKEN
from tests.matching.strategies import NOW

SINCE = (NOW - timedelta(hours=48)).timestamp() * 1e6
OLD, NEW = int(SINCE) - 1_000_000, int(SINCE) + 1_000_000
UNSHOWN = Exposure(0, 1)


def hit(number, score, published=OLD):
    return Hit(UUID(int=number), score, published, None, 0)


def ids(page):
    return [placed.hit.id.int for placed in page]


def placed(best, fresh=(), counts=None, limit=5):
    exposures = {one.id: UNSHOWN for one in [*best, *fresh]}
    exposures |= {UUID(int=number): Exposure(*pair) for number, pair in (counts or {}).items()}
    return rerank(best, list(fresh), exposures, limit=limit, since=SINCE)


def test_without_exposure_and_news_the_score_decides():
    page = placed([hit(n, 1 - n / 100) for n in range(1, 9)])
    assert ids(page) == [1, 2, 3, 4, 5]
    assert [one.moved_because for one in page] == [None] * 5


def test_what_was_shown_too_often_for_its_openings_stands_lower_and_says_so():
    best = [hit(1, 0.90), hit(2, 0.89), hit(3, 0.85)]
    page = placed(best, counts={1: (400, 2)})
    assert ids(page) == [2, 1, 3]
    assert page[1].moved_because == "近7天已展示400次，还招2人，位置略微靠后"
    assert page[0].moved_because == "前面的岗位近期展示过多，这个岗位位置提前"
    assert page[2].moved_because is None
    # Many openings bear many showings; and a much better one stays ahead however often it was shown.
    assert ids(placed(best, counts={1: (400, 20)})) == [1, 2, 3]
    assert ids(placed([hit(1, 0.90), hit(2, 0.80)], counts={1: (10**9, 1)})) == [1, 2]


def test_one_place_in_five_is_for_the_new():
    best = [hit(n, 1 - n / 100) for n in range(1, 15)]
    fresh = [hit(20, 0.84, NEW), hit(21, 0.83, NEW), hit(22, 0.82, NEW)]
    page = placed(best, fresh, limit=10)
    assert ids(page) == [1, 2, 3, 4, 20, 5, 6, 7, 8, 21]
    assert [one.moved_because for one in page if one.hit.id.int >= 20] == ["48小时内新发布，为新岗位留出的位置"] * 2
    assert [one.moved_because for one in page][5:9] == ["为新发布的岗位让出了位置"] * 4
    # Not where there are new ones already, and not for what fits far worse.
    assert ids(placed([hit(1, 0.995, NEW), *best[1:6]], fresh)) == [1, 2, 3, 4, 5]
    assert ids(placed(best[:5], [hit(30, 0.5, NEW)])) == [1, 2, 3, 4, 5]


def test_what_is_gone_is_left_out():
    best = [hit(1, 0.9), hit(2, 0.8)]
    assert ids(rerank(best, [], {UUID(int=2): UNSHOWN}, limit=5, since=SINCE)) == [2]
    assert rerank([], [], {}, limit=5, since=SINCE) == []


hits = st.lists(
    st.builds(hit, st.integers(1, 99), st.floats(0, 1), st.sampled_from([OLD, NEW])),
    max_size=30, unique_by=lambda one: one.id,
)  # fmt: skip
counts = st.dictionaries(st.integers(1, 99), st.tuples(st.integers(0, 5000), st.integers(0, 30)))


@settings(deadline=None)
@given(hits, hits, counts, st.integers(1, 12))
def test_any_page(found, more, shown, limit):
    """100 draws. No vacancy twice, none from nowhere, nobody far below where the score puts it without a word."""
    best = sorted(found, key=lambda one: -one.score)[: pool_size(limit)]
    fresh = sorted((one for one in more if one.published > SINCE), key=lambda one: -one.score)
    page = placed(best, fresh, shown, limit)
    assert len(page) == min(limit, len(best)) or (len(page) <= limit and fresh)
    assert len(set(ids(page))) == len(page)
    assert page == placed(best, fresh, shown, limit)
    standing = {one.id: place for place, one in enumerate(best)}
    for place, one in enumerate(page):
        assert one.hit in best or one.hit in fresh
        assert (one.moved_because is None) == (standing.get(one.hit.id) == place)
    # Exposure moves nobody past one that is better by more than its bound.
    kept = [one.hit for one in page if one.moved_because != "48小时内新发布，为新岗位留出的位置"]
    for place, one in enumerate(kept):
        assert all(one.score >= (1 - MOST_TAKEN) * other.score - 1e-9 for other in kept[place:])
    assert len(page) - len(kept) <= limit // FRESH_SHARE
    assert all(Exposure(*pair).taken < MOST_TAKEN for pair in shown.values())
