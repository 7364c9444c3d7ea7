"""What follows from the facts of 零工配产, and the words in which people are told."""

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.models.gigs import Offer
from app.rules.common.notices import NoticeKind
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.terms import Cover, SeatKind
from app.rules.gigs.urgent import Ring
from app.rules.identity.consents import ConsentPurpose
from app.rules.identity.roles import Permission
from app.services.common.notices import notify, notify_all
from app.services.events import AccountDeleted, ConsentWithdrawn, WorkerBlocked
from app.services.gigs import board, leaving, offers, pay_news, refill, site_news
from app.services.gigs.events import (
    AssignmentBegun,
    AssignmentEnded,
    NoShowCounted,
    NoShowDecided,
    OfferMade,
    OrderReviewed,
    SeatFreed,
    ShiftShort,
    StandbyPromoted,
    UrgentWidened,
)
from app.services.gigs.words import THING, moment
from app.services.identity.members import people_with


def register() -> None:
    """Called by `services/reactions.register`."""
    subscribe(OfferMade, tell_offer)
    subscribe(SeatFreed, fill_again)
    subscribe(AssignmentBegun, tell_begun)
    subscribe(AssignmentEnded, tell_ended)
    subscribe(StandbyPromoted, tell_promoted)
    subscribe(ShiftShort, tell_short)
    subscribe(UrgentWidened, tell_urgent)
    subscribe(NoShowCounted, tell_no_show)
    subscribe(NoShowDecided, tell_decided)
    subscribe(OrderReviewed, tell_reviewed)
    subscribe(AccountDeleted, leave_service)
    subscribe(ConsentWithdrawn, leave_unconsented)
    subscribe(WorkerBlocked, take_back_offers)
    site_news.register()
    pay_news.register()


async def leave_service(session: AsyncSession, event: AccountDeleted) -> None:
    await leaving.leave_all(session, event.person_id, now=event.at)


async def leave_unconsented(session: AsyncSession, event: ConsentWithdrawn) -> None:
    if event.purpose is ConsentPurpose.SERVICE:
        await leaving.leave_all(session, event.person_id, now=event.at)


async def take_back_offers(session: AsyncSession, event: WorkerBlocked) -> None:
    """A firm that does not want somebody any more waits for no answer of theirs; a seat that was taken stays taken."""
    await offers.take_back_between(session, event.enterprise_id, event.person_id, now=event.at)


async def tell_offer(session: AsyncSession, event: OfferMade) -> None:
    """Pay, place, cover and the time to answer: what is needed to decide."""
    row = (await session.exec(select(Offer).where(Offer.id == event.offer_id))).one()
    on = await board.of_shift(session, event.shift_id)
    kind = "候补" if row.seat is SeatKind.STANDBY else "班次"
    cover = "；注意：没有工伤保险或其他保障" if on.order.cover is Cover.NONE else ""
    notice = await notify(
        session, person_id=event.person_id, kind=NoticeKind.GIG_OFFER, now=event.at, title=f"零工{kind}邀约",
        body=f"{on.order.enterprise_name}“{on.order.title}”{moment(on.shift.starts_at)}开班，约{on.order.effective_hour_fen / 100:g}元/时{cover}。"
        f"请在{moment(row.answer_by)}前答复，谢绝不需要理由。{row.reason}"[:300],
        page=f"pages/offer/detail?id={row.id}", deadline_at=row.answer_by,
        template_data={"thing1": on.order.title[:THING], "phrase2": "待答复"},
    )  # fmt: skip
    await session.exec(update(Offer).where(col(Offer.id) == row.id).values(notice_id=notice.id))


async def fill_again(session: AsyncSession, event: SeatFreed) -> None:
    await refill.ask(session, event.shift_id, now=event.at)


async def tell_begun(session: AsyncSession, event: AssignmentBegun) -> None:
    on = await board.of_shift(session, event.shift_id)
    when = moment(on.shift.starts_at)
    if event.ask_to_confirm:
        await notify(
            session, person_id=event.person_id, kind=NoticeKind.GIG_CONFIRM, now=event.at, title="请确认到岗",
            body=f"{on.order.enterprise_name}“{on.order.title}”{when}开班，请确认到岗；开班前16小时仍未确认的，名额会让给别人。",
            page=f"pages/assignment/detail?id={event.assignment_id}",
            template_data={"thing1": on.order.title[:THING], "phrase2": "待确认"},
        )  # fmt: skip
        return
    seat = "候补名额" if event.standby else "名额"
    await notify_all(
        session, await people_with(session, Permission.GIG_SITE, event.enterprise_id, now=event.at),
        kind=NoticeKind.GIG_ASSIGNMENT, now=event.at, title="有人接单",
        body=f"“{on.order.title}”{when}的一个{seat}已有人接受。", page=f"pages/shift/people?id={event.shift_id}",
        template_data={"thing1": on.order.title[:THING], "phrase2": "已接单"},
    )  # fmt: skip


