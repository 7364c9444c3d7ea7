"""企业的零工名单与“不再邀请”。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Unit, assisted, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.gigs import profiles as rules
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.gigs import rosters as schemas
from app.schemas.gigs.profiles import SkillRead
from app.services.gigs import blocks, rosters
from app.services.gigs import profile_views as views

router = make_router("gigs")
Worker = Annotated[Actor, assisted(AgentScope.GIGS)]
WorkerRow = Annotated[Actor, assisted(AgentScope.GIGS, Reach.SELF)]
OfFirm = Annotated[Actor, require(Permission.GIG_ORDER_WRITE, Reach.FIRM)]
Officer = Annotated[Actor, require(Permission.GIG_DECIDE)]
OfficerRow = Annotated[Actor, require(Permission.GIG_DECIDE, Reach.TOWN)]
MEMBER = (EnterpriseNotFoundError, rules.RosterMemberNotFoundError)


@router.get("/me/rosters", responses=read_errors(*AGENT_ERRORS))
async def list_my_rosters(actor: Worker, session: Reads) -> list[schemas.MembershipRead]:
    """我加入了哪些企业的零工名单。"""
    return [views.membership_read(row, firm) for row, firm in await rosters.memberships_of(session, actor)]


@router.post(
    "/me/rosters",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError,
        *AGENT_ERRORS,
        ConsentMissingError,
        rules.WorkerProfileMissingError,
        rules.RosterCodeError,
        rules.RosterCodeExpiredError,
        rules.RosterHiddenError,
    ),
)
async def join_roster(
    actor: Worker, form: schemas.JoinForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.MembershipRead:
    """扫企业的码加入它的零工名单；重复扫码不变。企业不能自己录入手机号。"""
    row, firm = await rosters.join(session, runtime.crypto, actor, code=form.code, now=now)
    return views.membership_read(row, firm)


@router.delete(
    "/me/rosters/{enterprise_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(*AGENT_ERRORS, rules.RosterMemberNotFoundError),
)
async def leave_roster(actor: WorkerRow, enterprise_id: UUID, session: Unit, runtime: RuntimeDep, now: Now) -> None:
    """退出企业的零工名单，随时可以。"""
    await rosters.leave(session, runtime.crypto, actor, enterprise_id, now=now)


@router.get("/enterprises/{enterprise_id}/roster-code", responses=read_errors(EnterpriseNotFoundError))
async def get_roster_code(
    actor: OfFirm, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, now: Now
) -> schemas.RosterCodeRead:
    """企业屏幕上的名单码，每分钟更换；把 code 原样做成二维码。长期张贴的用企业的分享码。"""
    return views.code_read(await rosters.show_code(session, runtime.crypto, actor, enterprise_id, now=now))


@router.get("/enterprises/{enterprise_id}/roster", responses=read_errors(EnterpriseNotFoundError, CursorInvalidError))
async def list_roster_members(
    actor: OfFirm, enterprise_id: UUID, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[schemas.RosterItem]:
    """企业的零工名单，新加入的在前；姓名只显示一部分。"""
    found, following = await rosters.list_members(
        session, runtime.crypto, runtime.cursors, actor, enterprise_id, cursor=cursor, limit=limit
    )
    return Page(items=[views.member_read(member) for member in found], next_cursor=following)


@router.put("/enterprises/{enterprise_id}/roster/{person_id}", responses=write_errors(*MEMBER, StaleError))
async def favour_roster_member(
    actor: OfFirm,
    enterprise_id: UUID,
    person_id: UUID,
    form: schemas.FavouriteForm,
    session: Unit,
    runtime: RuntimeDep,
    now: Now,
) -> schemas.RosterItem:
    """标为愿意再请的人，或取消。"""
    found = await rosters.favour(
        session,
        runtime.crypto,
        actor,
        enterprise_id,
        person_id,
        favourite=form.favourite,
        expected_version=form.expected_version,
        now=now,
    )
    return views.member_read(found)


@router.delete(
    "/enterprises/{enterprise_id}/roster/{person_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(*MEMBER),
)
async def remove_roster_member(actor: OfFirm, enterprise_id: UUID, person_id: UUID, session: Unit, now: Now) -> None:
    """移出名单；本人可以再扫码加入。"""
    await rosters.remove(session, actor, enterprise_id, person_id, now=now)


@router.post(
    "/enterprises/{enterprise_id}/roster/{person_id}/skills/{process_code}/vouch",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, *MEMBER, rules.WorkerSkillNotFoundError, rules.AlreadyProvedError, StaleError
    ),
)
async def vouch_for_skill(
    actor: OfFirm,
    enterprise_id: UUID,
    person_id: UUID,
    process_code: str,
    form: schemas.VouchForm,
    session: Unit,
    now: Now,
) -> SkillRead:
    """企业认定名单上的人某个工序的等级；不能改证书或镇里核实的。本人会收到通知。"""
    found = await rosters.vouch(
        session,
        actor,
        enterprise_id,
        person_id,
        process_code,
        level=form.level,
        expected_version=form.expected_version,
        now=now,
    )
    return views.skill_read(found)


@router.get("/enterprises/{enterprise_id}/worker-blocks", responses=read_errors(EnterpriseNotFoundError))
async def list_worker_blocks(
    actor: OfFirm, enterprise_id: UUID, session: Reads, runtime: RuntimeDep
) -> list[schemas.BlockRead]:
    """企业不再邀请的人。"""
    return [views.block_read(row) for row in await blocks.list_blocks(session, runtime.crypto, actor, enterprise_id)]


@router.post(
    "/enterprises/{enterprise_id}/worker-blocks",
    status_code=status.HTTP_201_CREATED,
    dependencies=[KeyRequired],
    responses=write_errors(
        EnterpriseNotFoundError, rules.WorkerUnknownError, rules.AlreadyBlockedError, IdempotencyKeyMissingError
    ),
)
async def block_worker(
    actor: OfFirm, enterprise_id: UUID, form: schemas.BlockForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.BlockRead:
    """不再邀请某人，写明原因；在对方讨薪后不久设置的，会提示零工专员核对。"""
    found = await blocks.block(
        session, runtime.crypto, actor, enterprise_id, person_id=form.person_id, reason=form.reason, now=now
    )
    return views.block_read(found)


@router.delete(
    "/enterprises/{enterprise_id}/worker-blocks/{block_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=write_errors(EnterpriseNotFoundError, rules.WorkerBlockNotFoundError),
)
async def lift_worker_block(actor: OfFirm, enterprise_id: UUID, block_id: UUID, session: Unit, now: Now) -> None:
    """解除“不再邀请”。"""
    await blocks.lift(session, actor, enterprise_id, block_id, now=now)


@router.get("/flagged-worker-blocks", responses=read_errors())
async def list_flagged_worker_blocks(
    actor: Officer, session: Reads, runtime: RuntimeDep
) -> list[schemas.FlaggedBlockRead]:
    """讨薪后不久被企业设为不再邀请的记录，供零工专员核对。"""
    return [views.flagged_read(row) for row in await blocks.list_flagged(session, runtime.crypto, actor)]


@router.post(
    "/worker-blocks/{block_id}/review",
    dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.WorkerBlockNotFoundError, rules.BlockNotFlaggedError, StaleError
    ),
)
async def review_worker_block(
    actor: OfficerRow, block_id: UUID, form: schemas.BlockReviewForm, session: Unit, runtime: RuntimeDep, now: Now
) -> schemas.FlaggedBlockRead:
    """核对后保留或解除，企业会收到结果和说明。"""
    found = await blocks.review(
        session,
        runtime.crypto,
        actor,
        block_id,
        lifted=form.lift,
        note=form.note,
        expected_version=form.expected_version,
        now=now,
    )
    return views.flagged_read(found)
