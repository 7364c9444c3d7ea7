"""Who may do what: roles, permissions, scopes, the actor. Pure.

Rights come from dated appointments (person, role, scope); this file holds the one table role → permissions. Which rows
a right reaches is written in `access.py`, beside the matrix made from both.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from app.core.errors import ConflictError, ForbiddenError, NotFoundError, UnprocessableError
from app.core.labels import Labelled
from app.rules.identity.apps import ClientApp


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


class Permission(StrEnum):
    """`domain:resource:action`, alphabetical."""

    ACTIVITY_MANAGE = "points:activity:manage"
    ALLOCATION_RUN = "gigs:allocation:run"
    APPLICATION_MANAGE = "jobs:application:manage"
    APPOINTMENT_MANAGE = "identity:appointment:manage"
    AUDIT_READ = "identity:audit:read"
    CALL_HANDLE = "common:call:handle"
    COMPETITION_JUDGE = "training:competition:judge"
    CONTENT_REVIEW = "common:content:review"
    DISPUTE_ANSWER = "disputes:case:answer"
    DISPUTE_HANDLE = "disputes:case:manage"
    ENTERPRISE_MANAGE = "organisation:enterprise:manage"
    ENTERPRISE_REVIEW = "organisation:enterprise:review"
    FAIR_MANAGE = "jobs:fair:manage"
    GIG_DECIDE = "gigs:standing:decide"
    GIG_ORDER_REVIEW = "gigs:order:review"
    GIG_ORDER_WRITE = "gigs:order:write"
    GIG_SETTLE = "gigs:settlement:manage"
    GIG_SITE = "gigs:site:manage"
    GRID_COMPLETE = "organisation:grid:complete"
    LIAISON_CONFIRM = "organisation:liaison:confirm"
    ORGANISATION_READ = "organisation:roster:read"
    PERSON_ASSIST = "identity:person:assist"
    PERSON_MANAGE = "identity:person:manage"
    PERSON_REVEAL = "identity:person:reveal"
    POINTS_MANAGE = "points:programme:manage"
    POINTS_PICK_UP = "points:redemption:fulfil"
    POINTS_READ = "points:ledger:read"
    POINTS_REVIEW = "points:claim:review"
    REPORT_HANDLE = "common:report:handle"
    SELF = "identity:self:use"
    SURVEY_ANSWER = "jobs:survey:answer"
    SURVEY_MANAGE = "jobs:survey:manage"
    SURVEY_READ = "jobs:survey:read"
    TASK_READ = "common:task:read"
    TRAINING_ENTER = "training:entry:manage"
    TRAINING_MANAGE = "training:programme:manage"
    TRAINING_ORDER = "training:demand:order"
    TRAINING_TEACH = "training:class:teach"
    VACANCY_REVIEW = "jobs:vacancy:review"
    VACANCY_WRITE = "jobs:vacancy:write"
    WAGE_CONFIRM = "jobs:wage:confirm"


FIRM_ROLES = frozenset({Role.OWNER, Role.RECRUITER, Role.DISPATCHER})
STAFF_ROLES = frozenset(Role) - FIRM_ROLES
_AREAS = frozenset({ScopeKind.TOWN, ScopeKind.AREA, ScopeKind.GRID})
# Which scopes a role can be given for; a firm's role outside a firm would reach every firm.
ROLE_SCOPES: dict[Role, frozenset[ScopeKind]] = {
    **dict.fromkeys(Role, _AREAS),
    **dict.fromkeys(FIRM_ROLES, frozenset({ScopeKind.ENTERPRISE})),
    # Classes and menus belong to the whole town.
    Role.TRAINING_OFFICER: frozenset({ScopeKind.TOWN}),
    Role.TRAINER: frozenset({ScopeKind.TOWN, ScopeKind.CLASS}),
    Role.JUDGE: frozenset({ScopeKind.TOWN, ScopeKind.COMPETITION}),
    Role.POINTS_CLERK: frozenset({ScopeKind.TOWN, ScopeKind.SITE}),
    # Nobody is appointed to a case: its seats are given by invitation in the case itself.
    Role.JOBS_OFFICER: _AREAS | {ScopeKind.FAIR},
    # Who watches everybody stands for the whole town or not at all.
    Role.AUDITOR: frozenset({ScopeKind.TOWN}),
}
# Offices that no administrator hands out: who is audited does not choose the auditor.
NOT_BY_ADMIN = frozenset({Role.AUDITOR})

_STAFF = frozenset({Permission.ORGANISATION_READ, Permission.TASK_READ})
_GRID = _STAFF | {
    Permission.ACTIVITY_MANAGE, Permission.PERSON_ASSIST, Permission.PERSON_REVEAL, Permission.CALL_HANDLE,
    Permission.SURVEY_ANSWER, Permission.TRAINING_ORDER,
}  # fmt: skip
_OFFICER = _STAFF | {
    Permission.ENTERPRISE_REVIEW, Permission.REPORT_HANDLE, Permission.CONTENT_REVIEW, Permission.PERSON_REVEAL,
    Permission.CALL_HANDLE,
}  # fmt: skip
# What a firm does about its shifts; the plan of the whole town is the office's alone (`services/gigs/runs`).
_DISPATCH = frozenset({
    Permission.ALLOCATION_RUN, Permission.GIG_ORDER_WRITE, Permission.GIG_SETTLE, Permission.GIG_SITE,
})  # fmt: skip
ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    **dict.fromkeys(STAFF_ROLES, _STAFF),
    Role.TOWN_ADMIN: _STAFF | {
        Permission.APPOINTMENT_MANAGE, Permission.LIAISON_CONFIRM, Permission.GRID_COMPLETE, Permission.PERSON_MANAGE,
    },
    Role.JOBS_OFFICER: _OFFICER | {
        Permission.FAIR_MANAGE, Permission.SURVEY_MANAGE, Permission.SURVEY_READ, Permission.VACANCY_REVIEW,
        Permission.WAGE_CONFIRM,
    },
    Role.GIGS_OFFICER: _OFFICER | {
        Permission.ALLOCATION_RUN, Permission.GIG_DECIDE, Permission.GIG_ORDER_REVIEW,
    },
    Role.CASE_MANAGER: _STAFF | {Permission.PERSON_REVEAL, Permission.DISPUTE_HANDLE},
    Role.GRID_LEADER: _GRID | {Permission.SURVEY_READ},
    Role.GRID_MEMBER: _GRID,
    Role.POINTS_OFFICER: _STAFF | {
        Permission.ACTIVITY_MANAGE, Permission.POINTS_MANAGE, Permission.POINTS_READ, Permission.POINTS_REVIEW,
    },
    Role.TRAINING_OFFICER: _STAFF | {Permission.TRAINING_MANAGE},
    Role.TRAINER: _STAFF | {Permission.TRAINING_TEACH},
    Role.JUDGE: _STAFF | {Permission.COMPETITION_JUDGE},
    Role.POINTS_CLERK: _STAFF | {Permission.PERSON_ASSIST, Permission.POINTS_PICK_UP},
    Role.AUDITOR: _STAFF | {Permission.AUDIT_READ, Permission.POINTS_READ},
    Role.OWNER: frozenset({
        Permission.VACANCY_WRITE, Permission.APPLICATION_MANAGE, Permission.ENTERPRISE_MANAGE,
        Permission.TRAINING_ENTER, Permission.TRAINING_ORDER, Permission.DISPUTE_ANSWER, *_DISPATCH,
    }),
    Role.RECRUITER: frozenset({
        Permission.VACANCY_WRITE, Permission.APPLICATION_MANAGE, Permission.TRAINING_ENTER, Permission.TRAINING_ORDER,
    }),
    Role.DISPATCHER: _DISPATCH | {Permission.CALL_HANDLE},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Grant:
    """An appointment in force: a role within a scope. `scope_id` is None for the town."""

    role: Role
    scope_kind: ScopeKind
    scope_id: UUID | None = None


@dataclass(frozen=True)
class Actor:
    """Who calls: a signed-in person with the appointments in force at this moment.

    `person_id` is whose affairs they are; `agent_id` is set where another person acts for them (代办), and then the
    agent's own offices do not count.
    """

    person_id: UUID
    session_id: UUID
    app: ClientApp
    grants: tuple[Grant, ...] = field(default=())
    agent_id: UUID | None = None
    representation_id: UUID | None = None

    @property
    def caller_id(self) -> UUID:
        """The human at the screen."""
        return self.agent_id or self.person_id

    def can(self, permission: Permission) -> bool:
        """Held anywhere at all; which rows it reaches is the query's business (`visible_to`)."""
        return permission is Permission.SELF or any(permission in ROLE_PERMISSIONS[grant.role] for grant in self.grants)

    def town_wide(self, permission: Permission) -> bool:
        return any(
            grant.scope_kind is ScopeKind.TOWN and permission in ROLE_PERMISSIONS[grant.role] for grant in self.grants
        )

    def scopes(self, permission: Permission, kind: ScopeKind) -> frozenset[UUID]:
        """The areas, grids, firms … for which this actor holds the permission."""
        return frozenset(
            grant.scope_id
            for grant in self.grants
            if grant.scope_id is not None and grant.scope_kind is kind and permission in ROLE_PERMISSIONS[grant.role]
        )

    def enterprises(self, permission: Permission) -> frozenset[UUID]:
        """The firms in which this actor holds the permission."""
        return self.scopes(permission, ScopeKind.ENTERPRISE)

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


