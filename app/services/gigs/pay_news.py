"""What follows from wages: lines of settlements, and who is told what."""

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import subscribe
from app.rules.common.notices import NoticeKind
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.pay import yuan
from app.rules.gigs.terms import Side
from app.rules.identity.roles import Permission
from app.services.common.notices import notify, notify_all
from app.services.gigs import blocks, settlements
from app.services.gigs.events import (
    AssignmentEnded,
    BlockMoved,
    CompensationOwed,
    FirmOverdue,
    PayMoved,
    SharingMoved,
    TimesheetPayable,
    WagesClaimed,
)
from app.services.gigs.words import THING
from app.services.identity.members import people_with
from app.services.organisation.liaison import firms_of_cadres


def register() -> None:
    """Called by `news.register`."""
    subscribe(TimesheetPayable, settlements.add_sheet)
    subscribe(CompensationOwed, settlements.add_compensation)
    subscribe(AssignmentEnded, pay_standby)
    subscribe(WagesClaimed, remember_claim)
    subscribe(PayMoved, tell_pay)
    subscribe(FirmOverdue, tell_cadres)
    subscribe(BlockMoved, tell_block)
    subscribe(SharingMoved, tell_sharing)


async def pay_standby(session: AsyncSession, event: AssignmentEnded) -> None:
    if event.state is AssignmentState.STOOD_BY:
        await settlements.add_standby(session, event)


async def remember_claim(session: AsyncSession, event: WagesClaimed) -> None:
    """A block that follows soon is flagged."""
    await blocks.note_claim(session, event.enterprise_id, event.person_id, now=event.at)


async def tell_pay(session: AsyncSession, event: PayMoved) -> None:
    kind = NoticeKind.GIG_OVERDUE if event.overdue else NoticeKind.GIG_PAY
    page, data = (
        f"pages/settlement/detail?id={event.settlement_id}",
        {"thing1": event.title[:THING], "phrase2": "请查看"},
    )
    body = event.words[:300]
    if event.side is not Side.FIRM:
        await notify(
            session, person_id=event.person_id, kind=kind, now=event.at, title=event.title, body=body, page=page,
            template_data=data,
        )  # fmt: skip
    if event.side is not Side.WORKER:
        people = await people_with(session, Permission.GIG_SETTLE, event.enterprise_id, now=event.at)
        await notify_all(
            session, people, kind=kind, now=event.at, title=event.title, body=body, page=page, template_data=data
        )


async def tell_cadres(session: AsyncSession, event: FirmOverdue) -> None:
    """Counts and sums, no names of people."""
    cadres = sorted({cadre for cadre, firm in await firms_of_cadres(session) if firm == event.enterprise_id})
    body = (
        f"{event.enterprise_name}有{event.settlements}笔零工工资逾期满{event.days}天，涉及{event.people}人，"
        f"共{yuan(event.fen)}元，请了解情况并督促支付。"
    )
    await notify_all(
        session, cadres, kind=NoticeKind.GIG_OVERDUE, now=event.at, title="挂钩企业工资逾期", body=body[:300],
        page=f"pages/enterprise/detail?id={event.enterprise_id}",
        template_data={"thing1": event.enterprise_name[:THING], "phrase2": "工资逾期"},
    )  # fmt: skip


async def tell_block(session: AsyncSession, event: BlockMoved) -> None:
    people = await people_with(session, Permission.GIG_SETTLE, event.enterprise_id, now=event.at)
    await notify_all(
        session, people, kind=NoticeKind.GIG_BLOCK, now=event.at, title=event.title, body=event.words[:300],
        page=f"pages/block/detail?id={event.block_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "请查看"},
    )  # fmt: skip


async def tell_sharing(session: AsyncSession, event: SharingMoved) -> None:
    firms = [
        one
        for firm in (event.lender_id, event.borrower_id)
        for one in await people_with(session, Permission.GIG_ORDER_WRITE, firm, now=event.at)
    ]
    await notify_all(
        session, sorted({*event.people, *firms}), kind=NoticeKind.GIG_SHARING, now=event.at, title=event.title,
        body=event.words[:300], page=f"pages/sharing/detail?id={event.agreement_id}",
        template_data={"thing1": event.title[:THING], "phrase2": "请查看"},
    )  # fmt: skip
