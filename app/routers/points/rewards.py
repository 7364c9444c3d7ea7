"""礼遇与兑换：目录、兑换点、库存、兑换、核销。"""

from typing import Annotated
from uuid import UUID

from fastapi import status

from app.core.errors import StaleError
from app.core.idempotency import IdempotencyKeyMissingError
from app.core.pages import CursorInvalidError, Page
from app.core.rates import RateKind, TooManyRequestsError
from app.routers.deps import Cursor, KeyRequired, Limit, Now, Reads, RuntimeDep, Self, Unit, assisted, limited, require
from app.routers.routing import AGENT_ERRORS, make_router, read_errors, write_errors
from app.rules.identity.access import Reach
from app.rules.identity.consents import ConsentMissingError
from app.rules.identity.onbehalf import AgentScope
from app.rules.identity.roles import Actor, Permission, SelfReviewError
from app.rules.points import rewards as rules
from app.rules.points.households import NoHouseholdError
from app.rules.points.ledger import NotEnoughPointsError
from app.rules.points.rewards import RedemptionState
from app.schemas.base import ExpectedVersion
from app.schemas.points.earning import ReasonForm
from app.schemas.points.rewards import (
    CodeForm,
    CounterRead,
    FulfilForm,
    HelperForm,
    MoveRewardForm,
    RedeemForm,
    RedemptionRead,
    RewardForm,
    RewardRead,
    RewardUpdate,
    SiteForm,
    SiteList,
    SiteRead,
    SiteUpdate,
    StockChangeRead,
    StockDecisionForm,
    StockForm,
    StockLevels,
)
from app.services.points import counter, redemptions, rewards
from app.services.points.reward_views import (
    change_read,
    counter_read,
    levels_read,
    redemption_read,
    reward_read,
    site_read,
)

router = make_router("points")
Office = Annotated[Actor, require(Permission.POINTS_MANAGE)]
OfficeOf = Annotated[Actor, require(Permission.POINTS_MANAGE, Reach.TOWN)]
OfficeSecond = Annotated[Actor, require(Permission.POINTS_MANAGE, Reach.SECOND)]
Clerk = Annotated[Actor, require(Permission.POINTS_PICK_UP)]
ClerkOf = Annotated[Actor, require(Permission.POINTS_PICK_UP, Reach.SCOPE)]
Redeemer = Annotated[Actor, assisted(AgentScope.POINTS)]
RedeemerOf = Annotated[Actor, assisted(AgentScope.POINTS, Reach.SELF)]
CODE_ERRORS = (rules.CodeWrongError, rules.CodeElsewhereError, rules.CodeLockedError)
STEP_ERRORS = (IdempotencyKeyMissingError, rules.RedemptionNotFoundError, rules.RedemptionStateError, StaleError)


@router.get("/points/sites", responses=read_errors())
async def list_points_sites(_actor: Self, session: Reads) -> SiteList:
    """兑换点：地址和时间。"""
    return SiteList(items=[site_read(site) for site in await rewards.list_sites(session)])


@router.post(
    "/points/sites", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.SiteNameTakenError),
)  # fmt: skip
async def open_points_site(actor: Office, form: SiteForm, session: Unit, now: Now) -> SiteRead:
    """设立兑换点；兑换员按兑换点任命。"""
    return site_read(await rewards.open_site(session, actor, form, now=now))


@router.put(
    "/points/sites/{site_id}",
    responses=write_errors(rules.SiteNotFoundError, rules.SiteNameTakenError, StaleError),
)
async def change_points_site(actor: OfficeOf, site_id: UUID, form: SiteUpdate, session: Unit, now: Now) -> SiteRead:
    """修改兑换点（整张表单）；停用后不能再选它。"""
    return site_read(await rewards.change_site(session, actor, site_id, form, now=now))


@router.get("/rewards", responses=read_errors(CursorInvalidError))
async def list_rewards(
    actor: Self, session: Reads, runtime: RuntimeDep, site_id: UUID | None = None, cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[RewardRead]:  # fmt: skip
    """礼遇目录，积分少的在前，写明各兑换点还剩几份。"""
    found, following = await rewards.list_rewards(
        session, runtime.cursors, actor, site_id=site_id, cursor=cursor, limit=limit
    )
    return Page(items=[reward_read(one) for one in found], next_cursor=following)


@router.post(
    "/rewards", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError),
)  # fmt: skip
async def create_reward(actor: Office, form: RewardForm, session: Unit, now: Now) -> RewardRead:
    """新增一项礼遇，上架前别人看不到。"""
    return reward_read(await rewards.create(session, actor, form, now=now))


