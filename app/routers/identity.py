"""登录、本人资料、同意、认领与任职。"""

from typing import Annotated
from uuid import UUID

from fastapi import Path, status

from app.core.errors import StaleError
from app.routers.deps import Now, Reads, RuntimeDep, Self, Unit, require
from app.routers.routing import BODY_ERRORS, make_router, public_errors, read_errors, write_errors
from app.rules import identity as rules
from app.rules.identity import Actor, ConsentPurpose, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.identity import (
    AppointmentForm,
    AppointmentRead,
    ClaimCodeRead,
    ConsentForm,
    LoginRead,
    MeRead,
    PersonRead,
    PhoneForm,
    ProfileForm,
    RosterClaimForm,
    RosterClaimRead,
    WechatLogin,
)
from app.services.identity import login as login_service
from app.services.identity import me as me_service
from app.services.identity import people, staff

router = make_router("identity")
Appointer = Annotated[Actor, require(Permission.APPOINTMENT_MANAGE)]


@router.post(
    "/auth/wechat/login",
    responses=public_errors(
        *BODY_ERRORS,
        rules.LoginCodeInvalidError,
        rules.LoginInProgressError,
        rules.LoginBlockedError,
        rules.WechatAwayError,
    ),
)
async def wechat_login(runtime: RuntimeDep, form: WechatLogin) -> LoginRead:
    """以 wx.login 的一次性凭证登录；两个小程序里的同一个人得到同一个 person_id。"""
    outcome = await login_service.login(runtime, app=form.app, code=form.code)
    return LoginRead.model_validate(outcome)


@router.post("/auth/logout", status_code=status.HTTP_204_NO_CONTENT, responses=write_errors())
async def logout(actor: Self, session: Unit, now: Now) -> None:
    """退出登录；这个令牌在任何一个进程上立即失效。"""
    await login_service.logout(session, actor, now=now)


@router.get("/me", responses=read_errors())
async def get_me(actor: Self, session: Reads, runtime: RuntimeDep) -> MeRead:
    """我的角色、待办数、尚缺的同意和未读通知数。"""
    return await me_service.read_me(session, runtime.crypto, actor)


@router.put("/me/profile", responses=write_errors(rules.BirthDateError, StaleError))
async def save_my_profile(actor: Self, form: ProfileForm, session: Unit, runtime: RuntimeDep, now: Now) -> PersonRead:
    """填写姓名和出生日期（第一次应聘前需要）。"""
    facts = await people.save_profile(
        session,
        runtime.crypto,
        actor,
        name=form.name,
        birth_date=form.birth_date,
        expected_version=form.expected_version,
        now=now,
    )
    return me_service.person_read(facts)


@router.post("/me/phone", responses=write_errors(rules.PhoneCodeInvalidError, rules.WechatAwayError))
async def save_my_phone(actor: Self, form: PhoneForm, runtime: RuntimeDep) -> PersonRead:
    """以“获取手机号”按钮的一次性凭证登记手机号。"""
    return me_service.person_read(await people.save_phone(runtime, actor, code=form.code))


@router.put(
    "/me/consents/{purpose}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(rules.PolicyVersionError),
)
async def give_consent(actor: Self, purpose: ConsentPurpose, form: ConsentForm, session: Unit, now: Now) -> None:
    """同意某一用途的现行条款。"""
    await people.give_consent(session, actor, purpose, policy_version=form.policy_version, now=now)


@router.delete("/me/consents/{purpose}", status_code=status.HTTP_204_NO_CONTENT, responses=write_errors())
async def withdraw_consent(actor: Self, purpose: ConsentPurpose, session: Unit, now: Now) -> None:
    """撤回同意，与给出同样方便。"""
    await people.withdraw_consent(session, actor, purpose, now=now)


@router.post(
    "/roster/claims",
    responses=write_errors(
        rules.ClaimCodeInvalidError,
        rules.ClaimNameError,
        rules.RosterPersonTakenError,
        rules.AlreadyClaimedError,
        rules.RosterPersonNotFoundError,
    ),
)
async def claim_roster_person(actor: Self, form: RosterClaimForm, session: Unit, now: Now) -> RosterClaimRead:
    """以一次性认领码认领公开名册上的本人记录。"""
    record = await staff.claim_roster_person(session, actor, code=form.code, name=form.name, now=now)
    return RosterClaimRead(roster_person_id=record)


@router.post(
    "/roster/{roster_person_id}/claim-codes",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(rules.RosterPersonNotFoundError, rules.RosterPersonTakenError),
)
async def issue_claim_code(
    actor: Appointer, roster_person_id: Annotated[UUID, Path()], session: Unit, now: Now
) -> ClaimCodeRead:
    """为名册记录签发一次性认领码，当面交给本人；只显示这一次。"""
    code, expires_at = await staff.issue_claim_code(session, actor, roster_person_id, now=now)
    return ClaimCodeRead(claim_code=code, expires_at=expires_at)


@router.get("/appointments", responses=read_errors())
async def list_appointments(actor: Appointer, session: Reads, now: Now) -> list[AppointmentRead]:
    """现行和将开始的任职。"""
    return [AppointmentRead.model_validate(row) for row in await staff.list_appointments(session, actor, now=now)]


@router.post(
    "/appointments",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(
        rules.AlreadyAppointedError,
        rules.AuditorAppointmentError,
        rules.ScopeNotAllowedError,
        rules.ScopeIdError,
        rules.AppointmentPeriodError,
        rules.PersonNotFoundError,
    ),
)
async def appoint(actor: Appointer, form: AppointmentForm, session: Unit, now: Now) -> AppointmentRead:
    """任命：某人、某角色、某范围、起止时间和依据。"""
    row = await staff.appoint(session, actor, now=now, **form.model_dump())
    return AppointmentRead.model_validate(row)


@router.post(
    "/appointments/{appointment_id}/end",
    responses=write_errors(
        rules.AppointmentNotFoundError, rules.AppointmentEndedError, rules.LastAdminError, StaleError
    ),
)
async def end_appointment(
    actor: Appointer, appointment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> AppointmentRead:
    """结束任职；下一次请求起不再有权限。"""
    row = await staff.end_appointment(session, actor, appointment_id, expected_version=form.expected_version, now=now)
    return AppointmentRead.model_validate(row)
