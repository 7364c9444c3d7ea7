"""Who may do what: roles, permissions, the actor; ages; errors of login and claims. Pure.

Rights come from dated appointments (person, role, scope); this file holds the one table role → permissions.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError, UnprocessableError
from app.core.labels import Labelled

# 禁止使用童工规定 第二条: nobody under 16 may be hired or introduced to work.
WORKING_AGE = 16
# 个人信息保护法 第三十一条: under 14 a guardian must consent.
GUARDIAN_AGE = 14


class WechatApp(Labelled):
    ZHIPIN = "zhipin", "宝盖职聘"
    LINGGONG = "linggong", "零工配产"


class Role(Labelled):
    TOWN_ADMIN = "town_admin", "系统管理员"
    JOBS_OFFICER = "jobs_officer", "招聘专员"
    GIGS_OFFICER = "gigs_officer", "零工专员"
    TRAINING_OFFICER = "training_officer", "培训专员"
    TRAINER = "trainer", "培训教师"
    JUDGE = "judge", "竞赛裁判"
    POINTS_OFFICER = "points_officer", "积分专员"
    POINTS_CLERK = "points_clerk", "积分兑换员"
    CASE_MANAGER = "case_manager", "调解受理员"
    MEDIATOR = "mediator", "调解员"
    LIAISON_LEADER = "liaison_leader", "挂钩领导"
    LIAISON_CADRE = "liaison_cadre", "挂钩干部"
    PARTY_AFFAIRS_WORKER = "party_affairs_worker", "党务工作者"
    GRID_LEADER = "grid_leader", "网格长"
    GRID_MEMBER = "grid_member", "网格员"
    AUDITOR = "auditor", "审计员"
    OWNER = "owner", "企业负责人"
    RECRUITER = "recruiter", "企业招聘员"
    DISPATCHER = "dispatcher", "企业派工员"


class ScopeKind(Labelled):
    TOWN = "town", "全镇"
    AREA = "area", "片区"
    GRID = "grid", "网格"
    SITE = "site", "服务点"
    ENTERPRISE = "enterprise", "企业"
    CLASS = "class", "培训班"
    COMPETITION = "competition", "竞赛"
    FAIR = "fair", "招聘会"
    CASE = "case", "调解案件"


class ConsentPurpose(Labelled):
    """Each purpose is asked for by itself; sensitive ones never ride along (个人信息保护法 第十四、二十九条)."""

    SERVICE = "service", "使用求职与零工服务"
    PERSONAL_RECOMMENDATION = "personal_recommendation", "个性化岗位推荐"


# The version of our policy text that a consent must name; a new text asks anew.
POLICY_VERSIONS: dict[ConsentPurpose, str] = {
    ConsentPurpose.SERVICE: "2026-11",
    ConsentPurpose.PERSONAL_RECOMMENDATION: "2026-11",
}


class Permission(StrEnum):
    """`domain:resource:action`, alphabetical."""

    APPLICATION_MANAGE = "jobs:application:manage"
    APPOINTMENT_MANAGE = "identity:appointment:manage"
    ENTERPRISE_REVIEW = "organisation:enterprise:review"
    LIAISON_CONFIRM = "organisation:liaison:confirm"
    ORGANISATION_READ = "organisation:roster:read"
    SELF = "identity:self:use"
    TASK_READ = "common:task:read"
    VACANCY_REVIEW = "jobs:vacancy:review"
    VACANCY_WRITE = "jobs:vacancy:write"


STAFF_ROLES = frozenset(Role) - {Role.OWNER, Role.RECRUITER, Role.DISPATCHER}
FIRM_ROLES = frozenset({Role.OWNER, Role.RECRUITER, Role.DISPATCHER})
# Which scopes a role can be given for; a firm's role outside a firm would reach every firm.
ROLE_SCOPES: dict[Role, frozenset[ScopeKind]] = {
    role: frozenset({ScopeKind.ENTERPRISE}) if role in FIRM_ROLES
    else frozenset({ScopeKind.TOWN, ScopeKind.AREA, ScopeKind.GRID})
    for role in Role
}  # fmt: skip

_STAFF = frozenset({Permission.ORGANISATION_READ, Permission.TASK_READ})
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    **dict.fromkeys(STAFF_ROLES, _STAFF),
    Role.TOWN_ADMIN: _STAFF | {Permission.APPOINTMENT_MANAGE, Permission.LIAISON_CONFIRM},
    Role.JOBS_OFFICER: _STAFF | {Permission.ENTERPRISE_REVIEW, Permission.VACANCY_REVIEW},
    Role.GIGS_OFFICER: _STAFF | {Permission.ENTERPRISE_REVIEW},
    Role.OWNER: frozenset({Permission.VACANCY_WRITE, Permission.APPLICATION_MANAGE}),
    Role.RECRUITER: frozenset({Permission.VACANCY_WRITE, Permission.APPLICATION_MANAGE}),
    Role.DISPATCHER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """An appointment in force: a role within a scope. `scope_id` is None for the town."""

    role: Role
    scope_kind: ScopeKind
    scope_id: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """Who calls: a signed-in person with the appointments in force at this moment."""

    person_id: UUID
    session_id: UUID
    app: WechatApp
    grants: tuple[Grant, ...] = field(default=())

    def can(self, permission: Permission) -> bool:
        """Held anywhere at all; which rows it reaches is the query's business (`visible_to`)."""
        return permission is Permission.SELF or any(permission in ROLE_PERMISSIONS[grant.role] for grant in self.grants)

    def town_wide(self, permission: Permission) -> bool:
        return any(
            grant.scope_kind is ScopeKind.TOWN and permission in ROLE_PERMISSIONS[grant.role] for grant in self.grants
        )

    def enterprises(self, permission: Permission) -> frozenset[UUID]:
        """The firms in which this actor holds the permission."""
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.scope_id is not None
            and grant.scope_kind is ScopeKind.ENTERPRISE
            and permission in ROLE_PERMISSIONS[grant.role]
        )

    @cached_property
    def is_staff(self) -> bool:
        return any(grant.role in STAFF_ROLES for grant in self.grants)


