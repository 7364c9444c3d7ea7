"""应聘的全貌：当时看到的岗位、录用后是否在岗。"""

from typing import Annotated
from uuid import UUID

from fastapi import Path

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.routers.deps import KeyRequired, Now, Reads, RuntimeDep, SelfRow, Unit, require
from app.routers.routing import make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.roles import Actor, Permission
from app.rules.jobs import kept as rules
from app.rules.jobs.applications import ApplicationNotFoundError
from app.rules.jobs.vacancies import VacancyNotFoundError, VersionNotFoundError
from app.schemas.jobs.kept import ApplicationDetail, CandidateDetail, KeptForm, MyKeptForm, VacancyVersionRead
from app.services.jobs import details, kept, versions
from app.services.jobs.funnel_views import application_detail, candidate_detail, version_read

router = make_router("jobs")
Reader = Annotated[
    Actor,
    require(
        Permission.SELF, Reach.SELF, (Permission.VACANCY_WRITE, Reach.FIRM), (Permission.VACANCY_REVIEW, Reach.TOWN)
    ),
]
HirerOf = Annotated[Actor, require(Permission.APPLICATION_MANAGE, Reach.FIRM)]
# Applied on it, invited on it, or of the firm.
Number = Annotated[int, Path(ge=1, le=2_147_483_647)]
ANSWER = (
    IdempotencyKeyMissingError, ApplicationNotFoundError, rules.NotHiredError, rules.KeptTooEarlyError,
    rules.KeptAnsweredError,
)  # fmt: skip


@router.get("/vacancies/{vacancy_id}/versions/{number}", responses=read_errors(VersionNotFoundError))
async def get_vacancy_version(actor: Reader, vacancy_id: UUID, number: Number, session: Reads) -> VacancyVersionRead:
    """岗位某一版的原文：在这一版应聘或受邀的人、本企业和招聘专员可以看。"""
    return version_read(await versions.get_version(session, actor, vacancy_id, number))


@router.get("/applications/{application_id}", responses=read_errors(ApplicationNotFoundError))
async def get_candidate(
    actor: HirerOf, application_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> CandidateDetail:
    """一位应聘者：每一步、其看到的岗位原文、录用后双方的确认。"""
    return candidate_detail(await details.candidate_detail(session, runtime.crypto, actor, application_id, now=now))


@router.post(
    "/applications/{application_id}/kept",
    dependencies=[KeyRequired],
    responses=write_errors(*ANSWER, VacancyNotFoundError, StaleError),
)
async def answer_kept(
    actor: HirerOf, application_id: UUID, form: KeptForm, session: Unit, runtime: RuntimeDep, now: Now
) -> CandidateDetail:
    """录用满30天或90天后确认是否在岗；在岗即记为“在岗满30/90天”。"""
    await kept.answer_of_firm(
        session, actor, application_id, form.answer, days=form.days, expected_version=form.expected_version, now=now
    )
    return candidate_detail(await details.candidate_detail(session, runtime.crypto, actor, application_id, now=now))


@router.post("/me/applications/{application_id}/kept", dependencies=[KeyRequired], responses=write_errors(*ANSWER))
async def answer_my_kept(
    actor: SelfRow, application_id: UUID, form: MyKeptForm, session: Unit, now: Now
) -> ApplicationDetail:
    """本人说明是否在岗；与企业说法不一时由镇招聘专员核对。"""
    await kept.answer_of_person(session, actor, application_id, form.answer, days=form.days, now=now)
    return application_detail(await details.own_detail(session, actor, application_id))
