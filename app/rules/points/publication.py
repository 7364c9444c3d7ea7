"""Publication (公示) of who got points for what and what was redeemed: masked names, objections, totals. Pure.

志愿服务条例 第二十一条: a volunteer's information is not made public without their consent; without it even the masked name
is left out.
"""

from datetime import date, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.identity.masks import mask_name

# points design: at least so many working days.
WORKDAYS = 5
LONGEST_PERIOD = timedelta(days=92)
UNNAMED = "未公开姓名"


class PublicationState(Labelled):
    PUBLISHED = "published", "公示中"
    FINAL = "final", "公示结束"


class ObjectionState(Labelled):
    SUBMITTED = "submitted", "待答复"
    UPHELD = "upheld", "成立，已更正"
    DISMISSED = "dismissed", "不成立"


PUBLICATION_NEXT: dict[PublicationState, frozenset[PublicationState]] = {
    PublicationState.PUBLISHED: frozenset({PublicationState.FINAL}),
    PublicationState.FINAL: frozenset(),
}
OBJECTION_NEXT: dict[ObjectionState, frozenset[ObjectionState]] = {
    ObjectionState.SUBMITTED: frozenset({ObjectionState.UPHELD, ObjectionState.DISMISSED}),
    ObjectionState.UPHELD: frozenset(),
    ObjectionState.DISMISSED: frozenset(),
}


class PublishedKind(Labelled):
    AWARD = "award", "得分"
    REDEMPTION = "redemption", "兑换"


def shown_name(name: str | None, *, consented: bool) -> str:
    return mask_name(name) if consented and name else UNNAMED


def check_period(starts_on: date, ends_on: date, today: date) -> None:
    """A period that is over: what is published does not change any more."""
    if not starts_on <= ends_on < today or ends_on - starts_on > LONGEST_PERIOD:
        raise PublicationPeriodError(days=LONGEST_PERIOD.days)


def check_publication(current: PublicationState, target: PublicationState) -> None:
    if target not in PUBLICATION_NEXT[current]:
        raise PublicationClosedError


def check_objection(current: ObjectionState, target: ObjectionState) -> None:
    if target not in OBJECTION_NEXT[current]:
        raise ObjectionStateError(current=current.label)


class PublicationNotFoundError(NotFoundError):
    code = "publication_not_found"
    message = "没有找到这次公示"


class PublicationPeriodError(UnprocessableError):
    code = "publication_period_wrong"
    message = "公示的时段应已结束，最长{days}天"
    field = "ends_on"


class PublicationOverlapError(ConflictError):
    code = "publication_overlap"
    message = "{starts_on}至{ends_on}已经公示过，时段不能重叠"


class PublicationClosedError(ConflictError):
    code = "publication_closed"
    message = "公示已经结束"


class PublicationRunningError(ConflictError):
    code = "publication_running"
    message = "公示期到{until}，且所有异议答复后才能结束（还有{open}件未答复）"


class PublicationLineNotFoundError(NotFoundError):
    code = "publication_line_not_found"
    message = "公示里没有这一行"


class ObjectionNotFoundError(NotFoundError):
    code = "objection_not_found"
    message = "没有找到这件异议"


class ObjectionStateError(ConflictError):
    code = "objection_state_wrong"
    message = "这件异议已经答复为“{current}”"


class ObjectionTwiceError(ConflictError):
    code = "objection_twice"
    message = "您已对这一行提出过异议"


class ObjectionOwnLineError(ForbiddenError):
    """Who gained by a line, or wrote the objection, does not decide on it."""

    code = "objection_own_line"
    message = "这件异议与您有关，请由另一位工作人员答复"


class ObjectionNotAwardError(ConflictError):
    code = "objection_not_award"
    message = "兑换的异议成立时，请在兑换记录中处理；这里只能更正得分"
