"""Invitations, interviews, 在岗: every edge of the tables, slots, reminders outside the quiet hours, who disagrees."""

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from app.core.clock import CHINA
from app.rules.jobs import interviews, invitations, kept
from app.rules.jobs.applications import ApplicationState, RejectReason
from app.rules.jobs.interviews import InterviewResult, InterviewState, Span
from app.rules.jobs.invitations import InvitationState
from app.rules.jobs.kept import KeptAnswer

# By hand, second to the tables of the rule book.
INVITATION_EDGES = {"sent": "accepted declined lapsed withdrawn"}
INTERVIEW_EDGES = {
    "proposed": "other_asked confirmed cancelled lapsed",
    "other_asked": "proposed cancelled lapsed",
    "confirmed": "proposed other_asked passed failed no_show cancelled",
}
# 10 in the morning, a Wednesday.
NOW = datetime(2026, 11, 25, 10, 0, tzinfo=CHINA)


@pytest.mark.parametrize(("current", "target"), list(product(InvitationState, InvitationState)))
def test_invitation_edges(current: InvitationState, target: InvitationState) -> None:
    times = {"expires_at": NOW + timedelta(seconds=1), "now": NOW}
    if target.value in INVITATION_EDGES.get(current.value, "").split():
        invitations.check_invitation(current, target, **times)
    else:
        with pytest.raises(invitations.InvitationStateError):
            invitations.check_invitation(current, target, **times)


def test_what_has_expired_cannot_be_accepted_before_the_sweep_comes_either() -> None:
    with pytest.raises(invitations.InvitationStateError, match="已过期"):
        invitations.check_invitation(InvitationState.SENT, InvitationState.ACCEPTED, expires_at=NOW, now=NOW)
    assert invitations.state_at(InvitationState.DECLINED, NOW, NOW) is InvitationState.DECLINED


@pytest.mark.parametrize(("current", "target"), list(product(InterviewState, InterviewState)))
def test_interview_edges(current: InterviewState, target: InterviewState) -> None:
    if target.value in INTERVIEW_EDGES.get(current.value, "").split():
        interviews.check_interview(current, target)
    else:
        with pytest.raises(interviews.InterviewStateError):
            interviews.check_interview(current, target)


def test_new_times_as_long_as_it_runs() -> None:
    for state in InterviewState:
        if state.value in INTERVIEW_EDGES:
            interviews.check_new_slots(state)
        else:
            with pytest.raises(interviews.InterviewStateError):
                interviews.check_new_slots(state)


def slot(start: datetime, minutes: int = 30) -> Span:
    return Span(start, start + timedelta(minutes=minutes))


def at(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    return (NOW + timedelta(days=days)).replace(hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("slots", "wrong"),
    [
        ([slot(at(7)), slot(at(21, 30))], []), ([slot(at(9)), slot(at(9, 30))], []),
        ([slot(NOW)], [0]), ([slot(NOW + timedelta(seconds=1))], []), ([slot(at(6, 59))], [0]),
        ([slot(at(21, 31))], [0]), ([slot(at(23))], [0]), ([slot(at(20), 240)], [0]), ([slot(at(10, days=61))], [0]),
        ([slot(at(9)), slot(at(9, 29))], [1]), ([slot(at(9)), slot(at(9))], [1]), ([slot(at(5)), slot(at(9)), slot(at(4))], [0, 2]),
    ],
)  # fmt: skip
def test_slots(slots: list[Span], wrong: list[int]) -> None:
    if not wrong:
        interviews.check_slots(slots, NOW)
        return
    with pytest.raises(interviews.SlotsWrongError) as refused:
        interviews.check_slots(slots, NOW)
    assert [issue.path for issue in refused.value.fields] == [f"slots.{number}.starts_at" for number in wrong]


def test_reminders_a_day_and_two_hours_before_and_never_at_night() -> None:
    def moments(start: datetime, agreed: datetime) -> list[datetime]:
        found, after = [], agreed
        while (moment := interviews.next_reminder(start, after)) is not None:
            found.append(moment)
            after = moment
        return found

    afternoon = at(15, days=3)
    assert moments(afternoon, NOW) == [at(15, days=2), at(13, days=3)]
    # Agreed when the day before has begun: only the second; an hour before: none.
    assert moments(afternoon, at(16, days=2)) == [at(13, days=3)]
    assert moments(afternoon, at(14, days=3)) == []
    # Two hours before eight in the morning is night: the evening before.
    assert moments(at(8, days=3), NOW) == [at(8, days=2), at(20, 45, days=2)]
    # A day before half past nine in the evening likewise.
    assert moments(at(21, 30, days=3), NOW) == [at(20, 45, days=2), at(19, 30, days=3)]


def test_results_their_reasons_and_what_becomes_of_the_application() -> None:
    rule = interviews.check_result
    with pytest.raises(interviews.InterviewNotYetError):
        rule(InterviewResult.PASSED, None, starts_at=NOW + timedelta(seconds=1), now=NOW)
    outcomes = {
        (InterviewResult.PASSED, None): ApplicationState.OFFERED, (InterviewResult.NO_SHOW, None): None,
        (InterviewResult.NO_SHOW, RejectReason.NO_SHOW): ApplicationState.REJECTED,
    }  # fmt: skip
    outcomes |= {
        (InterviewResult.FAILED, reason): ApplicationState.REJECTED
        for reason in RejectReason
        if reason is not RejectReason.NO_SHOW
    }
    for result, reason in product(InterviewResult, [None, *RejectReason]):
        if (result, reason) in outcomes:
            rule(result, reason, starts_at=NOW, now=NOW)
            assert interviews.outcome_of(result, reason) is outcomes[result, reason]
        else:
            with pytest.raises(interviews.ResultReasonError):
                rule(result, reason, starts_at=NOW, now=NOW)


def test_kept_is_said_when_it_is_so() -> None:
    hired = date(2026, 11, 25)
    for days, first in ((30, date(2026, 12, 25)), (90, date(2027, 2, 23))):
        kept.check_kept_due(hired, days, first)
        with pytest.raises(kept.KeptTooEarlyError, match=first.isoformat()):
            kept.check_kept_due(hired, days, first - timedelta(days=1))
    kept.check_kept_due(None, 30, date(2026, 1, 1))


def test_who_disagrees() -> None:
    on, left = KeptAnswer.ON_POST, KeptAnswer.LEFT
    told = {(firm, person): kept.disagree(firm, person) for firm in (None, on, left) for person in (None, on, left)}
    assert {pair for pair, differ in told.items() if differ} == {(None, left), (on, left), (left, on)}


def test_the_daily_limit() -> None:
    invitations.check_daily(29)
    with pytest.raises(invitations.InvitationLimitError, match="30"):
        invitations.check_daily(30)


def test_the_words_beside_the_switch_are_the_present_ones() -> None:
    invitations.check_findable_text(invitations.FINDABLE_VERSION)
    with pytest.raises(invitations.FindableTextError):
        invitations.check_findable_text("")
    assert invitations.FINDABLE_VERSION in invitations.FINDABLE_TEXTS
    assert datetime(2026, 11, 25, 2, tzinfo=UTC) == NOW
