"""The funnel: every step by either side, allowed or not; reasons only where somebody is rejected."""

from itertools import product

import pytest

from app.rules.jobs.applications import (
    ACTIVE,
    ENDED,
    FIRM_STEPS,
    NEXT,
    ApplicationState,
    ApplicationStateError,
    RejectReason,
    RejectReasonMissingError,
    RejectReasonSurplusError,
    Side,
    check_reason,
    check_step,
)

# By hand, second to the table of the rule book.
EDGES = {
    "applied": "viewed shortlisted interview offered hired rejected withdrawn",
    "viewed": "shortlisted interview offered hired rejected withdrawn",
    "shortlisted": "interview offered hired rejected withdrawn",
    "interview": "offered hired rejected withdrawn",
    "offered": "hired rejected withdrawn",
    "hired": "kept_30d kept_90d",
    "kept_30d": "kept_90d",
    "kept_90d": "",
    "rejected": "",
    "withdrawn": "",
}


@pytest.mark.parametrize(("current", "target", "side"), list(product(ApplicationState, ApplicationState, Side)))
def test_steps(current: ApplicationState, target: ApplicationState, side: Side) -> None:
    owner = Side.SEEKER if target is ApplicationState.WITHDRAWN else Side.FIRM
    if target.value in EDGES[current.value].split() and side is owner:
        check_step(current, target, side)
        return
    with pytest.raises(ApplicationStateError) as refused:
        check_step(current, target, side)
    assert refused.value.params == {"current": current.label, "target": target.label}


def test_the_table_is_whole() -> None:
    assert set(NEXT) == set(ApplicationState)
    assert {state.value for state in ApplicationState} == set(EDGES)


def test_nothing_goes_back() -> None:
    order = list(ApplicationState)
    for current, following in NEXT.items():
        assert all(order.index(target) > order.index(current) for target in following)


def test_after_hiring_nobody_withdraws_or_rejects() -> None:
    for state in (ApplicationState.HIRED, ApplicationState.KEPT_30D, ApplicationState.KEPT_90D):
        assert not NEXT[state] & ENDED
    assert set(ApplicationState) == ENDED | ACTIVE
    assert not ENDED & ACTIVE


def test_the_firm_takes_every_step_but_the_seekers() -> None:
    assert set(ApplicationState) - FIRM_STEPS == {ApplicationState.APPLIED, ApplicationState.WITHDRAWN}


@pytest.mark.parametrize("target", ApplicationState)
def test_reason_is_for_rejection_alone(target: ApplicationState) -> None:
    if target is ApplicationState.REJECTED:
        with pytest.raises(RejectReasonMissingError):
            check_reason(target, None)
        for reason in RejectReason:
            check_reason(target, reason)
        return
    check_reason(target, None)
    with pytest.raises(RejectReasonSurplusError):
        check_reason(target, RejectReason.OTHER)
