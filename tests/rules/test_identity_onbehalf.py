"""Acting for one another: how long each kind of consent lasts, who may be a guardian, which text is read out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.rules.identity.consents import ConsentMethod
from app.rules.identity.onbehalf import (
    LONGEST,
    REPRESENTATION_NEXT,
    REPRESENTATION_VERSION,
    STAFF_METHODS,
    GuardianAgeError,
    RepresentationKind,
    RepresentationPeriodError,
    RepresentationState,
    RepresentationTextError,
    check_agent,
    check_period,
    check_text,
)

NOW = datetime(2026, 11, 26, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("method", "days"),
    [(ConsentMethod.VERBAL, 1), (ConsentMethod.SIGNED, 366), (ConsentMethod.RECORDED, 366), (ConsentMethod.SELF, 1098)],
)
def test_a_consent_lasts_as_long_as_its_kind_is_worth(method: ConsentMethod, days: int) -> None:
    longest = timedelta(days=days)
    for valid_to in (NOW + SECOND, NOW + longest):
        check_period(method, NOW, valid_to)
    for valid_to in (NOW, NOW - SECOND, NOW + longest + SECOND):
        with pytest.raises(RepresentationPeriodError) as refused:
            check_period(method, NOW, valid_to)
        assert refused.value.fields[0].path == "valid_to"
        assert f"“{method.label}”" in refused.value.text
        assert f"最长{days}天" in refused.value.text


def test_staff_write_down_what_they_heard_saw_or_recorded_and_nothing_else() -> None:
    assert {ConsentMethod.VERBAL, ConsentMethod.SIGNED, ConsentMethod.RECORDED} == STAFF_METHODS
    assert set(LONGEST) == STAFF_METHODS | {ConsentMethod.SELF}


def test_a_guardian_is_an_adult_whose_age_is_known() -> None:
    today = date(2026, 11, 26)
    check_agent(RepresentationKind.GUARDIAN, date(2008, 11, 26), today)
    for born in (None, date(2008, 11, 27), date(2020, 1, 1)):
        with pytest.raises(GuardianAgeError) as refused:
            check_agent(RepresentationKind.GUARDIAN, born, today)
        assert "年满18周岁" in refused.value.text
        # A relative only carries out errands; nobody's age is asked.
        check_agent(RepresentationKind.RELATIVE, born, today)


def test_only_the_present_text_is_read_out() -> None:
    check_text(REPRESENTATION_VERSION)
    for version in ("", "2020-01", REPRESENTATION_VERSION + "x"):
        with pytest.raises(RepresentationTextError) as refused:
            check_text(version)
        assert (refused.value.fields[0].path, REPRESENTATION_VERSION in refused.value.text) == ("text_version", True)


def test_a_revoked_authorisation_never_comes_back() -> None:
    state = RepresentationState
    assert {
        state.OFFERED: {state.ACTIVE, state.REVOKED}, state.ACTIVE: {state.REVOKED}, state.REVOKED: frozenset(),
    } == REPRESENTATION_NEXT  # fmt: skip
