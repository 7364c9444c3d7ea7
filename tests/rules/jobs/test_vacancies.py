"""States of a vacancy: every allowed edge, every forbidden one, and what takes applications."""

from datetime import date, timedelta
from itertools import product

import pytest

from app.rules.jobs.vacancies import (
    EDITABLE,
    NEXT,
    OPEN,
    VacancyClosedError,
    VacancyState,
    VacancyStateError,
    check_open,
    check_transition,
)

# The full table by hand, second to the one of the rule book: an edge that slips in or out shows here.
EDGES = {
    "draft": "in_review published withdrawn",
    "in_review": "published returned filled withdrawn",
    "returned": "in_review published filled withdrawn",
    "published": "paused filled expired withdrawn taken_down in_review",
    "paused": "published filled expired withdrawn taken_down in_review",
    "filled": "",
    "expired": "",
    "withdrawn": "",
    "taken_down": "published expired",
}
TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(("current", "target"), list(product(VacancyState, repeat=2)))
def test_edges(current: VacancyState, target: VacancyState) -> None:
    if target.value in EDGES[current.value].split():
        check_transition(current, target)
        return
    with pytest.raises(VacancyStateError) as refused:
        check_transition(current, target)
    assert refused.value.params == {"current": current.label, "target": target.label}


def test_the_table_is_whole() -> None:
    assert set(NEXT) == set(VacancyState)
    assert {state.value for state in VacancyState} == set(EDGES)


def test_every_state_but_the_first_is_reached() -> None:
    reached, front = {VacancyState.DRAFT}, [VacancyState.DRAFT]
    while front:
        following = NEXT[front.pop()] - reached
        reached |= following
        front.extend(following)
    assert reached == set(VacancyState)


def test_ended_states_are_neither_editable_nor_open() -> None:
    ended = {state for state, following in NEXT.items() if not following}
    # Taken down is no end: an appeal may put it back.
    assert ended == {VacancyState.FILLED, VacancyState.EXPIRED, VacancyState.WITHDRAWN}
    assert not EDITABLE & ended
    assert VacancyState.IN_REVIEW not in EDITABLE
    assert frozenset({VacancyState.PUBLISHED}) == OPEN


@pytest.mark.parametrize("state", VacancyState)
def test_only_published_takes_applications(state: VacancyState) -> None:
    if state is VacancyState.PUBLISHED:
        check_open(state, TODAY, TODAY)
        return
    with pytest.raises(VacancyClosedError, match=state.label):
        check_open(state, TODAY + timedelta(days=1), TODAY)


def test_the_last_day_counts_and_the_day_after_does_not() -> None:
    check_open(VacancyState.PUBLISHED, TODAY, TODAY)
    with pytest.raises(VacancyClosedError, match="已到期"):
        check_open(VacancyState.PUBLISHED, TODAY - timedelta(days=1), TODAY)
