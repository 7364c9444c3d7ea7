"""企业成员：邀请、加入、移除。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Now, Reads, RuntimeDep, Self, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules import organisation as rules
from app.rules.identity.access import Reach
from app.rules.identity.roles import (
    Actor,
    AlreadyAppointedError,
    AppointmentPeriodError,
    Permission,
    ScopeNotAllowedError,
)
from app.schemas.base import ExpectedVersion
from app.schemas.organisation.enterprises import InviteForm, InviteRead, JoinForm, JoinRead, MemberRead
from app.services.organisation import members
from app.services.organisation.views import member_read

router = make_router("organisation")
Owner = Annotated[Actor, require(Permission.ENTERPRISE_MANAGE, Reach.FIRM)]


@router.get("/enterprises/{enterprise_id}/members", responses=read_errors(rules.EnterpriseNotFoundError))
async def list_members(
    actor: Owner, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> list[MemberRead]:
    """本企业的成员和他们的角色。"""
    found = await members.list_members(session, runtime.crypto, actor, enterprise_id, now=now)
    return [member_read(member) for member in found]


@router.post(
    "/enterprises/{enterprise_id}/invites",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(rules.EnterpriseNotFoundError, ScopeNotAllowedError, AppointmentPeriodError),
)
async def invite_member(actor: Owner, enterprise_id: UUID, form: InviteForm, session: Unit, now: Now) -> InviteRead:
    """邀请同事：生成一次性邀请码，只显示这一次。"""
    code, expires_at = await members.invite(
        session, actor, enterprise_id, role=form.role, valid_to=form.valid_to, now=now
    )
    return InviteRead(code=code, expires_at=expires_at)


@router.post(
    "/enterprise-invites/claims",
    dependencies=[limited(RateKind.CLAIM)],
    responses=write_errors(rules.InviteInvalidError, AlreadyAppointedError, TooManyRequestsError),
)
async def join_enterprise(actor: Self, form: JoinForm, session: Unit, now: Now) -> JoinRead:
    """输入邀请码，加入企业。"""
    row = await members.join(session, actor, code=form.code, now=now)
    return JoinRead.model_validate({"enterprise_id": row.scope_id, "role": row.role})


@router.post(
    "/enterprises/{enterprise_id}/members/{appointment_id}/remove",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.EnterpriseNotFoundError, rules.MemberNotFoundError, rules.LastOwnerError, StaleError),
)
async def remove_member(
    actor: Owner, enterprise_id: UUID, appointment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> None:
    """移除一位成员；下一次请求起不再有权限。"""
    await members.remove(session, actor, enterprise_id, appointment_id, expected_version=form.expected_version, now=now)