def check_permission(actor: Actor, permission: Permission) -> None:
    if not actor.can(permission):
        raise ForbiddenError


def check_town_wide(actor: Actor, permission: Permission) -> None:
    """For acts that reach the whole town: an office for an area or a grid is not enough."""
    if not actor.town_wide(permission):
        raise ForbiddenError


def compute_age(born: date, today: date) -> int:
    """Full years on `today`; the birthday counts (民法典 第二十条, years by the calendar; CST dates)."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def check_scope(role: Role, scope_kind: ScopeKind, scope_id: UUID | None) -> None:
    """A role is given only for the scopes it is meant for, and only the town needs no id."""
    if scope_kind not in ROLE_SCOPES[role]:
        kinds = "、".join(kind.label for kind in ScopeKind if kind in ROLE_SCOPES[role])
        raise ScopeNotAllowedError(role=role.label, scopes=kinds)
    if (scope_kind is ScopeKind.TOWN) != (scope_id is None):
        raise ScopeIdError


def mask_name(name: str) -> str:
    """陈增坛 → 陈*坛, 陈坛 → 陈*."""
    if len(name) < 3:  # noqa: PLR2004
        return name[:1] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]


def mask_phone(phone: str) -> str:
    """13800138000 → 138****8000; short numbers keep their last two digits."""
    if len(phone) < 8:  # noqa: PLR2004
        return "*" * max(len(phone) - 2, 0) + phone[-2:]
    return f"{phone[:3]}{'*' * (len(phone) - 7)}{phone[-4:]}"


def missing_consents(given: Iterable[tuple[str, str]]) -> list[ConsentPurpose]:
    """Purposes whose current policy version has not been agreed to."""
    have = set(given)
    return [purpose for purpose in ConsentPurpose if (purpose.value, POLICY_VERSIONS[purpose]) not in have]


class LoginCodeInvalidError(UnprocessableError):
    """Used, expired or issued to another mini-program (WeChat 40029, 40163)."""

    code = "login_code_invalid"
    message = "登录凭证无效、已过期或已被使用，请重新打开小程序再登录"
    field = "code"


class LoginInProgressError(ConflictError):
    code = "login_in_progress"
    message = "同一个登录凭证正在使用或刚刚用过，请使用先前的登录结果，或重新打开小程序"
    retryable = True
    field = "code"


class LoginBlockedError(ForbiddenError):
    """WeChat 40226: a high-risk user."""

    code = "login_blocked"
    message = "微信暂时不允许该账号登录，请到镇党群服务中心窗口办理"


class WechatAwayError(UnavailableError):
    code = "wechat_unavailable"
    message = "微信服务暂时没有响应，您的操作没有保存，请稍后再试"


class PhoneCodeInvalidError(UnprocessableError):
    code = "phone_code_invalid"
    message = "手机号授权已失效或不属于这个小程序，请重新点击“获取手机号”"
    field = "code"


class ClaimCodeInvalidError(UnprocessableError):
    code = "claim_code_invalid"
    message = "认领码不正确、已被使用或已过期，请向管理员重新索取"
    field = "code"


class ClaimNameError(UnprocessableError):
    code = "claim_name_mismatch"
    message = "姓名与认领码对应的名册记录不符，请核对后填写名册上的姓名"
    field = "name"


class RosterPersonTakenError(ConflictError):
    code = "roster_person_taken"
    message = "这条名册记录已由本人认领"


class AlreadyClaimedError(ConflictError):
    code = "already_claimed"
    message = "您已认领了另一条名册记录，一个人只能认领一条"


class RosterPersonNotFoundError(NotFoundError):
    code = "roster_person_not_found"
    message = "名册上没有这条记录"


class PersonNotFoundError(UnprocessableError):
    code = "person_not_found"
    message = "没有找到这个人，请先让本人登录并认领名册记录"
    field = "person_id"


class ScopeNotAllowedError(UnprocessableError):
    code = "scope_not_allowed"
    message = "“{role}”只能任职于：{scopes}"
    field = "scope_kind"


class ScopeIdError(UnprocessableError):
    code = "scope_id_wrong"
    message = "全镇范围不填 scope_id，其他范围必须填写"
    field = "scope_id"


class AlreadyAppointedError(ConflictError):
    """A retried call must not make a second row: ending one would leave the right."""

    code = "already_appointed"
    message = "这个人在这个范围内已有“{role}”的任职，无需再次任命"


class AuditorAppointmentError(ForbiddenError):
    """Who is audited does not choose the auditor (identity design: town_admin appoints no auditors)."""

    code = "auditor_not_by_admin"
    message = "审计员不能由系统管理员任命"


class SelfReviewError(ForbiddenError):
    code = "self_review"
    message = "不能审核自己提交的内容，请由另一位专员审核"


class AppointmentPeriodError(UnprocessableError):
    code = "appointment_period_wrong"
    message = "任职结束时间应晚于开始时间"
    field = "valid_to"


class AppointmentEndedError(ConflictError):
    code = "appointment_ended"
    message = "这项任职已经结束"


class AppointmentNotFoundError(NotFoundError):
    code = "appointment_not_found"
    message = "没有找到这项任职"


class LastAdminError(ConflictError):
    code = "last_admin"
    message = "不能结束最后一位系统管理员的任职，请先任命另一位"


class PolicyVersionError(UnprocessableError):
    code = "policy_version_wrong"
    message = "请先阅读现行版本（{current}）的条款再同意"
    field = "policy_version"


class BirthDateError(UnprocessableError):
    code = "birth_date_wrong"
    message = "出生日期应在 {earliest} 到 {latest} 之间，请核对"
    field = "birth_date"
