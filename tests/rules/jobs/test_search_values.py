"""What search compares: benefits as bits, distances in whole metres, pay per hour."""

import math
import random
from datetime import datetime

import pytest

from app.core.clock import CHINA
from app.rules.geo import ORIGIN, distance_m, to_grid
from app.rules.jobs.pay import compute_hourly_fen, compute_wish_hourly_fen
from app.rules.jobs.search import BENEFIT_BITS, compute_benefit_bits, compute_distance_m, is_telling_time
from app.rules.jobs.terms import Benefit, PayUnit


def test_every_benefit_has_a_bit_of_its_own() -> None:
    assert list(BENEFIT_BITS) == list(Benefit)
    assert [1 << n for n in range(len(Benefit))] == list(BENEFIT_BITS.values())
    assert compute_benefit_bits([]) == 0
    assert compute_benefit_bits([Benefit.MEALS, Benefit.SHUTTLE, Benefit.MEALS]) == 1 + 64


@pytest.mark.parametrize(("squared", "metres"), [(0, 0), (1, 1), (2, 1), (3, 2), (6, 2), (7, 3), (10**18, 10**9)])
def test_a_distance_is_rounded_half_up(squared: int, metres: int) -> None:
    assert compute_distance_m(squared) == metres == math.floor(math.sqrt(squared) + 0.5)


def test_the_grid_agrees_with_the_globe_around_the_town() -> None:
    rng = random.Random(20261124)  # noqa: S311  # the same cases on every run
    assert to_grid(*ORIGIN) == (0, 0)
    for _ in range(500):
        places = [(ORIGIN[0] + rng.uniform(-0.45, 0.45), ORIGIN[1] + rng.uniform(-0.45, 0.45)) for _ in range(2)]
        (east_a, north_a), (east_b, north_b) = (to_grid(*place) for place in places)
        ours = compute_distance_m((east_a - east_b) ** 2 + (north_a - north_b) ** 2)
        assert abs(ours - distance_m(*places[0], *places[1])) <= 2 + 0.004 * ours


def test_squares_of_the_whole_globe_fit_into_64_bits() -> None:
    corners = [to_grid(latitude, longitude) for latitude in (-90, 90) for longitude in (-180, 180)]
    for east_a, north_a in corners:
        for east_b, north_b in corners:
            assert (east_a - east_b) ** 2 + (north_a - north_b) ** 2 < 10**18


def test_a_wish_meets_the_posting_that_pays_just_that() -> None:
    """6,000 yuan for the usual month of the town's factories; one fen more in the posting does not lose it."""
    wish = compute_wish_hourly_fen(PayUnit.MONTH, 600_000)
    assert wish == compute_hourly_fen(PayUnit.MONTH, min_fen=600_000, minutes_per_day=480, days_per_month=26) == 2885
    assert compute_wish_hourly_fen(PayUnit.HOUR, 2300) == 2300
    longer = compute_hourly_fen(PayUnit.MONTH, min_fen=600_000, minutes_per_day=600, days_per_month=28)
    assert longer is not None
    assert longer < wish


@pytest.mark.parametrize(("hour", "minute", "telling"), [(0, 0, False), (7, 59, False), (8, 0, True), (23, 59, True)])
def test_news_come_when_people_are_up(hour: int, minute: int, telling: bool) -> None:
    assert is_telling_time(datetime(2026, 11, 24, hour, minute, tzinfo=CHINA)) is telling
