"""The rules of fairs: states, periods, what each kind needs, small numbers of people."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.jobs.fairs import (
    BOOTH_NEXT,
    LONGEST_FAIR,
    NEXT,
    SMALL_CELL,
    BoothState,
    BoothStateError,
    CorridorMissingError,
    FairKind,
    FairNotRunningError,
    FairPeriodError,
    FairPlaceMissingError,
    FairState,
    FairStateError,
    SchoolMissingError,
    check_booth_move,
    check_form,
    check_move,
    check_period,
    check_running,
    checks_in,
    hide_small,
    hide_total,
)

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize("current", FairState)
@pytest.mark.parametrize("target", FairState)
def test_every_edge_of_a_fair(current: FairState, target: FairState) -> None:
    if target in NEXT[current]:
        check_move(current, target)
    else:
        with pytest.raises(FairStateError) as refused:
            check_move(current, target)
        assert current.label in refused.value.text
        assert target.label in refused.value.text


@pytest.mark.parametrize("current", BoothState)
@pytest.mark.parametrize("target", BoothState)
def test_every_edge_of_a_booth(current: BoothState, target: BoothState) -> None:
    if target in BOOTH_NEXT[current]:
        check_booth_move(current, target)
    else:
        with pytest.raises(BoothStateError):
            check_booth_move(current, target)


@pytest.mark.parametrize("state", FairState)
def test_only_a_running_fair_lets_people_in(state: FairState) -> None:
    if state is FairState.RUNNING:
        check_running(state)
    else:
        with pytest.raises(FairNotRunningError):
            check_running(state)


def test_periods() -> None:
    check_period(NOW + HOUR, NOW + 2 * HOUR, NOW)
    # Begun but not over: a fair entered late is still a fair.
    check_period(NOW - HOUR, NOW + HOUR, NOW)
    check_period(NOW, NOW + LONGEST_FAIR, NOW)
    for starts_at, ends_at in (
        (NOW + HOUR, NOW + HOUR), (NOW + 2 * HOUR, NOW + HOUR), (NOW - 2 * HOUR, NOW),
        (NOW, NOW + LONGEST_FAIR + timedelta(seconds=1)),
    ):  # fmt: skip
        with pytest.raises(FairPeriodError):
            check_period(starts_at, ends_at, NOW)


def test_what_each_kind_needs() -> None:
    check_form(FairKind.ONSITE, has_place=True, has_corridor=False, has_school=False)
    check_form(FairKind.ONLINE, has_place=False, has_corridor=True, has_school=False)
    check_form(FairKind.CAMPUS, has_place=True, has_corridor=False, has_school=True)
    with pytest.raises(FairPlaceMissingError):
        check_form(FairKind.ONSITE, has_place=False, has_corridor=True, has_school=True)
    with pytest.raises(CorridorMissingError):
        check_form(FairKind.ONLINE, has_place=True, has_corridor=False, has_school=True)
    with pytest.raises(SchoolMissingError):
        check_form(FairKind.CAMPUS, has_place=True, has_corridor=True, has_school=False)
    assert [checks_in(kind) for kind in FairKind] == [True, False, True]


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ([], []),
        ([0, 0], [0, 0]),
        ([5, 12], [5, 12]),
        # One small cell would be the difference from the total: the next smallest goes too.
        ([3, 9, 20], [None, None, 20]),
        ([3, 0, 9], [None, 0, None]),
        # Two of one person each would be told by a difference of two.
        ([1, 1, 30, 8], [None, None, 30, None]),
        ([4, 4, 30], [None, None, 30]),
        ([3], [None]),
    ],
)
def test_small_numbers_of_people_are_hidden(counts: list[int], shown: list[int | None]) -> None:
    assert hide_small(counts) == shown


@given(st.lists(st.integers(0, 40), max_size=12))
def test_a_hidden_number_cannot_be_worked_out(counts: list[int]) -> None:
    shown = hide_small(counts)
    assert all(value is None or value == count for value, count in zip(shown, counts, strict=True))
    assert not [value for value in shown if value is not None and 0 < value < SMALL_CELL]
    hidden = [count for value, count in zip(shown, counts, strict=True) if value is None]
    if hide_total(sum(counts)) is not None and hidden:
        # What the total tells of the hidden ones together is told of at least two cells and five people.
        assert sum(hidden) >= SMALL_CELL
        assert len(hidden) >= 2
