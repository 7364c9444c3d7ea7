"""文明积分：余额、明细、试算平衡。"""

from typing import Annotated

from fastapi import Query

from app.core.pages import CursorInvalidError, Page
from app.routers.deps import Cursor, Limit, Reads, RuntimeDep, Self, require
from app.routers.routing import make_router, read_errors
from app.rules.identity.roles import Actor, Permission
from app.schemas.points.ledger import EntryRead, PointsRead, TrialBalanceRead
from app.services.points import views

router = make_router("points")
Reader = Annotated[Actor, require(Permission.POINTS_READ)]
AfterSeq = Annotated[int | None, Query(ge=0, le=2**53, description="只要这个序号以后的，旧的在前")]
AsOf = Annotated[int | None, Query(ge=0, le=2**53, description="截至哪一笔；不填为现在")]


@router.get("/me/points", responses=read_errors())
async def get_my_points(actor: Self, session: Reads, runtime: RuntimeDep) -> PointsRead:
    """我的文明积分：可用、冻结、欠分，以及哪天到期多少。"""
    return await views.my_points(runtime, session, actor.person_id)


@router.get("/me/points/entries", responses=read_errors(CursorInvalidError))
async def list_my_points_entries(
    actor: Self, session: Reads, runtime: RuntimeDep, after_seq: AfterSeq = None, cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[EntryRead]:  # fmt: skip
    """我的积分明细，新的在前；每笔写明原因和之后的余额。"""
    return await views.my_entries(runtime, session, actor.person_id, after_seq=after_seq, cursor=cursor, limit=limit)


@router.get("/points/trial-balance", responses=read_errors())
async def get_points_trial_balance(actor: Reader, runtime: RuntimeDep, as_of: AsOf = None) -> TrialBalanceRead:
    """积分试算平衡：各类账户在同一时刻的余额，合计为零；发出而未兑的积分是多少。"""
    return await views.trial_balance(runtime, actor, as_of)
