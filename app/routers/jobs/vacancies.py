"""岗位：发布、复核、关闭。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError, UnauthorisedError
from app.routers.deps import (
    MaybeActor,
    Now,
    Reads,
    RuntimeDep,
    Unit,
    require,
)
from app.routers.routing import BODY_ERRORS, make_router, public_errors, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.jobs import vacancies as rules
from app.rules.jobs.applications import AreaUnknownError
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.vacancies import (
    LintRead,
    ReturnVacancyForm,
    ReviewForm,
    VacancyCreate,
    VacancyLint,
    VacancyRead,
    VacancySaved,
    VacancyUpdate,
)
from app.services.jobs import vacancies, views

router = make_router("jobs")
Recruiter = Annotated[Actor, require(Permission.VACANCY_WRITE)]
RecruiterOf = Annotated[Actor, require(Permission.VACANCY_WRITE, Reach.FIRM)]
Reviewer = Annotated[Actor, require(Permission.VACANCY_REVIEW, Reach.SECOND)]
POSTING_ERRORS = (
    rules.PostingRefusedError,
    TextRiskyError,
    rules.OccupationUnknownError,
    AreaUnknownError,
    rules.EnterpriseNotYoursError,
    rules.VacancyStateError,
)
MOVES = (rules.VacancyNotFoundError, rules.EnterpriseNotYoursError, rules.VacancyStateError, StaleError)
MOVE_ERRORS = write_errors(*MOVES)
REVIEW_ERRORS = write_errors(*MOVES, SelfReviewError)


@router.post("/vacancies/lint", responses=read_errors(*BODY_ERRORS, rules.EnterpriseNotYoursError))
async def lint_vacancy(actor: Recruiter, form: VacancyLint, session: Reads, runtime: RuntimeDep) -> LintRead:
    """边写边检查：与发布时相同的规则，不保存任何内容。"""
    return views.lint_read(await vacancies.lint(runtime, session, actor, form))


@router.post("/vacancies", status_code=status.HTTP_201_CREATED, responses=write_errors(*POSTING_ERRORS))
async def create_vacancy(actor: Recruiter, form: VacancyCreate, session: Unit, runtime: RuntimeDep) -> VacancySaved:
    """发布岗位：合规且通过内容检查的立即发布，存疑的转人工复核，违规的逐条说明。"""
    return views.saved_read(await vacancies.create_vacancy(runtime, session, actor, form), actor)


@router.get("/vacancies/{vacancy_id}", responses=public_errors(UnauthorisedError, rules.VacancyNotFoundError))
async def get_vacancy(actor: MaybeActor, vacancy_id: UUID, session: Reads, now: Now) -> VacancyRead:
    """岗位详情；招聘中的对所有人开放，其余只对本企业和招聘专员开放。"""
    return views.vacancy_read(await vacancies.get_visible(session, actor, vacancy_id, now=now), actor)


@router.put(
    "/vacancies/{vacancy_id}",
    responses=write_errors(*POSTING_ERRORS, rules.HeadcountTakenError, rules.VacancyNotFoundError, StaleError),
)
async def update_vacancy(
    actor: RecruiterOf, vacancy_id: UUID, form: VacancyUpdate, session: Unit, runtime: RuntimeDep
) -> VacancySaved:
    """修改岗位（整张表单）；已应聘的人看到的仍是当时的版本。"""
    return views.saved_read(await vacancies.update_vacancy(runtime, session, actor, vacancy_id, form), actor)


@router.get("/enterprises/{enterprise_id}/vacancies", responses=read_errors(rules.EnterpriseNotYoursError))
async def list_enterprise_vacancies(actor: RecruiterOf, enterprise_id: UUID, session: Reads) -> list[VacancyRead]:
    """本企业的全部岗位，含草稿和已结束的。"""
    return [views.vacancy_read(row, actor) for row in await vacancies.list_own(session, actor, enterprise_id)]


@router.post("/vacancies/{vacancy_id}/pause", responses=MOVE_ERRORS)
async def pause_vacancy(
    actor: RecruiterOf, vacancy_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> VacancyRead:
    """暂停招聘。"""
    row = await vacancies.move_own(
        session, actor, vacancy_id, VacancyState.PAUSED, expected_version=form.expected_version, now=now
    )
    return views.vacancy_read(row, actor)


@router.post("/vacancies/{vacancy_id}/resume", responses=MOVE_ERRORS)
async def resume_vacancy(
    actor: RecruiterOf, vacancy_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> VacancyRead:
    """恢复招聘。"""
    row = await vacancies.move_own(
        session, actor, vacancy_id, VacancyState.PUBLISHED, expected_version=form.expected_version, now=now
    )
    return views.vacancy_read(row, actor)


@router.post("/vacancies/{vacancy_id}/withdraw", responses=MOVE_ERRORS)
async def withdraw_vacancy(
    actor: RecruiterOf, vacancy_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> VacancyRead:
    """撤回岗位。"""
    row = await vacancies.move_own(
        session, actor, vacancy_id, VacancyState.WITHDRAWN, expected_version=form.expected_version, now=now
    )
    return views.vacancy_read(row, actor)


@router.post("/vacancies/{vacancy_id}/approve", responses=REVIEW_ERRORS)
async def approve_vacancy(actor: Reviewer, vacancy_id: UUID, form: ReviewForm, session: Unit, now: Now) -> VacancyRead:
    """复核通过并发布。"""
    row = await vacancies.review(
        session, actor, vacancy_id, publish=True, note=form.note, expected_version=form.expected_version, now=now
    )
    return views.vacancy_read(row, actor)


@router.post("/vacancies/{vacancy_id}/return", responses=REVIEW_ERRORS)
async def return_vacancy(
    actor: Reviewer, vacancy_id: UUID, form: ReturnVacancyForm, session: Unit, now: Now
) -> VacancyRead:
    """退回修改并说明原因。"""
    row = await vacancies.review(
        session, actor, vacancy_id, publish=False, note=form.note, expected_version=form.expected_version, now=now
    )
    return views.vacancy_read(row, actor)
