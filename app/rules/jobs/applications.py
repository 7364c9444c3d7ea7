"""The funnel of an application: every step, who takes it, errors. Pure."""

from enum import StrEnum

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled


class ApplicationState(Labelled):
    APPLIED = "applied", "已应聘"
    VIEWED = "viewed", "已查看"
    SHORTLISTED = "shortlisted", "初选通过"
    INTERVIEW = "interview", "约面试"
    OFFERED = "offered", "拟录用"
    HIRED = "hired", "已录用"
    KEPT_30D = "kept_30d", "在岗满30天"
    KEPT_90D = "kept_90d", "在岗满90天"
    REJECTED = "rejected", "未录用"
    WITHDRAWN = "withdrawn", "已撤回"


class RejectReason(Labelled):
    SKILL = "skill", "技能与岗位不符"
    EXPERIENCE = "experience", "经验不足"
    SCHEDULE = "schedule", "工作时间不合"
    PAY = "pay", "工资未谈拢"
    NO_SHOW = "no_show", "未到场面试"
    FILLED = "filled", "岗位已招满"
    OTHER = "other", "其他"


class ApplicationSource(Labelled):
    SELF = "self", "自己应聘"
    INVITATION = "invitation", "接受企业邀请"


class Side(StrEnum):
    """Who takes a step."""

    SEEKER = "seeker"
    FIRM = "firm"


S = ApplicationState
# Forward steps may be skipped; nothing goes back.
FUNNEL = (S.APPLIED, S.VIEWED, S.SHORTLISTED, S.INTERVIEW, S.OFFERED, S.HIRED, S.KEPT_30D, S.KEPT_90D)
_BEFORE_HIRED = FUNNEL[: FUNNEL.index(S.HIRED)]
NEXT: dict[ApplicationState, frozenset[ApplicationState]] = {
    **{
        state: frozenset(FUNNEL[i + 1 : FUNNEL.index(S.HIRED) + 1]) | {S.REJECTED, S.WITHDRAWN}
        for i, state in enumerate(_BEFORE_HIRED)
    },
    S.HIRED: frozenset({S.KEPT_30D, S.KEPT_90D}),
    S.KEPT_30D: frozenset({S.KEPT_90D}),
    S.KEPT_90D: frozenset(),
    S.REJECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
ENDED = frozenset({S.REJECTED, S.WITHDRAWN})
# While it runs or has led to work, the same person cannot apply again to the same vacancy.
ACTIVE = frozenset(S) - ENDED
# Steps that the firm takes by hand; `withdrawn` is the seeker's alone.
FIRM_STEPS = frozenset(S) - {S.APPLIED, S.WITHDRAWN}


def check_step(current: ApplicationState, target: ApplicationState, side: Side) -> None:
    """A step is allowed by the table and belongs to one side."""
    if target not in NEXT[current] or (target is S.WITHDRAWN) != (side is Side.SEEKER):
        raise ApplicationStateError(current=current.label, target=target.label)


def check_offer(current: ApplicationState) -> None:
    """An offer is answered while it stands: the person accepts it, or declines, which is a withdrawal."""
    if current is not S.OFFERED:
        raise OfferNotOpenError(current=current.label)


def check_reason(target: ApplicationState, reason: RejectReason | None) -> None:
    if target is S.REJECTED and reason is None:
        raise RejectReasonMissingError
    if target is not S.REJECTED and reason is not None:
        raise RejectReasonSurplusError


class ApplicationNotFoundError(NotFoundError):
    code = "application_not_found"
    message = "没有找到这条应聘记录"


class ApplicationStateError(ConflictError):
    code = "application_state_wrong"
    message = "应聘当前为“{current}”，不能变为“{target}”"


class OfferNotOpenError(ConflictError):
    code = "offer_not_open"
    message = "应聘当前为“{current}”，没有等您答复的录用意向"


class AlreadyAppliedError(ConflictError):
    code = "already_applied"
    message = "您已应聘过这个岗位，可在“我的应聘”里查看进展"


class NoSeatLeftError(ConflictError):
    code = "no_seat_left"
    message = "招聘人数 {headcount} 人已满，不能再录用"


class RejectReasonMissingError(UnprocessableError):
    code = "reject_reason_missing"
    message = "请选择未录用的原因"
    field = "reason"


class RejectReasonSurplusError(UnprocessableError):
    code = "reject_reason_surplus"
    message = "只有“未录用”需要填写原因"
    field = "reason"


class ContactNotReleasedError(UnprocessableError):
    code = "contact_not_released"
    message = "应聘需要把联系方式提供给该企业，请勾选同意后再提交"
    field = "release_contact"


class ProfileIncompleteError(UnprocessableError):
    """Names each thing the system still needs before a first application."""

    code = "profile_incomplete"
    message = "应聘前请先补全：{missing}"


class SeekerProfileMissingError(NotFoundError):
    code = "seeker_profile_missing"
    message = "您还没有求职登记，请先登记（不需要简历）"


class AreaUnknownError(UnprocessableError):
    code = "area_unknown"
    message = "没有这个片区，请从片区列表中选择"
    field = "home_area_id"