@router.put(
    "/rewards/{reward_id}", responses=write_errors(rules.RewardNotFoundError, rules.RewardStateError, StaleError)
)
async def change_reward(actor: OfficeOf, reward_id: UUID, form: RewardUpdate, session: Unit, now: Now) -> RewardRead:
    """修改礼遇（整张表单）；已兑换的按兑换时的积分。"""
    return reward_read(await rewards.change(session, actor, reward_id, form, now=now))


@router.post(
    "/rewards/{reward_id}/move", dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.RewardNotFoundError, rules.RewardStateError, StaleError),
)  # fmt: skip
async def move_reward(actor: OfficeOf, reward_id: UUID, form: MoveRewardForm, session: Unit, now: Now) -> RewardRead:
    """上架、暂停、恢复、下架；已兑换未领取的照常领取。"""
    done = await rewards.move(session, actor, reward_id, form.state, expected_version=form.expected_version, now=now)
    return reward_read(done)


@router.get("/rewards/{reward_id}/stock", responses=read_errors(rules.RewardNotFoundError))
async def get_reward_stock(actor: OfficeOf, reward_id: UUID, session: Reads) -> StockLevels:
    """各兑换点的库存：入库＝可兑＋冻结＋已领＋核销。"""
    return levels_read(await rewards.levels(session, actor, reward_id))


@router.post(
    "/rewards/{reward_id}/stock", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(IdempotencyKeyMissingError, rules.RewardNotFoundError, rules.SiteNotFoundError),
)  # fmt: skip
async def change_reward_stock(
    actor: OfficeOf, reward_id: UUID, form: StockForm, session: Unit, now: Now
) -> StockChangeRead:
    """入库，或申请报损核销（由另一人审核）。"""
    return change_read(await rewards.change_stock(session, actor, reward_id, form, now=now))


