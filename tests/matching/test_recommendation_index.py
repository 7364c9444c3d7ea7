"""The index in memory: the same lists as the exhaustive ranking, after any coming and going.

Cases: 100 draws for each property and each size of the limits (the profile `search` draws 1,000).
"""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.matching.recommendation import Limits, Place, VacancyColumns, VacancyIndex, closed_by, rank_vacancies
from tests.matching.strategies import FIRMS, HOME, MACHINES, NOW, TODAY, TREE, seeker, seekers, vacancies, vacancy

pytestmark = pytest.mark.filterwarnings("error")
# So small that a dozen vacancies already make several blocks, passes and a sample.
SMALL = Limits(sample=3, newest=4, divided_at=2, first_rows=1, most_rows=2)
sizes = pytest.mark.parametrize("limits", [Limits(), SMALL], ids=["usual", "small"])
many = st.lists(vacancies, max_size=14, unique_by=lambda card: card.id)
seekers_with_a_wish = seekers.filter(lambda card: card.wanted)


def filled(cards, limits=None):
    found = VacancyIndex(limits)
    for card in cards:
        found.put(card)
    return found


def best(found, person, limit=1000):
    return found.best(person, TREE, now=NOW, today=TODAY, limit=limit)


def exhaustive(person, cards, population, limit=1000):
    return rank_vacancies(person, VacancyColumns.from_cards(cards), TREE, now=NOW, limit=limit, population=population)


def told(found, person, cards):
    posts = {card.id: card for card in cards}
    return [hit.item(person, posts[hit.id], TREE, NOW) for hit in found.hits]


@sizes
@settings(deadline=None)
@given(person=seekers_with_a_wish, cards=many, limit=st.integers(1, 8))
def test_the_search_finds_what_the_exhaustive_ranking_finds(limits, person, cards, limit):
    """To the point and the sentence, ties included; what no gate closes and reaches the list is in it, nothing else."""
    found = best(filled(cards, limits), person, limit)
    assert told(found, person, cards) == exhaustive(person, cards, found.population, limit)
    assert found.considered == sum(card.valid_until >= TODAY for card in cards)
    assert not [hit for hit in found.hits if closed_by(person, {c.id: c for c in cards}[hit.id], now=NOW)]


@settings(deadline=None)
@given(seekers, many, st.integers(1, 8))
def test_a_small_town_is_ranked_with_the_means_over_all(person, cards, limit):
    found = best(filled(cards), person, limit)
    assert told(found, person, cards) == rank_vacancies(
        person, VacancyColumns.from_cards(cards), TREE, now=NOW, limit=limit
    )


@sizes
@settings(deadline=None)
@given(seekers_with_a_wish, many, many, st.data())
def test_coming_and_going_leave_no_trace(limits, person, before, after, data):
    """An index with a history answers like a fresh one: added, changed, closed, in any order, twice or in vain."""
    posts = {card.id: card for card in before}
    used = filled(before, limits)
    best(used, person, 3)
    for _ in range(data.draw(st.integers(0, 12))):
        act = data.draw(st.sampled_from(["put", "drop", "change", "vain"]))
        if act == "put" and after:
            card = data.draw(st.sampled_from(after))
            posts[card.id] = card
            used.put(card)
        elif act == "change" and posts:
            old = data.draw(st.sampled_from(list(posts.values())))
            posts[old.id] = replace(data.draw(vacancies), id=old.id)
            used.put(posts[old.id])
        elif act == "drop" and posts:
            gone = data.draw(st.sampled_from(list(posts)))
            del posts[gone]
            used.drop(gone)
        else:
            used.drop(UUID(int=data.draw(st.integers(0, 9))))
            posts.pop(UUID(int=0), None)
        if data.draw(st.booleans()):
            best(used, person, 3)
    fresh = filled(sorted(posts.values(), key=lambda card: card.id), limits)
    assert len(used) == len(posts)
    one, other = best(used, person, 5), best(fresh, person, 5)
    assert told(one, person, posts.values()) == told(other, person, posts.values())
    assert (one.considered, one.population) == (other.considered, other.population)


@settings(deadline=None)
@given(seekers_with_a_wish, many)
def test_the_place_is_the_place_in_the_whole_list(person, cards):
    found = filled(cards, SMALL)
    whole = exhaustive(person, cards, found.population(person, TREE, now=NOW))
    for card in cards:
        standing = [item.id for item in whole]
        expected = Place(standing.index(card.id) + 1, len(whole)) if card.id in standing else None
        assert found.place(person, TREE, card.id, now=NOW) == expected


def test_who_names_no_occupation_is_shown_the_newest():
    cards = [vacancy(n, hourly_fen=1000 + 100 * n, published_at=NOW - timedelta(days=n)) for n in range(1, 9)]
    person = seeker(wish_hourly_fen=2000)
    found = best(filled(cards, SMALL), person)
    # The best paid of the four newest, and it says that it looked at four.
    assert [hit.id.int for hit in found.hits] == [4, 3, 2, 1]
    assert found.considered == 4
    assert filled(cards, SMALL).place(person, TREE, UUID(int=8), now=NOW) is None
    assert best(filled(cards), person).considered == 8


def test_fresh_ones_are_the_best_of_the_last_days():
    cards = [vacancy(n, hourly_fen=1000 + 100 * n, published_at=NOW - timedelta(days=n)) for n in range(1, 6)]
    person = seeker(wanted=("60501.01",), wish_hourly_fen=2000)
    found = filled(cards)
    means = found.population(person, TREE, now=NOW)
    fresh = found.fresh(person, TREE, means, now=NOW, since=NOW - timedelta(days=2, hours=1), limit=9)
    assert [hit.id.int for hit in fresh] == [2, 1]


def test_of_many_vacancies_few_are_scored():
    """And the few are the right ones: beside the exhaustive ranking of all, for several seekers."""
    rng = np.random.default_rng(11)
    codes = ["60501.01", "60501.02", "60504.01", "61801", "40202"]
    cards = [
        vacancy(
            n + 1, enterprise_id=FIRMS[n % 3], occupation_code=codes[int(rng.integers(5))],
            hourly_fen=int(rng.integers(1200, 4000)), lat=HOME[0] + float(rng.uniform(-0.06, 0.06)),
            lon=HOME[1] + float(rng.uniform(-0.06, 0.06)), required_machines=frozenset(MACHINES[: n % 3]),
            published_at=NOW - timedelta(minutes=n), required_years=[None, 0, 1, 3][n % 4],
        )
        for n in range(12_000)
    ]  # fmt: skip
    found = filled(cards)
    for wanted, years in ((("60501.01",), 3), (("61801", "40202"), 0), (("60504.01",), 12)):
        person = seeker(
            wanted=wanted, wish_hourly_fen=2500, machines=frozenset({"平车"}), home_lat=HOME[0], home_lon=HOME[1],
            experience={wanted[0]: years},
        )  # fmt: skip
        few = best(found, person, 20)
        assert told(few, person, cards) == exhaustive(person, cards, few.population, 20)
        assert few.scored < len(cards) / 2
