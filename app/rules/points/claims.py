"""Claims of points (积分申报): asked for by oneself, confirmed by others, appealed once. Pure."""

from datetime import date, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

CLAIM_WITHIN = timedelta(days=30)
APPEAL_WITHIN = timedelta(days=15)
# More than this many claims of one person on a day is worth a second look.
MANY_A_DAY = 3


class ClaimState(Labelled):
    SUBMITTED = "submitted", "待审核"
    # One person has agreed; above the rule's limit a second one decides.
    REVIEWED = "reviewed", "待第二人审核"
    APPROVED = "approved", "已通过"
    REJECTED = "rejected", "未通过"
    WITHDRAWN = "withdrawn", "已撤回"
    APPEALED = "appealed", "申诉中"
    # The refusal stands.
    UPHELD = "upheld", "维持未通过"
    # Found wrong after all; the points are taken back.
    REVERSED = "reversed", "已冲回"


C = ClaimState
NEXT: dict[ClaimState, frozenset[ClaimState]] = {
    C.SUBMITTED: frozenset({C.REVIEWED, C.APPROVED, C.REJECTED, C.WITHDRAWN}),
    C.REVIEWED: frozenset({C.APPROVED, C.REJECTED, C.WITHDRAWN}),
    C.APPROVED: frozenset({C.REVERSED}),
    C.REJECTED: frozenset({C.APPEALED}),
    C.APPEALED: frozenset({C.APPROVED, C.UPHELD}),
    C.WITHDRAWN: frozenset(),
    C.UPHELD: frozenset(),
    C.REVERSED: frozenset(),
}
WAITING = frozenset({C.SUBMITTED, C.REVIEWED, C.APPEALED})


class ClaimFlag(Labelled):
    """Why a claim deserves a second look; it says nothing about the person."""

    SAME_DAY = "same_day", "同一天同一规则已有申报"
    SAME_PHOTO = "same_photo", "照片与另一份申报相同"
    MANY = "many", "当天申报较多"


def check_move(current: ClaimState, target: ClaimState) -> None:
    if target not in NEXT[current]:
        raise PointsClaimStateError(current=current.label, target=target.label)


def check_day(on_day: date, today: date) -> None:
    if not today - CLAIM_WITHIN <= on_day <= today:
        raise ClaimDayError(days=CLAIM_WITHIN.days)


def check_appeal(decided_on: date, today: date) -> None:
    if today > decided_on + APPEAL_WITHIN:
        raise ClaimAppealLateError(days=APPEAL_WITHIN.days)


def needs_second(points: int, second_above: int | None) -> bool:
    return second_above is not None and points > second_above


class ClaimNotFoundError(NotFoundError):
    code = "points_claim_not_found"
    message = "没有找到这份积分申报"


class PointsClaimStateError(ConflictError):
    code = "points_claim_state_wrong"
    message = "积分申报当前为“{current}”，不能变为“{target}”"


class ClaimDayError(UnprocessableError):
    code = "points_claim_day_wrong"
    message = "只能申报最近{days}天内的事，日期不能晚于今天"
    field = "on_day"


class ClaimRuleError(UnprocessableError):
    """Not adopted, not valid on that day, or credited by facts: no claim can name it."""

    code = "points_claim_rule_wrong"
    message = "这条规则当天没有执行，或不需要申报（系统自动计分）"
    field = "rule_id"


class EvidenceMissingError(UnprocessableError):
    code = "points_claim_evidence_missing"
    message = "这条规则要求附照片，请先上传照片"
    field = "file_ids"


class EvidenceUnwantedError(UnprocessableError):
    code = "points_claim_evidence_unwanted"
    message = "这条规则不收照片，请不要上传，以免泄露他人信息"
    field = "file_ids"


class SecondReviewerError(ConflictError):
    code = "points_claim_second_reviewer"
    message = "您已审核或决定过这份申报，请由另一位工作人员审核"


class ClaimAppealLateError(ConflictError):
    code = "points_claim_appeal_late"
    message = "未通过后{days}天内可以申诉一次，期限已过"
