"""零工登记：工序、可上班的时间、收藏与不去的企业、证明材料。"""

from typing import Annotated
from uuid import UUID

from fastapi import Header

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.routers.deps import KeyRequired, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.content import TextRiskyError
from app.rules.common.files import FileUnusableError
from app.rules.gigs import profiles as rules
from app.rules.identity.access import Reach
from app.rules.identity.ages import TooYoungError
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope, OwnCodeNeededError, OwnCodeWrongError
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.jobs.applications import AreaUnknownError
from app.schemas.gigs import profiles as schemas
from app.services.gigs import papers, profiles
from app.services.gigs import profile_views as views

router = make_router("gigs")
OwnCode = Annotated[
    str | None,
    Header(alias="X-Own-Code", max_length=20, description="代办时：本人收到并告诉您的验证码"),
]
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
Officer = Annotated[Actor, require(Permission.GIG_DECIDE, Reach.TOWN)]
# Nobody decides about their own papers.
SecondPerson = Annotated[Actor, require(Permission.GIG_DECIDE, Reach.SECOND)]
REGISTERED = (*AGENT_ERRORS, rules.WorkerProfileMissingError, StaleError)


@router.get("/me/worker-profile", responses=read_errors(*AGENT_ERRORS, rules.WorkerProfileMissingError))
async def get_my_worker_profile(actor: Worker, session: Reads, runtime: RuntimeDep, now: Now) -> schemas.WorkerRead:
    """我的零工登记：工序、时间、意愿，以及由此产生的提示。"""
    row = await profiles.get_profile(session, actor.person_id)
    return views.worker_read(await profiles.details_of(session, runtime.crypto, row, now=now))


@router.put(
    "/me/worker-profile",
    responses=write_errors(
        *AGENT_ERRORS,
        ConsentMissingError,
        TooYoungError,
        AreaUnknownError,
        rules.ProcessUnknownError,
        TextRiskyError,
        OwnCodeNeededError,
        OwnCodeWrongError,
        StaleError,
    ),
)
async def save_my_worker_profile(
    actor: Worker, form: schemas.WorkerForm, session: Unit, runtime: RuntimeDep, now: Now, own_code: OwnCode = None
) -> schemas.WorkerRead:
    """零工登记：会做的工序、意愿、底价和路程；没填的算未知。同意加班须本人确认。"""
    row = await profiles.save_profile(runtime, session, actor, form, own_code=own_code)
    return views.worker_read(await profiles.details_of(session, runtime.crypto, row, now=now))


@router.put("/me/availability", responses=write_errors(*REGISTERED, ConsentMissingError, rules.AvailabilityDayError))
async def save_my_availability(
    actor: Worker, form: schemas.AvailabilityForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.WorkerRead:
    """可上班的时间：每周的时段、个别日子、几点要到哪里。什么都不填：可能询问，不会自动排班。"""
    row = await profiles.save_availability(session, runtime.crypto, actor, form, now=now)
    return views.worker_read(await profiles.details_of(session, runtime.crypto, row, now=now))


@router.put("/me/worker-relations", responses=write_errors(*REGISTERED))
async def save_my_worker_relations(
    actor: Worker, form: schemas.RelationsForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.WorkerRead:
    """收藏的、不去的、对其隐藏的企业；只有自己看得到，同时退出后两种企业的名单。"""
    row = await profiles.save_relations(session, runtime.crypto, actor, form, now=now)
    return views.worker_read(await profiles.details_of(session, runtime.crypto, row, now=now))


@router.post(
    "/me/worker-skills/{process_code}/proof",
    dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, *REGISTERED, rules.WorkerSkillNotFoundError, FileUnusableError),
)
async def submit_skill_proof(
    actor: WorkerRow,
    process_code: str,
    form: schemas.SkillProofForm,
    session: Unit,
    runtime: RuntimeDep,
    now: Now,
) -> schemas.SkillRead:
    """提交证书等材料，由零工专员核对；核对前按本人填写的等级算。"""
    return views.skill_read(await papers.submit_proof(session, runtime.crypto, actor, process_code, form, now=now))


@router.put(
    "/me/minor-papers",
    responses=write_errors(*REGISTERED, ConsentMissingError, rules.NotMinorError, FileUnusableError),
)
async def submit_minor_papers(
    actor: Worker, form: schemas.MinorPapersForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.WorkerRead:
    """16至17周岁：未成年工登记证和体检表，由零工专员核对后才能接班次。"""
    row = await papers.submit_minor_papers(session, runtime.crypto, actor, form, now=now)
    return views.worker_read(await profiles.details_of(session, runtime.crypto, row, now=now))


@router.get("/skill-proofs/{skill_id}", responses=read_errors(rules.WorkerSkillNotFoundError))
async def get_skill_proof(
    actor: Officer, skill_id: UUID, session: Reads, runtime: RuntimeDep
) -> schemas.SkillProofRead:
    """零工专员查看待核对的技能证明。"""
    return views.skill_papers_read(await papers.read_proof(session, runtime.crypto, actor, skill_id))


@router.post(
    "/skill-proofs/{skill_id}/decide",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        rules.WorkerSkillNotFoundError,
        rules.NothingToProveError,
        SelfReviewError,
        StaleError,
    ),
)
async def decide_skill_proof(
    actor: SecondPerson, skill_id: UUID, form: schemas.SkillDecisionForm, session: Unit, now: Now
) -> schemas.SkillDecided:
    """核对技能证明：通过并写明等级，或退回并说明原因。"""
    return views.skill_decided(await papers.decide_proof(session, actor, skill_id, form, now=now))


@router.get("/minor-papers/{worker_id}", responses=read_errors(rules.WorkerPapersNotFoundError))
async def get_minor_papers(
    actor: Officer, worker_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> schemas.MinorPapersRead:
    """零工专员查看待核对的未成年工登记证和体检表。"""
    return views.minor_papers_read(await papers.read_minor_papers(session, runtime.crypto, actor, worker_id, now=now))


@router.post(
    "/minor-papers/{worker_id}/decide",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        rules.WorkerPapersNotFoundError,
        rules.MinorReadyUntilError,
        rules.NothingToProveError,
        SelfReviewError,
        StaleError,
    ),
)
async def decide_minor_papers(
    actor: SecondPerson, worker_id: UUID, form: schemas.MinorDecisionForm, session: Unit, now: Now
) -> schemas.MinorDecided:
    """核对未成年工材料：通过并写明有效期（到下一次体检），或退回并说明原因。"""
    return views.minor_decided(await papers.decide_minor_papers(session, actor, worker_id, form, now=now))
