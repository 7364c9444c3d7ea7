from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.matching.recommendation import (
    Gate,
    PartKey,
    Population,
    SeekerCard,
    Side,
    Tone,
    VacancyCard,
    VacancyColumns,
    closed_by,
    explain,
    population_for_seeker,
    population_for_vacancy,
    rank_seekers,
    rank_vacancies,
)
from app.matching.recommendation.parts import WEIGHTS
from app.matching.recommendation.ranking import spread
from app.rules.jobs.terms import ShiftPattern, SkillLevel, WorkFeature
from tests.matching.strategies import (
    CERTIFICATES,
    FIRMS,
    HOME,
    MACHINES,
    NOW,
    TODAY,
    TREE,
    north,
    pays,
    seeker,
    seeker_lists,
    seekers,
    vacancies,
    vacancy,
    vacancy_lists,
    wishes,
)

pytestmark = pytest.mark.filterwarnings("error")
ALL = 1000


def rank(person, cards, limit=ALL, **options):
    return rank_vacancies(person, VacancyColumns.from_cards(cards), TREE, now=NOW, limit=limit, **options)


def ids(items):
    return [item.id for item in items]


def assert_sound(item):
    assert sum(part.points for part in item.parts) == item.score
    assert 0 <= item.score <= 1000
    assert 0 <= item.confidence <= 100
    assert all(part.points >= 0 for part in item.parts)
    assert all(part.value is None or 0 <= part.value <= 1 for part in item.parts)
    assert len({part.key for part in item.parts}) == len(item.parts)
    assert sorted(item.reasons) == sorted(part.text for part in item.parts if part.tone is Tone.REASON)
    assert sorted(item.gaps) == sorted(part.text for part in item.parts if part.tone is Tone.GAP)
    assert all(item.reasons)
    assert all(item.gaps)


def test_weights_of_each_side_sum_to_one():
    for weights in WEIGHTS.values():
        assert sum(weights.values()) == pytest.approx(1)


@settings(deadline=None)
@given(seekers, vacancy_lists)
def test_parts_sum_and_every_sentence_is_a_part(person, cards):
    items = rank(person, cards)
    for item in items:
        assert_sound(item)
        for side in Side:
            assert sum(part.weight for part in item.parts if part.side is side) == pytest.approx(1)
    assert [item.score for item in items] == sorted((item.score for item in items), reverse=True)


@settings(deadline=None)
@given(vacancies, seeker_lists)
def test_parts_sum_for_the_enterprise_too(post, people):
    for item in rank_seekers(post, people, TREE, now=NOW, limit=ALL):
        assert_sound(item)
        # Which of the wishes fits how well is the seeker's own matter.
        assert [part.key for part in item.parts if part.side is Side.SEEKER] == [PartKey.WISHES]


@settings(deadline=None)
@given(seekers, vacancies)
def test_a_known_part_has_a_value_and_an_unknown_one_none(person, post):
    assume(closed_by(person, post, now=NOW) is None)
    item = explain(person, post, TREE, Population.neutral(), NOW)
    parts = {part.key: part for part in item.parts}
    assert (parts[PartKey.PAY].value is None) == (person.wish_hourly_fen is None or post.hourly_fen is None)
    assert (parts[PartKey.PAY_CYCLE].value is None) == (not person.pay_cycles or post.pay_cycle is None)
    known = sum(part.weight for part in item.parts if part.value is not None)
    assert item.confidence == pytest.approx(known * 50, abs=0.51)
    # A reason never rests on what is not known.
    assert all(part.value is not None for part in item.parts if part.tone is Tone.REASON)


@settings(deadline=None)
@given(seekers, vacancy_lists)
def test_gates_are_the_plain_rules(person, cards):
    def is_open(post):
        nights = post.shift_pattern in {"night", "rotating"} and WorkFeature.NIGHT_WORK in person.no_list
        return (
            post.valid_until >= TODAY
            and post.published_at <= NOW
            and post.enterprise_id not in person.hidden_from
            and post.required_certificates <= person.certificates
            and not (post.features & person.no_list)
            and not nights
        )

    shown = set(ids(rank(person, cards)))
    assert shown == {post.id for post in cards if is_open(post)}
    for post in cards:
        assert (closed_by(person, post, now=NOW) is None) == is_open(post)
        assert bool(rank_seekers(post, [person], TREE, now=NOW, limit=1)) == is_open(post)


