"""招聘会的参展企业和它们带来的岗位。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError, UnauthorisedError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, MaybeActor, Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import make_router, public_errors, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import fairs as rules
from app.rules.jobs import vacancies as vacancy_rules
from app.rules.jobs.fairs import BoothState
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.fairs import (
    BoothConfirm,
    BoothDecline,
    BoothForm,
    BoothRead,
    FairVacanciesForm,
    FairVacanciesSaved,
    FairVacancyRead,
    InvitationForm,
    OwnBoothRead,
)
from app.services.jobs import fair_booths, fair_vacancies, fair_views

router = make_router("jobs")
Recruiter = Annotated[Actor, require(Permission.VACANCY_WRITE, Reach.FIRM)]
OfficeOf = Annotated[Actor, require(Permission.FAIR_MANAGE, Reach.SCOPE)]
JOINING = (rules.FairNotFoundError, rules.FairClosedError, rules.FirmUnfitError, rules.BoothStateError)
ANSWERS = write_errors(*JOINING, rules.BoothNotFoundError, rules.FairFullError, rules.BoothNumberTakenError, StaleError)


@router.get(
    "/fairs/{fair_id}/booths", responses=public_errors(UnauthorisedError, rules.FairNotFoundError, CursorInvalidError)
)
async def list_fair_booths(
    actor: MaybeActor, fair_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[BoothRead]:
    """参展企业；招聘专员还能看到报名和邀请。"""
    found, following = await fair_booths.list_booths(
        session, runtime.cursors, actor, fair_id, cursor=cursor, limit=limit
    )
    return Page(items=[fair_views.booth_read(one, actor) for one in found], next_cursor=following)


@router.post(
    "/fairs/{fair_id}/booths",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(*JOINING, vacancy_rules.EnterpriseNotYoursError),
)
async def apply_for_booth(actor: Recruiter, fair_id: UUID, form: BoothForm, session: Unit, now: Now) -> BoothRead:
    """企业报名参展；须已核验且证照有效。"""
    placed = await fair_booths.apply_for_booth(session, actor, fair_id, form.enterprise_id, now=now)
    return fair_views.booth_read(placed, actor)


@router.post(
    "/fairs/{fair_id}/invitations",
    status_code=status.HTTP_201_CREATED,
    responses=write_errors(*JOINING, EnterpriseNotFoundError, rules.BoothNumberTakenError),
)
async def invite_to_fair(actor: OfficeOf, fair_id: UUID, form: InvitationForm, session: Unit, now: Now) -> BoothRead:
    """邀请企业参展，可同时给出展位号；企业接受后生效。"""
    placed = await fair_booths.invite(session, actor, fair_id, form.enterprise_id, number=form.number, now=now)
    return fair_views.booth_read(placed, actor)


@router.post("/fairs/{fair_id}/booths/{booth_id}/confirm", responses=ANSWERS)
async def confirm_booth(
    actor: OfficeOf, fair_id: UUID, booth_id: UUID, form: BoothConfirm, session: Unit, now: Now
) -> BoothRead:
    """同意企业参展并给展位号；展位满了不能再确认。"""
    placed = await fair_booths.decide(
        session,
        actor,
        fair_id,
        booth_id,
        confirm=True,
        number=form.number,
        expected_version=form.expected_version,
        now=now,
    )
    return fair_views.booth_read(placed, actor)


@router.post("/fairs/{fair_id}/booths/{booth_id}/decline", responses=ANSWERS)
async def decline_booth(
    actor: OfficeOf, fair_id: UUID, booth_id: UUID, form: BoothDecline, session: Unit, now: Now
) -> BoothRead:
    """不同意参展并说明原因。"""
    placed = await fair_booths.decide(
        session,
        actor,
        fair_id,
        booth_id,
        confirm=False,
        reason=form.reason,
        expected_version=form.expected_version,
        now=now,
    )
    return fair_views.booth_read(placed, actor)


@router.post("/fairs/{fair_id}/booths/{booth_id}/number", responses=ANSWERS)
async def renumber_booth(
    actor: OfficeOf, fair_id: UUID, booth_id: UUID, form: BoothConfirm, session: Unit, now: Now
) -> BoothRead:
    """更换展位号；不填即收回展位号。"""
    placed = await fair_booths.renumber(
        session, actor, fair_id, booth_id, number=form.number, expected_version=form.expected_version, now=now
    )
    return fair_views.booth_read(placed, actor)


@router.post("/fairs/{fair_id}/booths/{booth_id}/accept", responses=ANSWERS)
async def accept_fair_invitation(
    actor: Recruiter, fair_id: UUID, booth_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> BoothRead:
    """企业接受邀请，即确认参展。"""
    placed = await fair_booths.answer(
        session, actor, fair_id, booth_id, BoothState.CONFIRMED, expected_version=form.expected_version, now=now
    )
    return fair_views.booth_read(placed, actor)


@router.post("/fairs/{fair_id}/booths/{booth_id}/withdraw", responses=ANSWERS)
async def withdraw_booth(
    actor: Recruiter, fair_id: UUID, booth_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> BoothRead:
    """企业谢绝邀请、撤回报名或退出参展。"""
    placed = await fair_booths.answer(
        session, actor, fair_id, booth_id, BoothState.WITHDRAWN, expected_version=form.expected_version, now=now
    )
    return fair_views.booth_read(placed, actor)


@router.get("/enterprises/{enterprise_id}/booths", responses=read_errors(vacancy_rules.EnterpriseNotYoursError))
async def list_own_booths(actor: Recruiter, enterprise_id: UUID, session: Reads) -> list[OwnBoothRead]:
    """本企业的参展、报名和收到的邀请。"""
    found = await fair_booths.list_own_booths(session, actor, enterprise_id)
    return [fair_views.own_booth_read(one, actor) for one in found]


@router.get(
    "/fairs/{fair_id}/vacancies",
    responses=public_errors(UnauthorisedError, rules.FairNotFoundError, CursorInvalidError),
)
async def list_fair_vacancies(
    actor: MaybeActor,
    fair_id: UUID,
    session: Reads,
    runtime: RuntimeDep,
    now: Now,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[FairVacancyRead]:
    """参展企业带来的岗位；已关闭的如实标明。"""
    found, following = await fair_vacancies.list_vacancies(
        session, runtime.cursors, actor, fair_id, cursor=cursor, limit=limit
    )
    return Page(items=[fair_views.fair_vacancy_read(one, now) for one in found], next_cursor=following)


@router.put(
    "/fairs/{fair_id}/vacancies",
    responses=write_errors(
        rules.FairNotFoundError,
        rules.FairClosedError,
        rules.FirmUnfitError,
        rules.BoothNotFoundError,
        rules.BoothNotConfirmedError,
        rules.FairVacancyUnknownError,
        vacancy_rules.EnterpriseNotYoursError,
        vacancy_rules.PostingRefusedError,
        StaleError,
    ),
)
async def choose_fair_vacancies(
    actor: Recruiter, fair_id: UUID, form: FairVacanciesForm, session: Unit, now: Now
) -> FairVacanciesSaved:
    """选择带到招聘会的岗位（整份名单）；只能选本企业招聘中的岗位，学生实习再按规定核对一次。"""
    saved = await fair_vacancies.choose_vacancies(
        session,
        actor,
        fair_id,
        form.enterprise_id,
        vacancy_ids=form.vacancy_ids,
        expected_version=form.expected_version,
        now=now,
    )
    return fair_views.saved_read(saved, actor)
