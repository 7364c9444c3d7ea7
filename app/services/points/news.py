"""Who is told of what in points: words only."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.events import subscribe
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Permission
from app.rules.points.claims import ClaimState
from app.rules.points.earning import AwardState
from app.rules.points.rewards import RedemptionState
from app.services.common.notices import notify, notify_all
from app.services.common.tasks import open_task
from app.services.identity.members import area_staff
from app.services.points.events import (
    ActivityCancelled,
    ObjectionAnswered,
    PointsAwarded,
    PointsClaimDecided,
    PointsTakenBack,
    RedemptionMoved,
    StockLow,
)

# WeChat's `thing` values hold at most 20 characters, `phrase` at most 5 Chinese ones.
THING, PHRASE = 20, 5
LONGEST_BODY = 300
# What the person did themselves at the screen needs no message.
SILENT = frozenset({RedemptionState.CANCELLED})


def register() -> None:
    subscribe(ActivityCancelled, tell_cancelled)
    subscribe(PointsAwarded, tell_awarded)
    subscribe(PointsTakenBack, tell_taken_back)
    subscribe(PointsClaimDecided, tell_claimant)
    subscribe(RedemptionMoved, tell_redeemer)
    subscribe(StockLow, tell_office)
    subscribe(ObjectionAnswered, tell_objector)


async def tell_cancelled(session: AsyncSession, event: ActivityCancelled) -> None:
    await notify_all(
        session, event.people, kind=NoticeKind.ACTIVITY, now=event.at, title="志愿活动取消",
        body=f"“{event.title}”已取消，原因：{event.reason}。"[:LONGEST_BODY],
        page=f"pages/activity/detail?id={event.activity_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "已取消"},
    )  # fmt: skip


async def tell_awarded(session: AsyncSession, event: PointsAwarded) -> None:
    words = {
        AwardState.CREDITED: f"{event.told}，获得{event.points}分。",
        AwardState.WAITING: f"{event.told}，应得{event.points}分；本年预算不足，追加预算后自动入账。",
        AwardState.CAPPED: f"{event.told}已登记；这条规则的积分上限已到，本次不计分。",
    }[event.state]
    await _tell(session, event, words, f"{event.points}分" if event.state is AwardState.CREDITED else event.state.label)


async def tell_taken_back(session: AsyncSession, event: PointsTakenBack) -> None:
    words = f"{event.told}，冲回{event.points}分。如有异议，请到宝盖镇积分专员处反映。"
    await _tell(session, event, words, f"冲回{event.points}分")


async def tell_claimant(session: AsyncSession, event: PointsClaimDecided) -> None:
    if event.state is ClaimState.REVIEWED:
        return
    # What staff write in words of their own stays on the page: a notice also goes to others' servers.
    way = "，理由可在申报页面查看。如不同意，15天内可以申诉一次" if event.state is ClaimState.REJECTED else ""
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.POINTS, now=event.at, title="积分申报结果",
        body=f"您申报的“{event.rule}”{event.state.label}{way}。"[:LONGEST_BODY],
        page=f"pages/points/claim?id={event.claim_id}",
        template_data={"thing1": event.rule[:THING], "phrase2": event.state.label[:PHRASE]},
    )  # fmt: skip


async def tell_redeemer(session: AsyncSession, event: RedemptionMoved) -> None:
    if event.state in SILENT:
        return
    last = event.until.astimezone(CHINA)
    back = f"，退回{event.returned}分"
    words = {
        RedemptionState.READY: f"已备好，请在{last.month}月{last.day}日前凭领取码到“{event.site}”领取",
        RedemptionState.FULFILLED: f"已在“{event.site}”领取",
        RedemptionState.LAPSED: f"逾期未领{back if event.returned else '，积分已到期'}",
        RedemptionState.REJECTED: f"无法兑换{back}，原因可在兑换页面查看",
    }[event.state]
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.REDEMPTION, now=event.at, title="积分兑换",
        body=f"您兑换的“{event.title}”{words}。"[:LONGEST_BODY], page=f"pages/points/redemption?id={event.redemption_id}",
        template_data={"thing1": event.title[:THING], "phrase2": event.state.label[:PHRASE]},
    )  # fmt: skip


async def tell_office(session: AsyncSession, event: StockLow) -> None:
    """On the work list, and to every points officer."""
    title = f"“{event.title}”在{event.site}只剩{event.free}份"
    if not await open_task(
        session, TaskKind.STOCK_LOW, event.reward_id, title=title, other_id=event.site_id, now=event.at
    ):
        return
    staff = await area_staff(session, Permission.POINTS_MANAGE, now=event.at)
    await notify_all(
        session, sorted({person_id for person_id, *_ in staff}), kind=NoticeKind.REDEMPTION, now=event.at,
        title="礼遇库存不足", body=f"{title}，请联系捐赠方补充。", page=f"pages/points/stock?reward={event.reward_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "库存不足"},
    )  # fmt: skip


async def tell_objector(session: AsyncSession, event: ObjectionAnswered) -> None:
    result = "成立，已更正" if event.upheld else "不成立"
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.POINTS, now=event.at, title="公示异议答复",
        body=f"您对积分公示的异议{result}，答复可在公示页面查看。", page=f"pages/points/objection?id={event.objection_id}",
        template_data={"thing1": "积分公示异议", "phrase2": "已答复"},
    )  # fmt: skip


async def _tell(session: AsyncSession, event: PointsAwarded | PointsTakenBack, words: str, short: str) -> None:
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.POINTS, now=event.at, title="积分变动",
        body=words[:LONGEST_BODY], page="pages/points/mine",
        template_data={"thing1": event.told[:THING], "phrase2": short[:PHRASE]},
    )  # fmt: skip
