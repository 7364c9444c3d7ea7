import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.jobs.pay import compute_hourly_fen
from app.rules.jobs.terms import PayUnit

fen = st.integers(1, 5_000_000)


def test_an_unstated_month_is_the_statutory_one():
    # 174 hours of 21.75 days: 4,176 yuan are 24 an hour.
    assert compute_hourly_fen(PayUnit.MONTH, min_fen=417_600) == 2400


def test_stated_hours_and_days_count():
    long_month = compute_hourly_fen(PayUnit.MONTH, min_fen=600_000, minutes_per_day=600, days_per_month=26)
    assert long_month == 2308  # 6,000 ÷ 260 h = 23.0769…
    assert compute_hourly_fen(PayUnit.MONTH, min_fen=600_000, days_per_month=25) == 3000
    assert compute_hourly_fen(PayUnit.MONTH, min_fen=435_000, minutes_per_day=600) == 2000


def test_a_range_counts_with_its_middle():
    assert compute_hourly_fen(PayUnit.HOUR, min_fen=2000, max_fen=3000) == 2500
    assert compute_hourly_fen(PayUnit.HOUR, min_fen=2000, max_fen=2001) == 2001  # half up


def test_an_upper_end_alone_promises_nothing():
    assert compute_hourly_fen(PayUnit.HOUR, max_fen=9000) is None


def test_piece_pay_by_its_stated_output():
    # 8.50 yuan per 1,000 pieces, 2,600 an hour.
    piece = {"piece_rate_fen": 850, "piece_per_quantity": 1000, "piece_hourly_output": 2600}
    assert compute_hourly_fen(PayUnit.PIECE, **piece) == 2210
    for missing in piece:
        assert compute_hourly_fen(PayUnit.PIECE, **{**piece, missing: None}) is None


def test_piece_pay_ignores_the_ends_of_other_units():
    assert compute_hourly_fen(PayUnit.PIECE, min_fen=600_000, max_fen=800_000) is None


@pytest.mark.parametrize("unit", [PayUnit.MONTH, PayUnit.HOUR])
def test_nothing_stated(unit):
    assert compute_hourly_fen(unit) is None


@given(fen, fen, st.integers(60, 720), st.integers(1, 31))
def test_more_pay_never_is_less_an_hour(one, other, minutes, days):
    low, high = sorted((one, other))
    day = {"minutes_per_day": minutes, "days_per_month": days}
    assert compute_hourly_fen(PayUnit.MONTH, min_fen=low, **day) <= compute_hourly_fen(
        PayUnit.MONTH, min_fen=high, **day
    )


@given(fen, st.integers(60, 720), st.integers(1, 31))
def test_rounded_to_the_nearest_fen(pay, minutes, days):
    hourly = compute_hourly_fen(PayUnit.MONTH, min_fen=pay, minutes_per_day=minutes, days_per_month=days)
    assert abs(hourly * minutes * days - pay * 60) * 2 <= minutes * days