@settings(deadline=None)
@given(seekers, vacancy_lists, st.randoms(use_true_random=False), st.integers(0, 12))
def test_order_does_not_hang_on_the_order_given(person, cards, random, limit):
    items = rank(person, cards)
    shuffled = random.sample(cards, len(cards))
    assert rank(person, shuffled) == items
    assert rank(person, shuffled, limit=limit) == items[:limit]


@settings(deadline=None)
@given(vacancies, seeker_lists, st.randoms(use_true_random=False), st.integers(0, 12))
def test_nor_does_the_order_of_seekers(post, people, random, limit):
    items = rank_seekers(post, people, TREE, now=NOW, limit=ALL)
    shuffled = random.sample(people, len(people))
    assert rank_seekers(post, shuffled, TREE, now=NOW, limit=limit) == items[:limit]


@settings(deadline=None)
@given(seekers, vacancy_lists)
def test_an_explanation_has_the_numbers_of_the_ranking(person, cards):
    columns = VacancyColumns.from_cards(cards)
    means = population_for_seeker(person, columns, TREE, now=NOW)
    posts = {post.id: post for post in cards}
    for item in rank(person, cards):
        assert explain(person, posts[item.id], TREE, means, NOW) == item


@settings(deadline=None)
@given(vacancies, seeker_lists)
def test_also_for_the_enterprise(post, people):
    means = population_for_vacancy(post, people, TREE, now=NOW)
    cards = {person.id: person for person in people}
    for item in rank_seekers(post, people, TREE, now=NOW, limit=ALL):
        assert explain(cards[item.id], post, TREE, means, NOW, reader=Side.ENTERPRISE) == item
        # Both readers see the same score.
        assert explain(cards[item.id], post, TREE, means, NOW).score == item.score


def better_first(person, better, worse, others):
    """Twins in one list: the better one stands before the other, whatever their ids."""
    for first, second in ((1, 2), (2, 1)):
        twins = [replace(better, id=UUID(int=first)), replace(worse, id=UUID(int=second))]
        found = ids(rank(person, [*others, *twins]))
        if UUID(int=first) in found:
            assert found.index(UUID(int=first)) < found.index(UUID(int=second))


@settings(deadline=None)
@given(seekers, vacancies, pays, pays, wishes, vacancy_lists)
def test_better_paid_never_ranks_lower(person, post, one, other, wish, others):
    assume(one != other)
    low, high = sorted((one, other))
    person = replace(person, wish_hourly_fen=wish)
    better_first(person, replace(post, hourly_fen=high), replace(post, hourly_fen=low), others)


@settings(deadline=None)
@given(seekers, vacancies, st.integers(0, 20_000), st.integers(0, 20_000), vacancy_lists)
def test_nearer_never_ranks_lower(person, post, one, other, others):
    assume(abs(one - other) > 2)
    (near, far) = (north(metres) for metres in sorted((one, other)))
    person = replace(person, home_lat=HOME[0], home_lon=HOME[1])
    better_first(person, replace(post, lat=near[0], lon=near[1]), replace(post, lat=far[0], lon=far[1]), others)


