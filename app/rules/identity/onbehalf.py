"""代办: one person acts for another, scoped and dated, on recorded consent; told and undoable. Pure.

Accepting terms, confirming pay, signing and redeeming stay with the person: they need a code sent to the person alone.
"""

from datetime import date, datetime, timedelta

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.identity.ages import ADULT_AGE, compute_age
from app.rules.identity.consents import ConsentMethod


class RepresentationKind(Labelled):
    STAFF = "staff", "网格员或窗口人员代办"
    RELATIVE = "relative", "亲属代办"
    GUARDIAN = "guardian", "监护人"


class AgentScope(Labelled):
    """Which of the person's affairs the agent may handle."""

    PROFILE = "profile", "个人资料"
    JOBS = "jobs", "求职"
    GIGS = "gigs", "零工"
    TRAINING = "training", "培训"
    POINTS = "points", "积分"
    DISPUTES = "disputes", "调解"


class RepresentationState(Labelled):
    OFFERED = "offered", "等待代办人输入代办码"
    ACTIVE = "active", "有效"
    REVOKED = "revoked", "已撤销"


REPRESENTATION_NEXT: dict[RepresentationState, frozenset[RepresentationState]] = {
    RepresentationState.OFFERED: frozenset({RepresentationState.ACTIVE, RepresentationState.REVOKED}),
    RepresentationState.ACTIVE: frozenset({RepresentationState.REVOKED}),
    RepresentationState.REVOKED: frozenset(),
}
# The text that is read out to the person, by version; a new wording gets a new version.
REPRESENTATION_TEXTS = {
    "2026-11": "我同意由该代办人在所列范围内替我办理，办理的每一件事我都会收到通知，可以撤销；同意条款、确认工资、签字、兑换仍由我本人确认。"
}
REPRESENTATION_VERSION = "2026-11"
# A spoken consent covers the errand of the day; a signed or recorded one lasts.
LONGEST: dict[ConsentMethod, timedelta] = {
    ConsentMethod.VERBAL: timedelta(days=1),
    ConsentMethod.SIGNED: timedelta(days=366),
    ConsentMethod.RECORDED: timedelta(days=366),
    ConsentMethod.SELF: timedelta(days=3 * 366),
}
OFFER_LIFETIME = timedelta(days=1)
UNDO_WITHIN = timedelta(days=15)
OWN_CODE_LIFETIME = timedelta(minutes=10)
OWN_CODE_TRIES = 5
# How a member of staff may have the person's word.
STAFF_METHODS = frozenset({ConsentMethod.VERBAL, ConsentMethod.SIGNED, ConsentMethod.RECORDED})


def check_period(method: ConsentMethod, valid_from: datetime, valid_to: datetime) -> None:
    longest = LONGEST[method]
    if not valid_from < valid_to <= valid_from + longest:
        raise RepresentationPeriodError(method=method.label, days=longest.days)


def check_agent(kind: RepresentationKind, born: date | None, today: date) -> None:
    """A guardian answers for a child: an adult whose age is on record (民法典 第二十七条)."""
    if kind is RepresentationKind.GUARDIAN and (born is None or compute_age(born, today) < ADULT_AGE):
        raise GuardianAgeError(age=ADULT_AGE)


def check_text(version: str) -> None:
    if version not in REPRESENTATION_TEXTS:
        raise RepresentationTextError(versions="、".join(REPRESENTATION_TEXTS))


class RepresentationNotFoundError(NotFoundError):
    code = "representation_not_found"
    message = "没有找到这项代办授权"


class NotRepresentedError(ForbiddenError):
    """The header X-On-Behalf-Of names nothing that is valid for this caller."""

    code = "not_represented"
    message = "您没有有效的代办授权，可能已到期或被本人撤销"


class OutOfScopeError(ForbiddenError):
    code = "representation_out_of_scope"
    message = "代办授权不包括“{scope}”"


class NotOnBehalfError(ForbiddenError):
    code = "not_on_behalf"
    message = "这件事只能由本人办理，不能代办"


class OwnCodeNeededError(ForbiddenError):
    code = "own_code_needed"
    message = "这一步要本人确认：请把验证码发给本人，由本人告诉您后填入 X-Own-Code"


class OwnCodeWrongError(ForbiddenError):
    code = "own_code_wrong"
    message = "本人验证码不正确、已用过或已过期，请重新发送"


class RepresentationPeriodError(UnprocessableError):
    code = "representation_period_wrong"
    message = "“{method}”的代办授权应从现在起、最长{days}天"
    field = "valid_to"


class RepresentationTextError(UnprocessableError):
    code = "representation_text_wrong"
    message = "请先向本人读出现行的代办说明（{versions}）"
    field = "text_version"


class RepresentationMethodError(UnprocessableError):
    code = "representation_method_wrong"
    message = "请选择本人是口头同意、签字还是录音"
    field = "method"


class EvidenceNeededError(UnprocessableError):
    code = "evidence_needed"
    message = "“{method}”须上传签字或录音作为凭据"
    field = "evidence_file_id"


class GuardianAgeError(UnprocessableError):
    code = "guardian_age"
    message = "监护人须年满{age}周岁并已填写出生日期"
    field = "code"


class RepresentationCodeError(UnprocessableError):
    code = "representation_code_invalid"
    message = "代办码不正确、已被使用或已过期，请向本人重新索取"
    field = "code"


class SelfRepresentationError(UnprocessableError):
    code = "representation_of_oneself"
    message = "不能做自己的代办人"


class AssistedActNotFoundError(NotFoundError):
    code = "assisted_act_not_found"
    message = "没有找到这次代办"


class AlreadyUndoneError(ConflictError):
    code = "assisted_act_undone"
    message = "这次代办已经撤销"


class NotUndoableError(ConflictError):
    code = "assisted_act_not_undoable"
    message = "这次代办不能撤销：{why}"
