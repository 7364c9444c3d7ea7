"""名册认领与任职。"""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, status

from app.core.errors import StaleError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, Limit, Now, Reads, RuntimeDep, Self, Unit, limited, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity import roles as rules
from app.rules.identity.access import Reach
from app.rules.identity.people import PersonNotFoundError
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.identity.staff import (
    AppointmentForm,
    AppointmentRead,
    ClaimCodeRead,
    RosterClaimForm,
    RosterClaimRead,
    SubstituteForm,
)
from app.services.identity import staff

router = make_router("identity")
Appointer = Annotated[Actor, require(Permission.APPOINTMENT_MANAGE)]
AppointerOf = Annotated[Actor, require(Permission.APPOINTMENT_MANAGE, Reach.TOWN)]


@router.post(
    "/roster/claims",
    dependencies=[limited(RateKind.CLAIM)],
    responses=write_errors(
        rules.ClaimCodeInvalidError,
        rules.ClaimNameError,
        rules.RosterPersonTakenError,
        rules.AlreadyClaimedError,
        rules.RosterPersonNotFoundError,
        rules.SeparateDutiesError,
        TooManyRequestsError,
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
    actor: AppointerOf, roster_person_id: Annotated[UUID, Path()], session: Unit, now: Now
) -> ClaimCodeRead:
    """为名册记录签发一次性认领码，当面交给本人；只显示这一次。"""
    code, expires_at = await staff.issue_claim_code(session, actor, roster_person_id, now=now)
    return ClaimCodeRead(claim_code=code, expires_at=expires_at)


@router.get("/appointments", responses=read_errors(CursorInvalidError))
async def list_appointments(
    actor: Appointer,
    session: Reads,
    runtime: RuntimeDep,
    now: Now,
    person_id: Annotated[UUID | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[AppointmentRead]:
    """现行和将开始的任职，新的在前；可只看一个人的。"""
    rows, following = await staff.list_appointments(
        session, runtime.cursors, actor, person_id=person_id, cursor=cursor, limit=limit, now=now
    )
    return Page(items=[AppointmentRead.model_validate(row) for row in rows], next_cursor=following)


@router.post(
    "/appointments",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(
        rules.AlreadyAppointedError,
        rules.AuditorAppointmentError,
        rules.SeparateDutiesError,
        rules.ScopeNotAllowedError,
        rules.ScopeIdError,
        rules.AppointmentPeriodError,
        PersonNotFoundError,
    ),
)
async def appoint(actor: Appointer, form: AppointmentForm, session: Unit, now: Now) -> AppointmentRead:
    """任命：某人、某角色、某范围、起止时间和依据。"""
    row = await staff.appoint(session, actor, now=now, **form.model_dump())
    return AppointmentRead.model_validate(row)


@router.post(
    "/appointments/{appointment_id}/substitutes",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(
        rules.AppointmentNotFoundError,
        rules.AppointmentEndedError,
        rules.AlreadyAppointedError,
        rules.AuditorAppointmentError,
        rules.SeparateDutiesError,
        rules.SubstituteSelfError,
        rules.SubstitutePeriodError,
        PersonNotFoundError,
    ),
)
async def name_substitute(
    actor: AppointerOf, appointment_id: UUID, form: SubstituteForm, session: Unit, now: Now
) -> AppointmentRead:
    """请人代理一段时间；原任职结束时代理同时结束。"""
    row = await staff.name_substitute(session, actor, appointment_id, now=now, **form.model_dump())
    return AppointmentRead.model_validate(row)


@router.post(
    "/appointments/{appointment_id}/end",
    responses=write_errors(
        rules.AppointmentNotFoundError, rules.AppointmentEndedError, rules.LastAdminError, StaleError
    ),
)
async def end_appointment(
    actor: AppointerOf, appointment_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> AppointmentRead:
    """结束任职；下一次请求起不再有权限。"""
    row = await staff.end_appointment(session, actor, appointment_id, expected_version=form.expected_version, now=now)
    return AppointmentRead.model_validate(row)