@settings(deadline=None)
@given(seekers, vacancies, st.sampled_from(MACHINES), seeker_lists)
def test_one_more_matching_machine_never_ranks_lower(person, post, machine, others):
    # Made to differ by this machine, instead of waiting for such a pair to be drawn.
    person = replace(person, machines=person.machines - {machine})
    post = replace(post, required_machines=post.required_machines | {machine})
    richer = replace(person, machines=person.machines | {machine})
    for means in (Population.neutral(), population_for_vacancy(post, [person, *others], TREE, now=NOW)):
        if closed_by(person, post, now=NOW) is None:
            before, after = (explain(card, post, TREE, means, NOW) for card in (person, richer))
            assert after.score >= before.score
    twins = [replace(richer, id=UUID(int=1)), replace(person, id=UUID(int=2))]
    found = ids(rank_seekers(post, [*others, *twins], TREE, now=NOW, limit=ALL))
    if found and UUID(int=1) in found:
        assert found.index(UUID(int=1)) < found.index(UUID(int=2))


@settings(deadline=None)
@given(seekers, vacancies, st.integers(1, 20), vacancy_lists)
def test_stating_or_adding_years_in_the_trade_never_lowers_the_score(person, post, years, cards):
    assume(closed_by(person, post, now=NOW) is None)
    code = post.occupation_code
    richer = replace(person, experience={**person.experience, code: person.experience.get(code, 0) + years})
    means = population_for_seeker(person, VacancyColumns.from_cards(cards), TREE, now=NOW)
    assert explain(richer, post, TREE, means, NOW).score >= explain(person, post, TREE, means, NOW).score


@settings(deadline=None)
@given(seekers, vacancies)
def test_a_higher_level_never_lowers_the_score(person, post):
    assume(closed_by(person, post, now=NOW) is None)
    scores = [
        explain(replace(person, level=level), post, TREE, Population.neutral(), NOW).score for level in SkillLevel
    ]
    assert scores == sorted(scores)


@settings(deadline=None)
@given(vacancy_lists)
def test_who_says_nothing_gets_newest_or_undemanding_first_without_confidence_in_the_wishes(cards):
    for item in rank(seeker(), cards):
        assert item.confidence <= 50
        assert all(part.value is None for part in item.parts if part.side is Side.SEEKER)


def test_equals_stand_newest_first_then_by_id():
    old, new = NOW - timedelta(days=9), NOW - timedelta(days=2)
    cards = [vacancy(4, published_at=old), vacancy(3, published_at=new), vacancy(2, published_at=new)]
    assert ids(rank(seeker(), cards)) == [UUID(int=2), UUID(int=3), UUID(int=4)]
    assert ids(rank(seeker(), cards, limit=1)) == [UUID(int=2)]


def test_unknown_takes_the_mean_of_the_known():
    person = seeker(wish_hourly_fen=2000)
    cards = [vacancy(1, hourly_fen=1000), vacancy(2, hourly_fen=4000), vacancy(3, hourly_fen=None)]
    assert ids(rank(person, cards)) == [UUID(int=2), UUID(int=3), UUID(int=1)]
    means = population_for_seeker(person, VacancyColumns.from_cards(cards), TREE, now=NOW)
    # 0.7·0.5² below the wish, 1 − 0.3/2² above it.
    assert means.mean(PartKey.PAY) == pytest.approx((0.175 + 0.925) / 2)


def test_the_score_is_the_harmonic_mean_of_both_sides():
    person = seeker(wish_hourly_fen=2000, earliest_start=TODAY)
    item = explain(person, vacancy(hourly_fen=2000), TREE, Population.neutral(), NOW)
    # S = 0.28·0.7 + 0.72·0.5 ; E = 0.40·0.5 + 0.25 + 0.20 + 0.15
    seeker_side, enterprise_side = 0.28 * 0.7 + 0.72 * 0.5, 0.40 * 0.5 + 0.60
    assert item.score == round(2000 * seeker_side * enterprise_side / (seeker_side + enterprise_side))