async def tell_ended(session: AsyncSession, event: AssignmentEnded) -> None:
    on = (await board.many(session, [event.shift_id]))[event.shift_id]
    when = moment(on.shift.starts_at)
    if event.state in {AssignmentState.CALLED_OFF, AssignmentState.RELEASED}:
        why = "企业取消" if event.state is AssignmentState.CALLED_OFF else "没有按时确认到岗，名额已让给别人"
        await notify(
            session, person_id=event.person_id, kind=NoticeKind.GIG_ASSIGNMENT, now=event.at, title="上岗安排取消",
            body=f"{on.order.enterprise_name}“{on.order.title}”{when}：{why}。",
            page=f"pages/assignment/detail?id={event.assignment_id}",
            template_data={"thing1": on.order.title[:THING], "phrase2": "已取消"},
        )  # fmt: skip
    if event.state in {AssignmentState.LEFT, AssignmentState.NO_SHOW, AssignmentState.RELEASED}:
        await notify_all(
            session, await people_with(session, Permission.GIG_SITE, event.enterprise_id, now=event.at),
            kind=NoticeKind.GIG_ASSIGNMENT, now=event.at, title="空出名额",
            body=f"“{on.order.title}”{when}有人{event.state.label}，系统正在补位。",
            page=f"pages/shift/people?id={event.shift_id}",
            template_data={"thing1": on.order.title[:THING], "phrase2": "补位中"},
        )  # fmt: skip


async def tell_promoted(session: AsyncSession, event: StandbyPromoted) -> None:
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.GIG_ASSIGNMENT, now=event.at, title="候补转正",
        body=f"“{event.title}”{moment(event.starts_at)}：您的候补名额已转为正式名额。",
        page=f"pages/assignment/detail?id={event.assignment_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "已转正"},
    )  # fmt: skip


async def tell_short(session: AsyncSession, event: ShiftShort) -> None:
    await notify_all(
        session, await people_with(session, Permission.GIG_SITE, event.enterprise_id, now=event.at),
        kind=NoticeKind.GIG_ORDER, now=event.at, title="班次缺人",
        body=f"“{event.title}”{moment(event.starts_at)}还缺{event.heads_short}人，合适的人都已问过；可以发起急招，或放宽条件。",
        page=f"pages/shift/people?id={event.shift_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "缺人"},
    )  # fmt: skip


async def tell_urgent(session: AsyncSession, event: UrgentWidened) -> None:
    await notify_all(
        session, event.people, kind=NoticeKind.GIG_URGENT, now=event.at, title="急招零工",
        body=f"{event.enterprise_name}“{event.title}”{moment(event.starts_at)}开班，现问{Ring(event.ring).label}，先接先得。",
        page=f"pages/shift/detail?id={event.shift_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "急招"},
    )  # fmt: skip


async def tell_no_show(session: AsyncSession, event: NoShowCounted) -> None:
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.GIG_STANDING, now=event.at, title="到岗记录",
        body=f"{event.rule}，{event.expires_on:%Y年%m月%d日}起失效。如有生病、事故、条件改变或没收到通知，请在{event.appeal_days}个工作日内申诉。",
        page=f"pages/standing/detail?id={event.no_show_id}", template_data={"thing1": "到岗记录", "phrase2": "可申诉"},
    )  # fmt: skip


async def tell_decided(session: AsyncSession, event: NoShowDecided) -> None:
    said = "维持" if event.upheld else "撤销"
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.GIG_STANDING, now=event.at, title="申诉结果",
        body=f"您的未到岗申诉已答复：{said}。理由可在到岗记录里查看。",
        page=f"pages/standing/detail?id={event.no_show_id}", template_data={"thing1": "申诉结果", "phrase2": said},
    )  # fmt: skip


async def tell_reviewed(session: AsyncSession, event: OrderReviewed) -> None:
    result = "已发布" if event.published else "已退回"
    why = f"：{event.note}" if event.note else ""
    await notify(
        session, person_id=event.person_id, kind=NoticeKind.GIG_ORDER, now=event.at, title="用工订单审核结果",
        body=f"“{event.title}”{result}{why}。"[:300], page=f"pages/order/detail?id={event.order_id}",
        template_data={"thing1": event.title[:THING], "phrase2": result},
    )  # fmt: skip
