"""应聘：求职者与企业的每一步。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import (
    Cursor,
    KeyRequired,
    Limit,
    Now,
    Reads,
    RuntimeDep,
    SelfRow,
    Unit,
    assisted,
    limited,
    require,
)
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import applications as funnel
from app.rules.jobs import fairs
from app.rules.jobs import vacancies as rules
from app.rules.jobs.kept import KeptTooEarlyError
from app.schemas.base import ExpectedVersion
from app.schemas.jobs.applications import ApplicationForm, ApplicationRead, CandidateRead, Candidates, StepForm
from app.schemas.jobs.invitations import DeclineForm
from app.schemas.jobs.kept import ApplicationDetail
from app.services.jobs import applications, details, offers, views
from app.services.jobs.funnel_views import application_detail

router = make_router("jobs")
HirerOf = Annotated[Actor, require(Permission.APPLICATION_MANAGE, Reach.FIRM)]
Seeker = Annotated[Actor, assisted(AgentScope.JOBS)]
SeekerRow = Annotated[Actor, assisted(AgentScope.JOBS, Reach.SELF)]


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
        fairs.FairNotFoundError,
        fairs.FairNotRunningError,
        fairs.NotAtFairError,
        fairs.CheckInMissingError,
    ),
)
async def apply_to_vacancy(
    actor: Seeker, form: ApplicationForm, session: Unit, runtime: RuntimeDep, now: Now
) -> ApplicationRead:
    """应聘；同意后姓名和手机号只提供给这一家企业。"""
    tracked = await applications.apply(
        session, runtime.crypto, actor, vacancy_id=form.vacancy_id, release_contact=form.release_contact, now=now,
        fair_id=form.fair_id,
    )  # fmt: skip
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
async def get_my_application(actor: SeekerRow, application_id: UUID, session: Reads) -> ApplicationDetail:
    """我的一次应聘，附应聘时看到的岗位原文和录用后双方的确认。"""
    return application_detail(await details.own_detail(session, actor, application_id))


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
    actor: SeekerRow, application_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> ApplicationRead:
    """撤回应聘；已提供的联系方式同时收回。"""
    tracked = await applications.withdraw(
        session, runtime.crypto, actor, application_id, expected_version=form.expected_version, now=now
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


OFFER_ERRORS = (IdempotencyKeyMissingError, funnel.ApplicationNotFoundError, funnel.OfferNotOpenError, StaleError)


@router.post(
    "/me/applications/{application_id}/accept-offer",
    dependencies=[KeyRequired],
    responses=write_errors(*OFFER_ERRORS),
)
async def accept_offer(
    actor: SelfRow, application_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> ApplicationRead:
    """本人接受录用意向：记下时间并告知企业；是否录用仍由企业在到岗后登记。"""
    tracked = await offers.accept(session, actor, application_id, expected_version=form.expected_version, now=now)
    return views.application_read(tracked)


@router.post(
    "/me/applications/{application_id}/decline-offer",
    dependencies=[KeyRequired],
    responses=write_errors(*OFFER_ERRORS),
)
async def decline_offer(
    actor: SelfRow, application_id: UUID, form: DeclineForm, session: Unit, now: Now
) -> ApplicationRead:
    """本人谢绝录用意向，可以不说原因；应聘随即撤回，已提供的联系方式同时收回。"""
    tracked = await offers.decline(
        session, actor, application_id, reason=form.reason, expected_version=form.expected_version, now=now
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
        KeptTooEarlyError,
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
