"""宝盖职聘：岗位、求职登记、推荐、应聘。"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response, status

from app.core.clock import china_date
from app.core.errors import StaleError, UnauthorisedError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CountedPage, CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import (
    Cursor,
    KeyRequired,
    Limit,
    MaybeActor,
    Now,
    Reads,
    Rows,
    RuntimeDep,
    SelfRow,
    Unit,
    assisted,
    limited,
    require,
)
from app.routers.routing import AGENT_ERRORS, BODY_ERRORS, make_router, public_errors, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.jobs import applications as funnel
from app.rules.jobs import vacancies as rules
from app.rules.jobs.terms import PayUnit
from app.rules.jobs.vacancies import VacancyState
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.applications import ApplicationForm, ApplicationRead, CandidateRead, Candidates, StepForm
from app.schemas.jobs.seekers import Recommendations, SeekerForm, SeekerRead
from app.schemas.jobs.vacancies import (
    LintRead,
    ReturnVacancyForm,
    ReviewForm,
    VacancyCreate,
    VacancyLint,
    VacancyListItem,
    VacancyRead,
    VacancySaved,
    VacancyUpdate,
    WageForm,
    WageRead,
)
from app.services.jobs import applications, recommendations, search, seekers, vacancies, views, wages

router: APIRouter = make_router("jobs")
Recruiter = Annotated[Actor, require(Permission.VACANCY_WRITE)]
RecruiterOf = Annotated[Actor, require(Permission.VACANCY_WRITE, Reach.FIRM)]
Reviewer = Annotated[Actor, require(Permission.VACANCY_REVIEW, Reach.SECOND)]
HirerOf = Annotated[Actor, require(Permission.APPLICATION_MANAGE, Reach.FIRM)]
WageReader = Annotated[Actor, require(Permission.WAGE_CONFIRM)]
WageConfirmer = Annotated[Actor, require(Permission.WAGE_CONFIRM, Reach.TOWN)]
Seeker = Annotated[Actor, assisted(AgentScope.JOBS)]
SeekerRow = Annotated[Actor, assisted(AgentScope.JOBS, Reach.SELF)]
POSTING_ERRORS = (
    rules.PostingRefusedError,
    TextRiskyError,
    rules.OccupationUnknownError,
    rules.EnterpriseNotYoursError,
    rules.VacancyStateError,
)
MOVES = (rules.VacancyNotFoundError, rules.EnterpriseNotYoursError, rules.VacancyStateError, StaleError)
MOVE_ERRORS = write_errors(*MOVES)
REVIEW_ERRORS = write_errors(*MOVES, SelfReviewError)


@router.get(
    "/vacancies",
    dependencies=[limited(RateKind.SEARCH, only_searches=True)],
    responses=public_errors(CursorInvalidError, UnauthorisedError, TooManyRequestsError),
    response_model=CountedPage[VacancyListItem],
)
async def list_vacancies(
    connection: Rows,
    runtime: RuntimeDep,
    now: Now,
    q: Annotated[str | None, Query(max_length=60, description="Keywords, Chinese, all must match")] = None,
    occupation_code: Annotated[str | None, Query(max_length=20, pattern=r"^[0-9A-Za-z.]+$")] = None,
    enterprise_id: UUID | None = None,
    pay_unit: PayUnit | None = None,
    with_total: bool = False,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Response:
    """招聘中的岗位，新的在前；可按关键词、职业、企业、计薪方式筛选。"""
    query = search.ListQuery(q, occupation_code, enterprise_id, pay_unit, cursor, limit, with_total)
    page = await search.list_vacancies(connection, runtime.cursors, query, today=china_date(now))
    return Response(views.list_page(page), media_type="application/json")


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


@router.get("/me/seeker-profile", responses=read_errors(*AGENT_ERRORS, funnel.SeekerProfileMissingError))
async def get_my_seeker_profile(actor: Seeker, session: Reads) -> SeekerRead:
    """我的求职登记。"""
    return views.seeker_read(await seekers.get_profile(session, actor.person_id))


@router.put(
    "/me/seeker-profile",
    responses=write_errors(ConsentMissingError, funnel.AreaUnknownError, rules.OccupationUnknownError, StaleError),
)
async def save_my_seeker_profile(actor: Seeker, form: SeekerForm, session: Unit, runtime: RuntimeDep) -> SeekerRead:
    """求职登记，不需要简历；没填的算未知，不算不符。"""
    return views.seeker_read(await seekers.save_profile(runtime, session, actor, form))


@router.get(
    "/me/recommended-vacancies", responses=read_errors(*AGENT_ERRORS, funnel.SeekerProfileMissingError, TooYoungError)
)
async def recommend_vacancies(
    actor: Seeker, session: Reads, runtime: RuntimeDep, now: Now, limit: Limit = 20
) -> Recommendations:
    """推荐岗位：总分、各项得分（相加等于总分）、合适的理由和不合之处。"""
    found = await recommendations.recommend(session, runtime.crypto, actor, limit=limit, now=now)
    return views.recommendations_read(found)


@router.post(
    "/applications",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired, limited(RateKind.APPLY)],
    responses=write_errors(
        *AGENT_ERRORS,
        IdempotencyKeyMissingError,
        TooManyRequestsError,
        funnel.ContactNotReleasedError,
        ConsentMissingError,
        funnel.ProfileIncompleteError,
        TooYoungError,
        rules.VacancyNotFoundError,
        rules.VacancyClosedError,
        funnel.AlreadyAppliedError,
    ),
)
async def apply_to_vacancy(
    actor: Seeker, form: ApplicationForm, session: Unit, runtime: RuntimeDep, now: Now
) -> ApplicationRead:
    """应聘；同意后姓名和手机号只提供给这一家企业。"""
    tracked = await applications.apply(
        session, runtime.crypto, actor, vacancy_id=form.vacancy_id, release_contact=form.release_contact, now=now
    )
    return views.application_read(tracked)


@router.get("/me/applications", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_applications(
    actor: Seeker, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[ApplicationRead]:
    """我的应聘，每一步都看得到。"""
    found, following = await applications.list_own_applications(
        session, runtime.cursors, actor, cursor=cursor, limit=limit
    )
    return Page(items=[views.application_read(tracked) for tracked in found], next_cursor=following)


@router.get("/me/applications/{application_id}", responses=read_errors(*AGENT_ERRORS, funnel.ApplicationNotFoundError))
async def get_my_application(actor: SeekerRow, application_id: UUID, session: Reads) -> ApplicationRead:
    """我的一次应聘。"""
    return views.application_read(await applications.get_own_application(session, actor, application_id))


@router.post(
    "/me/applications/{application_id}/withdraw",
    dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS,
        IdempotencyKeyMissingError,
        funnel.ApplicationNotFoundError,
        funnel.ApplicationStateError,
        StaleError,
    ),
)
async def withdraw_application(
    actor: SeekerRow, application_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ApplicationRead:
    """撤回应聘；已提供的联系方式同时收回。"""
    tracked = await applications.withdraw(
        session, actor, application_id, expected_version=form.expected_version, now=now
    )
    return views.application_read(tracked)


@router.post(
    "/me/applications/{application_id}/revoke-contact",
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, funnel.ApplicationNotFoundError, StaleError),
)
async def revoke_contact(
    actor: SelfRow, application_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ApplicationRead:
    """收回提供给这家企业的联系方式，应聘本身继续。"""
    tracked = await applications.revoke_contact(
        session, actor, application_id, expected_version=form.expected_version, now=now
    )
    return views.application_read(tracked)


@router.get("/vacancies/{vacancy_id}/candidates", responses=read_errors(rules.VacancyNotFoundError))
async def list_candidates(
    actor: HirerOf, vacancy_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> Candidates:
    """应聘者，按匹配程度排列，附理由和其同意提供的联系方式。"""
    found = await applications.list_candidates(session, runtime.crypto, actor, vacancy_id, now=now)
    return Candidates(items=[views.candidate_read(candidate) for candidate in found])


@router.post(
    "/applications/{application_id}/steps",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        funnel.ApplicationNotFoundError,
        funnel.ApplicationStateError,
        funnel.NoSeatLeftError,
        funnel.RejectReasonMissingError,
        funnel.RejectReasonSurplusError,
        rules.VacancyNotFoundError,
        StaleError,
    ),
)
async def move_application(
    actor: HirerOf, application_id: UUID, form: StepForm, session: Unit, runtime: RuntimeDep, now: Now
) -> CandidateRead:
    """推进应聘：已查看、初选、面试、拟录用、录用或未录用（需原因）；录满即关闭岗位并告知其他人。"""
    await applications.move(
        session,
        actor,
        application_id,
        form.state,
        reason=form.reason,
        expected_version=form.expected_version,
        now=now,
    )
    return views.candidate_read(
        await applications.get_candidate(session, runtime.crypto, actor, application_id, now=now)
    )


@router.get("/minimum-wages", responses=read_errors())
async def list_minimum_wages(actor: WageReader, session: Reads) -> list[WageRead]:
    """最低工资标准及其来源；没有核对过的只提醒、不拦截。"""
    return [
        WageRead.model_validate(row.model_dump() | {"confirmed": row.verified_by is not None})
        for row in await wages.list_wages(session, actor)
    ]


@router.post(
    "/minimum-wages/{wage_id}/confirm",
    responses=write_errors(rules.WageNotFoundError, rules.WageConfirmedError, StaleError),
)
async def confirm_minimum_wage(
    actor: WageConfirmer, wage_id: UUID, form: WageForm, session: Unit, now: Now
) -> WageRead:
    """对照文件核对后生效，低于它的岗位从此不能发布。"""
    row = await wages.confirm_wage(session, actor, wage_id, now=now, **form.model_dump())
    return WageRead.model_validate(row.model_dump() | {"confirmed": True})
