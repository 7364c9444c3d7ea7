"""The pure rules of earning, activities, claims, rewards, publication."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import AppError
from app.rules.points import activities, claims, earning, publication, rewards
from app.rules.points.earning import Caps, Earned

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
TODAY = date(2026, 11, 24)
MACHINES: list[tuple[Mapping[Any, frozenset[Any]], Any, type[AppError]]] = [
    (earning.RULE_NEXT, earning.check_rule_move, earning.RuleStateError),
    (activities.ACTIVITY_NEXT, activities.check_move, activities.ActivityStateError),
    (activities.PARTICIPATION_NEXT, activities.check_participation, activities.ParticipationStateError),
    (claims.NEXT, claims.check_move, claims.PointsClaimStateError),
    (rewards.REWARD_NEXT, rewards.check_reward_move, rewards.RewardStateError),
    (rewards.REDEMPTION_NEXT, rewards.check_step, rewards.RedemptionStateError),
    (rewards.STOCK_CHANGE_NEXT, rewards.check_stock_change, rewards.StockChangeStateError),
    (publication.PUBLICATION_NEXT, publication.check_publication, publication.PublicationClosedError),
    (publication.OBJECTION_NEXT, publication.check_objection, publication.ObjectionStateError),
]
EDGES = [
    pytest.param(table, check, error, current, target, id=f"{type(current).__name__}-{current.value}-{target.value}")
    for table, check, error in MACHINES
    for current in table
    for target in type(current)
]


@pytest.mark.parametrize(("table", "check", "error", "current", "target"), EDGES)
def test_every_edge(table: Any, check: Any, error: type[AppError], current: Any, target: Any) -> None:
    assert set(table) == set(type(current))
    if target in table[current]:
        check(current, target)
    else:
        with pytest.raises(error):
            check(current, target)


CAP = st.none() | st.integers(0, 50)


@given(
    st.integers(1, 20), st.integers(1, 12), CAP, CAP, CAP, st.integers(0, 60), st.integers(0, 60), st.integers(0, 60)
)
def test_caps_hold_whatever_was_earned(
    each: int, quantity: int, day: int | None, month: int | None, year: int | None, had_day: int, had_month: int,
    had_year: int,
) -> None:  # fmt: skip
    points = earning.compute_points(each, quantity, Caps(day, month, year), Earned(had_day, had_month, had_year))
    assert 0 <= points <= each * quantity
    for cap, had in ((day, had_day), (month, had_month), (year, had_year)):
        assert cap is None or points == 0 or had + points <= cap
    if all(
        cap is None or cap - had >= each * quantity
        for cap, had in ((day, had_day), (month, had_month), (year, had_year))
    ):
        assert points == each * quantity


@pytest.mark.parametrize("caps", [Caps(4, None, None), Caps(10, 9, None), Caps(None, 10, 9), Caps(10, None, 9)])
def test_caps_that_contradict(caps: Caps) -> None:
    with pytest.raises(earning.RuleCapsError):
        earning.check_caps(5, caps)


def test_caps_that_agree() -> None:
    earning.check_caps(5, Caps(5, 10, 10))
    earning.check_caps(5, Caps(None, None, None))


def test_nothing_before_the_decision_counts() -> None:
    earning.check_decision(TODAY, TODAY, TODAY)
    with pytest.raises(earning.RuleBackdatedError):
        earning.check_decision(TODAY, TODAY - timedelta(days=1), TODAY)
    with pytest.raises(earning.DecisionDateError):
        earning.check_decision(TODAY + timedelta(days=1), TODAY + timedelta(days=1), TODAY)
    with pytest.raises(earning.RuleDaysError):
        earning.check_days(TODAY, TODAY - timedelta(days=1))
    assert earning.covers(TODAY, None, TODAY)
    assert not earning.covers(TODAY, None, TODAY - timedelta(days=1))
    assert not earning.covers(TODAY, TODAY, TODAY + timedelta(days=1))


def test_an_activity_is_announced_before_it_begins() -> None:
    hour = timedelta(hours=1)
    activities.check_period(NOW + hour, NOW + 2 * hour, NOW)
    with pytest.raises(activities.ActivityBackdatedError):
        activities.check_period(NOW, NOW + hour, NOW)
    with pytest.raises(activities.ActivityBackdatedError):
        activities.check_period(NOW + activities.FARTHEST + hour, NOW + activities.FARTHEST + 2 * hour, NOW)
    for end in (NOW + hour, NOW + hour + activities.LONGEST + hour):
        with pytest.raises(activities.ActivityPeriodError):
            activities.check_period(NOW + hour, end, NOW)


def test_hours_after_the_end_and_no_more_than_it_lasted() -> None:
    start, end = NOW, NOW + timedelta(hours=3)
    activities.check_hours(180, start, end, end)
    with pytest.raises(activities.ActivityNotOverError):
        activities.check_hours(60, start, end, end - timedelta(seconds=1))
    with pytest.raises(activities.ConfirmLateError):
        activities.check_hours(60, start, end, end + activities.CONFIRM_WITHIN + timedelta(seconds=1))
    for minutes in (29, 181):
        with pytest.raises(activities.MinutesError):
            activities.check_hours(minutes, start, end, end)
    assert [activities.whole_hours(minutes) for minutes in (59, 60, 119, 120)] == [0, 1, 1, 2]


def test_days_of_claims() -> None:
    claims.check_day(TODAY, TODAY)
    claims.check_day(TODAY - claims.CLAIM_WITHIN, TODAY)
    for day in (TODAY + timedelta(days=1), TODAY - claims.CLAIM_WITHIN - timedelta(days=1)):
        with pytest.raises(claims.ClaimDayError):
            claims.check_day(day, TODAY)
    claims.check_appeal(TODAY - claims.APPEAL_WITHIN, TODAY)
    with pytest.raises(claims.ClaimAppealLateError):
        claims.check_appeal(TODAY - claims.APPEAL_WITHIN - timedelta(days=1), TODAY)
    assert [claims.needs_second(points, 20) for points in (20, 21)] == [False, True]
    assert not claims.needs_second(1000, None)


def test_times_of_a_redemption() -> None:
    rewards.check_in_time(NOW + timedelta(microseconds=1), NOW)
    with pytest.raises(rewards.RedemptionLapsedError):
        rewards.check_in_time(NOW, NOW)
    rewards.check_undo(NOW - rewards.UNDO_WITHIN, NOW)
    with pytest.raises(rewards.UndoLateError):
        rewards.check_undo(NOW - rewards.UNDO_WITHIN - timedelta(microseconds=1), NOW)


def test_guesses_are_forgotten_after_their_time() -> None:
    rewards.check_guesses(rewards.WRONG_CODES - 1, NOW, NOW)
    rewards.check_guesses(1000, NOW - rewards.WRONG_CODES_WITHIN, NOW)
    with pytest.raises(rewards.CodeLockedError) as found:
        rewards.check_guesses(rewards.WRONG_CODES, NOW, NOW + timedelta(minutes=14, seconds=30))
    assert (found.value.retry_after, found.value.params) == (30, {"minutes": 1})


def test_names_are_shown_only_with_consent() -> None:
    assert publication.shown_name("陈增坛", consented=True) == "陈*坛"
    assert publication.shown_name("陈增坛", consented=False) == publication.UNNAMED
    assert publication.shown_name(None, consented=True) == publication.UNNAMED


def test_a_period_that_is_over() -> None:
    publication.check_period(TODAY - timedelta(days=3), TODAY - timedelta(days=1), TODAY)
    for start, end in (
        (TODAY, TODAY),
        (TODAY - timedelta(days=1), TODAY - timedelta(days=2)),
        (TODAY - timedelta(days=100), TODAY - timedelta(days=1)),
    ):
        with pytest.raises(publication.PublicationPeriodError):
            publication.check_period(start, end, TODAY)