@pytest.mark.parametrize(
    ("person", "post", "gate"),
    [
        ({}, {"valid_until": TODAY - timedelta(days=1)}, Gate.NOT_VALID),
        ({}, {"published_at": NOW + timedelta(minutes=1)}, Gate.NOT_VALID),
        ({"hidden_from": frozenset(FIRMS[:1])}, {}, Gate.HIDDEN),
        ({}, {"required_certificates": frozenset(CERTIFICATES[:1])}, Gate.CERTIFICATE),
        ({"no_list": frozenset({WorkFeature.NIGHT_WORK})}, {"shift_pattern": ShiftPattern.ROTATING}, Gate.NO_LIST),
        ({"no_list": frozenset({WorkFeature.DUST})}, {"features": frozenset({WorkFeature.DUST})}, Gate.NO_LIST),
    ],
)
def test_a_closed_pair_has_no_score(person, post, gate):
    card, opening = seeker(**person), vacancy(**post)
    assert closed_by(card, opening, now=NOW) is gate
    assert rank(card, [opening]) == []
    with pytest.raises(ValueError, match=gate.label):
        explain(card, opening, TREE, Population.neutral(), NOW)


def test_the_last_day_is_the_towns_day():
    post = vacancy(valid_until=TODAY)
    evening = datetime(2026, 7, 20, 15, 59, tzinfo=UTC)  # 23:59 in the town
    assert closed_by(seeker(), post, now=evening) is None
    assert closed_by(seeker(), post, now=evening + timedelta(minutes=1)) is Gate.NOT_VALID


def test_nobody_and_nothing():
    assert rank(seeker(), []) == []
    assert rank(seeker(), [vacancy()], limit=0) == []
    assert rank_seekers(vacancy(), [], TREE, now=NOW, limit=5) == []
    assert population_for_seeker(seeker(), VacancyColumns.from_cards([]), TREE, now=NOW) == Population.neutral()
    assert population_for_vacancy(vacancy(), [], TREE, now=NOW) == Population.neutral()


@given(st.lists(st.floats(0, 300), min_size=1, max_size=11))
def test_points_are_spread_by_largest_remainder(shares):
    total = int(sum(shares) + 0.5)
    points = spread(total, shares)
    assert sum(points) == total
    assert all(abs(point - share) < 1 + 1e-9 for point, share in zip(points, shares, strict=True))


def test_no_card_has_a_place_for_what_must_not_be_weighed():
    banned = ("sex", "gender", "ethnic", "origin", "native", "marri", "birth", "age", "religion", "name")
    for card in (SeekerCard, VacancyCard):
        for field in fields(card):
            words = field.name.split("_")
            assert not any(word.startswith(stem) for word in words for stem in banned), field.name


def test_occupation_closeness_falls_with_the_branch():
    steps = ["60501.01", "60501.02", "60504.01", "61801", "40202"]
    near = [TREE.closeness("60501.01", code) for code in steps]
    assert near == [1.0, 0.7, 0.4, 0.1, 0.0]
    assert TREE.closeness("60501", "60501.01") == 1.0  # a code stands for its whole branch
    assert TREE.closeness("60501.01", "60501") == 0.85
    assert TREE.closeness("60501.01", "99999") is None
    assert TREE.closeness("99999", "99999") == 1.0


def test_a_hundred_thousand_vacancies():
    rng = np.random.default_rng(7)
    places = rng.uniform(-0.05, 0.05, (100_000, 2))
    pay = rng.integers(1200, 5000, 100_000)
    codes = ["60501.01", "60501.02", "60504.01", "61801", "40202"]
    columns = VacancyColumns.from_cards(
        vacancy(
            number + 1, occupation_code=codes[number % 5], hourly_fen=int(pay[number]),
            lat=HOME[0] + places[number, 0], lon=HOME[1] + places[number, 1],
            required_machines=frozenset(MACHINES[: number % 3]),
        )
        for number in range(100_000)
    )  # fmt: skip
    person = seeker(
        wanted=("60501.01",), wish_hourly_fen=2200, machines=frozenset({"平车"}), home_lat=HOME[0],
        home_lon=HOME[1], experience={"60501.01": 3},
    )  # fmt: skip
    items = rank_vacancies(person, columns, TREE, now=NOW, limit=20)
    assert len(items) == 20
    for item in items:
        assert_sound(item)
    best = {card.id: card for card in columns.cards}[items[0].id]
    assert best.occupation_code == "60501.01"
    assert best.hourly_fen > 2200
