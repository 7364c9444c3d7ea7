"""共享用工：原单位、借入单位、本人。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.routers.deps import KeyRequired, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.common.files import FileUnusableError
from app.rules.gigs import sharing as rules
from app.rules.gigs.standing import SharingStateError
from app.rules.identity.access import Reach
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.schemas.base import ExpectedVersion
from app.schemas.gigs.sharing import MySharingRead, SharingAnswer, SharingForm, SharingRead
from app.services.gigs import sharing_agreements, sharing_views

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
Firm = Annotated[Actor, require(Permission.GIG_ORDER_WRITE)]
FirmOf = Annotated[Actor, require(Permission.GIG_ORDER_WRITE, Reach.FIRM)]
MOVING = (IdempotencyKeyMissingError, rules.SharingNotFoundError, SharingStateError, StaleError)


@router.post(
    "/enterprises/{enterprise_id}/sharing-agreements",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.SharingNotFoundError, rules.SharingBorrowerError, rules.SharingDatesError,
        rules.SharingForProfitError, rules.PeopleNotYoursError, FileUnusableError,
    ),
)  # fmt: skip
async def create_sharing(
    actor: FirmOf, enterprise_id: UUID, form: SharingForm, session: Unit, runtime: RuntimeDep, now: Now
) -> SharingRead:
    """原单位起草共享用工协议：借给谁、多久、哪道工序、哪些人；不得收取中间费用。"""
    row = await sharing_agreements.create(session, actor, enterprise_id, sharing_views.draft_of(form), now=now)
    return sharing_views.sharing_read(await sharing_agreements.read(session, runtime.crypto, row))


@router.get("/sharing-agreements", responses=read_errors())
async def list_sharing(actor: Firm, session: Reads, runtime: RuntimeDep) -> list[SharingRead]:
    """本企业借出和借入的协议。"""
    found = await sharing_agreements.list_of_firms(session, runtime.crypto, actor)
    return [sharing_views.sharing_read(one) for one in found]


@router.post(
    "/sharing-agreements/{agreement_id}/offer",
    dependencies=[KeyRequired],
    responses=write_errors(*MOVING, rules.SharingIncompleteError),
)
async def offer_sharing(
    actor: FirmOf, agreement_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> SharingRead:
    """提交给借入单位和本人；两份协议都要上传。"""
    row = await sharing_agreements.offer(session, actor, agreement_id, expected_version=form.expected_version, now=now)
    return sharing_views.sharing_read(await sharing_agreements.read(session, runtime.crypto, row))


@router.post("/sharing-agreements/{agreement_id}/answer", dependencies=[KeyRequired], responses=write_errors(*MOVING))
async def answer_sharing(
    actor: FirmOf, agreement_id: UUID, form: SharingAnswer, session: Unit, runtime: RuntimeDep, now: Now
) -> SharingRead:
    """借入单位同意或不同意。"""
    row = await sharing_agreements.answer(
        session, actor, agreement_id, accept=form.accept, expected_version=form.expected_version, now=now
    )
    return sharing_views.sharing_read(await sharing_agreements.read(session, runtime.crypto, row))


@router.post("/sharing-agreements/{agreement_id}/end", dependencies=[KeyRequired], responses=write_errors(*MOVING))
async def end_sharing(
    actor: FirmOf, agreement_id: UUID, form: ExpectedVersion, session: Unit, runtime: RuntimeDep, now: Now
) -> SharingRead:
    """任何一方提前结束：已接受的班次照常，不再安排新的。"""
    row = await sharing_agreements.end(session, actor, agreement_id, expected_version=form.expected_version, now=now)
    return sharing_views.sharing_read(await sharing_agreements.read(session, runtime.crypto, row))


@router.get("/me/sharing-agreements", responses=read_errors(*AGENT_ERRORS))
async def list_my_sharing(actor: Worker, session: Reads, runtime: RuntimeDep) -> list[MySharingRead]:
    """涉及我的共享用工协议：谁借给谁、多久、劳动关系在哪家。"""
    found = await sharing_agreements.list_mine(session, runtime.crypto, actor)
    return [sharing_views.my_sharing_read(one, actor.person_id) for one in found]


@router.post(
    "/me/sharing-agreements/{agreement_id}/consent",
    responses=write_errors(*AGENT_ERRORS, rules.SharingNotFoundError),
)
async def consent_to_sharing(
    actor: WorkerRow, agreement_id: UUID, session: Unit, runtime: RuntimeDep, now: Now
) -> MySharingRead:
    """本人同意。"""
    one = await sharing_agreements.consent(session, runtime.crypto, actor, agreement_id, given=True, now=now)
    return sharing_views.my_sharing_read(one, actor.person_id)


@router.post(
    "/me/sharing-agreements/{agreement_id}/withdraw",
    responses=write_errors(*AGENT_ERRORS, rules.SharingNotFoundError),
)
async def withdraw_sharing_consent(
    actor: WorkerRow, agreement_id: UUID, session: Unit, runtime: RuntimeDep, now: Now
) -> MySharingRead:
    """本人撤回同意：之后不再安排新的班次。"""
    one = await sharing_agreements.consent(session, runtime.crypto, actor, agreement_id, given=False, now=now)
    return sharing_views.my_sharing_read(one, actor.person_id)
