"""在岗: asking both sides 30 and 90 days after the hire, and the reminders of the funnel. Pure."""

from datetime import date, timedelta

from app.core.errors import ConflictError
from app.core.labels import Labelled
from app.rules.jobs.applications import ApplicationState

S = ApplicationState
MILESTONES: dict[int, ApplicationState] = {30: S.KEPT_30D, 90: S.KEPT_90D}
DAYS_OF: dict[ApplicationState, int] = {state: days for days, state in MILESTONES.items()}
HIRED_STATES = frozenset({S.HIRED, S.KEPT_30D, S.KEPT_90D})
# jobs design: untouched for 7 days the enterprise is reminded, and again each week.
UNTOUCHED = timedelta(days=7)
WAITING_STATES = frozenset({S.APPLIED, S.VIEWED})
# An offer waits for both sides: the person is asked as well.
OPEN_OFFER = frozenset({S.OFFERED})


class KeptAnswer(Labelled):
    ON_POST = "on_post", "在岗"
    LEFT = "left", "不在岗"


def due_on(hired: date, days: int) -> date:
    return hired + timedelta(days=days)


def check_kept_due(hired: date | None, days: int, today: date) -> None:
    """A fact is recorded when it is one. Hires before this was kept have no date and are believed."""
    if hired is not None and today < due_on(hired, days):
        raise KeptTooEarlyError(days=days, due=due_on(hired, days).isoformat())


def disagree(firm: KeptAnswer | None, person: KeptAnswer | None) -> bool:
    """Somebody of the town asks: the two say different things, or the person has left and the firm has not said so."""
    if person is None:
        return False
    return person is KeptAnswer.LEFT if firm is None else firm is not person


class KeptTooEarlyError(ConflictError):
    code = "kept_too_early"
    message = "录用满{days}天后才能确认，可确认日期：{due}"


class NotHiredError(ConflictError):
    code = "not_hired"
    message = "应聘当前为“{current}”，还没有录用"


class KeptAnsweredError(ConflictError):
    code = "kept_answered"
    message = "已经答复过“{given}”，如有变化请联系镇招聘专员"
