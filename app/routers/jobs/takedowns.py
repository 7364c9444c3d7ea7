"""岗位下架、申诉、抽查。"""

from typing import Annotated
from uuid import UUID

from app.core.errors import StaleError
from app.routers.deps import Now, Reads, RuntimeDep, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.common.files import FileUnusableError
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.jobs import takedowns as rules
from app.rules.jobs.vacancies import VacancyNotFoundError, VacancyStateError
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.jobs.takedowns import AppealDecision, TakedownAppealForm, TakeDownForm, TakedownRead
from app.schemas.jobs.vacancies import LintRead, ReviewForm, VacancyRead
from app.services.jobs import examination, sampling, takedowns, views
from app.services.jobs.office_views import takedown_read

router = make_router("jobs")
RecruiterOf = Annotated[Actor, require(Permission.VACANCY_WRITE, Reach.FIRM)]
Concerned = Annotated[
    Actor,
    require(
        Permission.SELF,
        Reach.UNSEEN,
        (Permission.VACANCY_WRITE, Reach.FIRM),
        (Permission.VACANCY_REVIEW, Reach.TOWN),
    ),
]
Reviewer = Annotated[Actor, require(Permission.VACANCY_REVIEW, Reach.SECOND)]
TownReviewer = Annotated[Actor, require(Permission.VACANCY_REVIEW, Reach.TOWN)]


@router.post(
    "/vacancies/{vacancy_id}/take-down",
    responses=write_errors(
        VacancyNotFoundError,
        VacancyStateError,
        SelfReviewError,
        rules.PostingRuleUnknownError,
        FileUnusableError,
        StaleError,
    ),
)
async def take_down_vacancy(
    actor: Reviewer, vacancy_id: UUID, form: TakeDownForm, session: Unit, runtime: RuntimeDep, now: Now
) -> VacancyRead:
    """下架岗位：写明违反哪条规则和事实；企业随即收到依据、事实和申诉办法。"""
    row = await takedowns.take_down(session, runtime.crypto, actor, vacancy_id, now=now, **form.model_dump())
    return views.vacancy_read(row, actor)


@router.get("/vacancies/{vacancy_id}/take-downs", responses=read_errors(VacancyNotFoundError))
async def list_vacancy_takedowns(
    actor: Concerned, vacancy_id: UUID, session: Reads, runtime: RuntimeDep
) -> list[TakedownRead]:
    """岗位的历次下架、申诉和答复，只对本企业和招聘专员开放。"""
    rows = await takedowns.list_of(session, actor, vacancy_id)
    return [takedown_read(opened, actor) for opened in await takedowns.opened(runtime, session, rows)]


@router.post(
    "/vacancies/{vacancy_id}/appeal",
    responses=write_errors(
        VacancyNotFoundError,
        rules.TakedownNotFoundError,
        rules.TakedownStateError,
        rules.AppealLateError,
        FileUnusableError,
        StaleError,
    ),
)
async def appeal_takedown(
    actor: RecruiterOf, vacancy_id: UUID, form: TakedownAppealForm, session: Unit, runtime: RuntimeDep, now: Now
) -> TakedownRead:
    """企业对下架提出申诉，每次下架一次，须在通知写明的期限内；由另一位专员答复。"""
    row = await takedowns.appeal(session, runtime.crypto, actor, vacancy_id, now=now, **form.model_dump())
    (opened,) = await takedowns.opened(runtime, session, [row])
    return takedown_read(opened, actor)


@router.post(
    "/vacancies/{vacancy_id}/decide-appeal",
    responses=write_errors(
        VacancyNotFoundError,
        EnterpriseNotFoundError,
        rules.TakedownNotFoundError,
        rules.TakedownStateError,
        SelfReviewError,
        StaleError,
    ),
)
async def decide_takedown_appeal(
    actor: Reviewer, vacancy_id: UUID, form: AppealDecision, session: Unit, runtime: RuntimeDep, now: Now
) -> TakedownRead:
    """答复申诉：维持下架，或撤销并重新发布；不能由下架的人答复。"""
    row = await takedowns.decide(session, runtime.crypto, actor, vacancy_id, now=now, **form.model_dump())
    (opened,) = await takedowns.opened(runtime, session, [row])
    return takedown_read(opened, actor)


@router.post(
    "/vacancies/{vacancy_id}/sample-fine",
    responses=write_errors(VacancyNotFoundError, rules.SampleNotFoundError, SelfReviewError, StaleError),
)
async def mark_sample_fine(actor: Reviewer, vacancy_id: UUID, form: ReviewForm, session: Unit, now: Now) -> VacancyRead:
    """抽查无问题；有问题的请下架。"""
    row = await sampling.find_fine(session, actor, vacancy_id, now=now, **form.model_dump())
    return views.vacancy_read(row, actor)


@router.get("/vacancies/{vacancy_id}/findings", responses=read_errors(VacancyNotFoundError))
async def get_vacancy_findings(actor: TownReviewer, vacancy_id: UUID, session: Reads, runtime: RuntimeDep) -> LintRead:
    """复核和抽查时看的：按今天的规则，这个岗位有哪些问题，是否与企业的另一岗位重复。"""
    return views.lint_read(await examination.findings_of(runtime, session, actor, vacancy_id))
