"""Invitations by an enterprise: states, who may be found, limits, errors. Pure."""

from datetime import datetime, timedelta

from app.core.errors import ConflictError, NotFoundError, UnprocessableError
from app.core.labels import Labelled

# An invitation that nobody answers must not stand for ever; a week spans every weekly rest day.
INVITATION_LIFETIME = timedelta(days=7)
# House rule: a firm reads reasons before it writes to people; more than this in a day is a circular.
INVITATIONS_PER_DAY = 30
# The text that the person sees beside the switch, by version; a new wording gets a new version and asks anew.
FINDABLE_TEXTS = {
    "2026-11": "打开后，招聘企业给岗位找人时，会看到您与该岗位的匹配程度和理由：做过的工种和年数、会用的机器、技能等级、到岗时间、到岗位的大致距离。"
    "看不到您的姓名、电话、住址、年龄、性别和期望工资。企业只能发邀请；您接受邀请时，才把姓名和手机号提供给这一家企业。"
    "您在登记里屏蔽的企业看不到您。不打开不影响求职，随时可以关闭。"
}
FINDABLE_VERSION = "2026-11"


class InvitationState(Labelled):
    SENT = "sent", "待答复"
    ACCEPTED = "accepted", "已接受"
    DECLINED = "declined", "已谢绝"
    LAPSED = "lapsed", "已过期"
    WITHDRAWN = "withdrawn", "企业已收回"


class DeclineReason(Labelled):
    PAY = "pay", "工资不合适"
    DISTANCE = "distance", "离家太远"
    SCHEDULE = "schedule", "时间不合适"
    WORK = "work", "不想做这个工种"
    EMPLOYED = "employed", "已经有工作"
    OTHER = "other", "其他"


S = InvitationState
INVITATION_NEXT: dict[InvitationState, frozenset[InvitationState]] = {
    S.SENT: frozenset({S.ACCEPTED, S.DECLINED, S.LAPSED, S.WITHDRAWN}),
    S.ACCEPTED: frozenset(),
    S.DECLINED: frozenset(),
    S.LAPSED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
# Asked once and answered: the same person is not shown for this vacancy again.
ANSWERED = frozenset({S.ACCEPTED, S.DECLINED})


def state_at(state: InvitationState, expires_at: datetime, now: datetime) -> InvitationState:
    """What it is at this moment, whenever the sweep comes."""
    return S.LAPSED if state is S.SENT and expires_at <= now else state


def check_invitation(state: InvitationState, target: InvitationState, *, expires_at: datetime, now: datetime) -> None:
    current = state_at(state, expires_at, now)
    if target not in INVITATION_NEXT[current]:
        raise InvitationStateError(current=current.label, target=target.label)


def check_findable_text(version: str) -> None:
    if version != FINDABLE_VERSION:
        raise FindableTextError(current=FINDABLE_VERSION)


def check_daily(sent_today: int) -> None:
    if sent_today >= INVITATIONS_PER_DAY:
        raise InvitationLimitError(limit=INVITATIONS_PER_DAY)


class InvitationNotFoundError(NotFoundError):
    code = "invitation_not_found"
    message = "没有找到这个邀请"


class InvitationStateError(ConflictError):
    code = "invitation_state_wrong"
    message = "邀请当前为“{current}”，不能变为“{target}”"


class InvitationLimitError(ConflictError):
    code = "invitation_limit"
    message = "这个岗位今天已发出 {limit} 个邀请，请明天再发，或先等候答复"


class AlreadyInvitedError(ConflictError):
    code = "already_invited"
    message = "已经邀请过这位求职者，请等候答复"


class SeekerUnavailableError(ConflictError):
    """One answer for every cause: hidden, switched off, applied already, too young, ruled out by a gate."""

    code = "seeker_unavailable"
    message = "这位求职者现在不能邀请，请刷新名单"


class SeekerRefError(UnprocessableError):
    code = "seeker_ref_invalid"
    message = "没有这个求职者，请从这个岗位的推荐名单里选择"
    field = "seeker_ref"


class FindableTextError(UnprocessableError):
    code = "findable_text_wrong"
    message = "请先阅读现行版本（{current}）的说明再打开"
    field = "text_version"


class BirthDateNeededError(UnprocessableError):
    """Nobody under 16 is shown to a firm (禁止使用童工规定 第二条), so the age must be known."""

    code = "birth_date_needed"
    message = "打开前请先填写出生日期：未满16周岁的人不能被推荐给企业"
    field = "birth_date"