def check_scope(role: Role, scope_kind: ScopeKind, scope_id: UUID | None) -> None:
    """A role is given only for the scopes it is meant for, and only the town needs no id."""
    if scope_kind not in ROLE_SCOPES[role]:
        kinds = "、".join(kind.label for kind in ScopeKind if kind in ROLE_SCOPES[role])
        raise ScopeNotAllowedError(role=role.label, scopes=kinds)
    if (scope_kind is ScopeKind.TOWN) != (scope_id is None):
        raise ScopeIdError


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


class ScopeNotAllowedError(UnprocessableError):
    code = "scope_not_allowed"
    message = "“{role}”只能任职于：{scopes}"
    field = "scope_kind"


class ScopeIdError(UnprocessableError):
    code = "scope_id_wrong"
    message = "全镇范围不填 scope_id，其他范围必须填写已有的编号"
    field = "scope_id"


class AlreadyAppointedError(ConflictError):
    """A retried call must not make a second row: ending one would leave the right."""

    code = "already_appointed"
    message = "这个人在这个范围内已有“{role}”的任职，无需再次任命"


class AuditorAppointmentError(ForbiddenError):
    """Who is audited does not choose the auditor (identity design: town_admin appoints no auditors)."""

    code = "auditor_not_by_admin"
    message = "审计员不能由系统管理员任命，须由镇里以 sanqu bootstrap --role auditor 另行授予"


class SeparateDutiesError(ConflictError):
    """Who administers does not audit, and the other way round."""

    code = "separate_duties"
    message = "“审计员”与“系统管理员”不能由同一个人担任"


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


class SubstitutePeriodError(UnprocessableError):
    code = "substitute_period_wrong"
    message = "代理起止时间应在原任职期内，且必须写明结束时间，最长{days}天"
    field = "valid_to"


class SubstituteSelfError(UnprocessableError):
    code = "substitute_of_oneself"
    message = "不能由本人代理自己的任职，请选择另一个人"
    field = "person_id"
