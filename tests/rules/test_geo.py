import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.geo import distance_m, distances_m, to_gcj02
from app.rules.jobs.terms import CoordType

in_china = st.tuples(st.floats(18.5, 53), st.floats(74, 134))


def test_a_published_pair_of_the_formula():
    # The pair quoted by the open implementations (coordtransform): WGS-84 39.915, 116.404.
    latitude, longitude = to_gcj02(39.915, 116.404, CoordType.WGS84)
    assert latitude == pytest.approx(39.91640428150164, abs=1e-9)
    assert longitude == pytest.approx(116.41024449916938, abs=1e-9)


@given(in_china)
def test_the_shift_is_some_hundred_metres(point):
    shifted = to_gcj02(*point, CoordType.WGS84)
    assert 0 < distance_m(*point, *shifted) < 1500


@given(in_china)
def test_gcj02_stays(point):
    assert to_gcj02(*point, CoordType.GCJ02) == point


@pytest.mark.parametrize("point", [(35.68, 139.77), (1.35, 71.9), (-33.9, 151.2), (0.5, 100.0)])
def test_abroad_nothing_is_shifted(point):
    assert to_gcj02(*point, CoordType.WGS84) == point


def test_a_degree_of_latitude():
    assert distance_m(24.0, 118.6, 25.0, 118.6) == pytest.approx(111_195, abs=1)
    assert distance_m(24.7, 118.6, 24.7, 118.6) == 0


def test_opposite_points_are_half_the_circumference():
    assert distance_m(0, 0, 0, 180) == pytest.approx(math.pi * 6_371_008.8, abs=1)


@given(st.lists(in_china, min_size=1, max_size=20), in_china)
def test_arrays_say_what_single_calls_say(points, home):
    lats, lons = np.array(points).T
    assert distances_m(*home, lats, lons).tolist() == [distance_m(*home, *point) for point in points]


def test_an_unknown_place_has_no_distance():
    assert np.isnan(distances_m(24.7, 118.6, np.array([np.nan]), np.array([118.6]))).all()
