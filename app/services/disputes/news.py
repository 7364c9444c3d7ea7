"""Who is told of what in mediation, and which tasks open and close. Numbers and steps only: nothing of the matter."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.events import subscribe
from app.models.disputes import DisputeCase
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.disputes.cases import CaseState
from app.rules.disputes.clocks import ClockKind
from app.services.common.notices import notify_all
from app.services.common.tasks import close_tasks, open_task
from app.services.disputes.events import (
    CaseMoved,
    CaseTaken,
    CaseWaits,
    DeadlineTold,
    PartyAsked,
    ResolutionMade,
    SeatOffered,
)
from app.services.disputes.people import everybody

# WeChat's `phrase` holds at most 5 Chinese characters.
PHRASE = 5
S = CaseState
TOLD: dict[CaseState, str] = {
    S.SCREENED: "已初核",
    S.MERGED: "已并入同一企业的共同案件，请在“我的调解”查看新编号",
    S.ADVISED_OUT: "不适合调解，理由和其他途径见案件页面",
    S.ACCEPTED: "已受理；调解不收费，也不影响您随时走其他途径",
    S.CONSENTED: "各方都同意调解，接下来确定调解员",
    S.REFUSED: "有一方不同意调解，其他途径和剩余天数见案件页面",
    S.OBJECTION: "调解员需要更换",
    S.MEDIATING: "调解进行中",
    S.EXTENDED: "各方同意，调解已延期",
    S.SUSPENDED: "已中止；法律规定的时效不停止，剩余天数见案件页面",
    S.ESCALATED: "已提级处理",
    S.AGREED_ORAL: "已达成口头协议",
    S.AGREED_WRITTEN: "协议已拟好，请核对签署",
    S.PERFORMING: "协议已生效，请按约定的日期履行",
    S.PERFORMED: "协议已履行完毕",
    S.BREACHED: "有约定逾期未履行，补救途径见案件页面",
    S.ENDED: "调解已终止，其他途径和剩余天数见案件页面",
    S.CLOSED: "案件已归档",
}


def register() -> None:
    subscribe(CaseWaits, tell_desk)
    subscribe(CaseTaken, close_intake)
    subscribe(CaseMoved, tell_step)
    subscribe(PartyAsked, ask_parties)
    subscribe(SeatOffered, tell_invited)
    subscribe(DeadlineTold, tell_deadline)
    subscribe(ResolutionMade, open_resolution)


async def tell_desk(session: AsyncSession, event: CaseWaits) -> None:
    await open_task(
        session,
        TaskKind.CASE_INTAKE,
        event.case_id,
        title=f"调解申请{event.number}待接收",
        now=event.at,
        due_at=event.due_at,
    )


async def close_intake(session: AsyncSession, event: CaseTaken) -> None:
    await close_tasks(session, TaskKind.CASE_INTAKE, event.case_id, by=event.by, now=event.at)


async def tell_step(session: AsyncSession, event: CaseMoved) -> None:
    if event.state in {S.MERGED, S.ENDED, S.REFUSED, S.ADVISED_OUT}:
        await close_tasks(session, TaskKind.CASE_INTAKE, event.case_id, by=None, now=event.at)
    words = TOLD.get(event.state)
    if words is None:
        return
    case = (await session.exec(select(DisputeCase).where(DisputeCase.id == event.case_id))).one()
    people = await everybody(session, case, now=event.at, panel=True)
    await _tell(
        session, people, NoticeKind.DISPUTE, "调解进展", event.number, words, event.state.label, event.case_id, event.at
    )


async def ask_parties(session: AsyncSession, event: PartyAsked) -> None:
    await _tell(
        session, event.people, NoticeKind.DISPUTE_ASKED, "调解事项", event.number, event.what, "待您处理", event.case_id,
        event.at,
    )  # fmt: skip


async def tell_invited(session: AsyncSession, event: SeatOffered) -> None:
    await notify_all(
        session, [event.person_id], kind=NoticeKind.DISPUTE_SEAT, now=event.at, title="邀请参加调解",
        body="邀请您参加一起调解；请先看当事人是谁，与您有关联的请回避。", page=f"pages/dispute/invitation?id={event.seat_id}",
        template_data={"thing1": "调解小组邀请", "phrase2": "待答复"},
    )  # fmt: skip


async def tell_deadline(session: AsyncSession, event: DeadlineTold) -> None:
    last = (event.due_at - timedelta(seconds=1)).astimezone(CHINA)
    day = f"{last.month}月{last.day}日"
    if event.step == 1:
        words = f"“{event.clock.label}”期限到{day}，即将届满"
    elif event.level is not None:
        words = f"“{event.clock.label}”已过{day}的期限，按规定提请{event.level.label}督促承办人"
    elif event.clock is ClockKind.ARBITRATION_OPENS:
        words = f"提交申请已满15日（{day}），仍未达成协议的，可以直接申请劳动争议仲裁"
    else:
        words = f"“{event.clock.label}”已过{day}的期限"
    await _tell(
        session, event.people, NoticeKind.DISPUTE_DEADLINE, "调解期限", event.number, words, "期限提醒", event.case_id,
        event.at,
    )  # fmt: skip


async def open_resolution(session: AsyncSession, event: ResolutionMade) -> None:
    await open_task(
        session,
        TaskKind.RESOLUTION,
        event.resolution_id,
        title=f"联席会议决议：{event.words}",
        now=event.at,
        due_at=event.due_at,
    )


async def _tell(
    session: AsyncSession, people: Sequence[UUID], kind: NoticeKind, title: str, number: str, words: str, phrase: str,
    case_id: UUID, at: datetime,
) -> None:  # fmt: skip
    await notify_all(
        session, people, kind=kind, now=at, title=title, body=f"案件{number}：{words}。"[:300],
        page=f"pages/dispute/case?id={case_id}", template_data={"thing1": number, "phrase2": phrase[:PHRASE]},
    )  # fmt: skip