@router.get("/stock-changes", responses=read_errors(CursorInvalidError))
async def list_stock_changes(
    actor: Office, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[StockChangeRead]:
    """入库和核销记录，新的在前。"""
    found, following = await rewards.list_changes(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[change_read(one) for one in found], next_cursor=following)


@router.post(
    "/stock-changes/{change_id}/decide", dependencies=[KeyRequired],
    responses=write_errors(
        IdempotencyKeyMissingError, rules.StockChangeNotFoundError, rules.StockChangeStateError, rules.StockShortError,
        SelfReviewError, StaleError,
    ),
)  # fmt: skip
async def decide_stock_change(
    actor: OfficeSecond, change_id: UUID, form: StockDecisionForm, session: Unit, now: Now
) -> StockChangeRead:
    """审核报损核销；申请人不能审核自己的申请。"""
    done = await rewards.decide_write_off(
        session, actor, change_id, approve=form.approve, expected_version=form.expected_version, now=now
    )
    return change_read(done)


@router.post(
    "/me/redemptions", status_code=status.HTTP_201_CREATED, dependencies=[KeyRequired],
    responses=write_errors(
        *AGENT_ERRORS, IdempotencyKeyMissingError, ConsentMissingError, rules.RewardStockNotFoundError,
        rules.RewardNotOfferedError, rules.SoldOutError, rules.RewardLimitError, rules.AdultsOnlyError, NotEnoughPointsError,
        NoHouseholdError,
    ),
)  # fmt: skip
async def redeem_reward(actor: Redeemer, form: RedeemForm, session: Unit, now: Now) -> RedemptionRead:
    """兑换：积分和礼遇同时冻结；不用备货的马上有领取码。"""
    return redemption_read(await redemptions.redeem(session, actor, form, now=now))


@router.get("/me/redemptions", responses=read_errors(*AGENT_ERRORS, CursorInvalidError))
async def list_my_redemptions(
    actor: Redeemer, session: Reads, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 20
) -> Page[RedemptionRead]:
    """我的兑换，新的在前。"""
    found, following = await redemptions.list_mine(session, runtime.cursors, actor, cursor=cursor, limit=limit)
    return Page(items=[redemption_read(one) for one in found], next_cursor=following)


@router.get("/me/redemptions/{redemption_id}", responses=read_errors(*AGENT_ERRORS, rules.RedemptionNotFoundError))
async def get_my_redemption(actor: RedeemerOf, redemption_id: UUID, session: Reads) -> RedemptionRead:
    """一次兑换：领取码、地点、期限。"""
    return redemption_read(await redemptions.look(session, actor, redemption_id))


@router.post(
    "/me/redemptions/{redemption_id}/cancel",
    # What is given back can be had again: the points bound one way, this the other.
    dependencies=[KeyRequired, limited(RateKind.REDEEM)],
    responses=write_errors(*AGENT_ERRORS, *STEP_ERRORS, TooManyRequestsError),
)
async def cancel_redemption(
    actor: RedeemerOf, redemption_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> RedemptionRead:
    """取消还没有领取的兑换，积分退回原来的批次。"""
    done = await redemptions.cancel(session, actor, redemption_id, expected_version=form.expected_version, now=now)
    return redemption_read(done)


@router.put("/me/redemptions/{redemption_id}/helper", responses=write_errors(*AGENT_ERRORS, *STEP_ERRORS[1:]))
async def name_pick_up_helper(
    actor: RedeemerOf, redemption_id: UUID, form: HelperForm, session: Unit, now: Now
) -> RedemptionRead:
    """指定或取消代领人：凭领取码和姓名代领。"""
    done = await redemptions.name_helper(
        session, actor, redemption_id, helper=form.helper, expected_version=form.expected_version, now=now
    )
    return redemption_read(done)


@router.post("/redemptions/look-up", responses=write_errors(*CODE_ERRORS))
async def look_up_pick_up_code(actor: Clerk, form: CodeForm, session: Unit, now: Now) -> CounterRead:
    """兑换员查领取码：是什么、谁的（姓名隐去部分）、代领人。输错太多次会暂停。"""
    return counter_read(await counter.look_up(session, actor, form.code, now=now))


@router.post(
    "/redemptions/fulfil", dependencies=[KeyRequired],
    responses=write_errors(
        *CODE_ERRORS, IdempotencyKeyMissingError, rules.RedemptionStateError, rules.RedemptionLapsedError,
        rules.HelperMissingError, SelfReviewError,
    ),
)  # fmt: skip
async def fulfil_redemption(actor: Clerk, form: FulfilForm, session: Unit, now: Now) -> CounterRead:
    """核销：交给本人或指定的代领人；不能核销自己的。"""
    done = await counter.fulfil(session, actor, form.code, picked_up_by=form.picked_up_by, now=now)
    return counter_read(done)


@router.get("/points/sites/{site_id}/redemptions", responses=read_errors(rules.SiteNotFoundError, CursorInvalidError))
async def list_site_redemptions(
    actor: ClerkOf, site_id: UUID, session: Reads, runtime: RuntimeDep, state: RedemptionState | None = None,
    cursor: Cursor = None, limit: Limit = 20,
) -> Page[CounterRead]:  # fmt: skip
    """本兑换点的兑换：要备的货、等着领的、领走的。"""
    found, following = await counter.list_of_site(
        session, runtime.cursors, actor, site_id, state=state, cursor=cursor, limit=limit
    )
    return Page(items=[counter_read(one) for one in found], next_cursor=following)


@router.post(
    "/redemptions/{redemption_id}/ready", dependencies=[KeyRequired],
    responses=write_errors(*STEP_ERRORS, rules.RedemptionLapsedError, SelfReviewError),
)  # fmt: skip
async def make_redemption_ready(
    actor: ClerkOf, redemption_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CounterRead:
    """备好了：本人得到领取码和通知。"""
    return counter_read(
        await counter.make_ready(session, actor, redemption_id, expected_version=form.expected_version, now=now)
    )


@router.post(
    "/redemptions/{redemption_id}/reject",
    dependencies=[KeyRequired],
    responses=write_errors(*STEP_ERRORS, SelfReviewError),
)
async def reject_redemption(
    actor: ClerkOf, redemption_id: UUID, form: ReasonForm, session: Unit, now: Now
) -> CounterRead:
    """无法兑换：积分退回，其间到期的再留30天。"""
    done = await counter.reject(
        session, actor, redemption_id, reason=form.reason, expected_version=form.expected_version, now=now
    )
    return counter_read(done)


@router.post(
    "/redemptions/{redemption_id}/undo", dependencies=[KeyRequired],
    responses=write_errors(*STEP_ERRORS, rules.UndoLateError, SelfReviewError),
)  # fmt: skip
async def undo_redemption(
    actor: ClerkOf, redemption_id: UUID, form: ExpectedVersion, session: Unit, now: Now
) -> CounterRead:
    """撤销误核销，10分钟内；领取码恢复有效。"""
    return counter_read(
        await counter.undo(session, actor, redemption_id, expected_version=form.expected_version, now=now)
    )
