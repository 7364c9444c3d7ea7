"""Who is told of what in training, and which tasks open and close: words only. Reasons stand on the pages."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.events import subscribe
from app.rules.common.notices import NoticeKind
from app.rules.common.tasks import TaskKind
from app.rules.training.certificates import CertificateState
from app.rules.training.competitions import CompetitionState, EntryState
from app.rules.training.declarations import DeclarationState
from app.rules.training.demands import DemandState
from app.rules.training.enrolments import EnrolmentState
from app.services.common.notices import notify, notify_all
from app.services.common.tasks import close_tasks, open_task
from app.services.training.events import (
    ApprovalsDone,
    ApprovalWanted,
    CertificateMoved,
    ClassCancelled,
    CompetitionAnswered,
    CompetitionMoved,
    CompetitionObjected,
    ContestantMoved,
    DeclarationMoved,
    DemandMatched,
    DemandMoved,
    DemandUnmatched,
    PoolGrew,
    PoolSettled,
    SeatMoved,
    SessionMoved,
    ShortageDecided,
    ShortageProposed,
)

# WeChat's `thing` values hold at most 20 characters, `phrase` at most 5 Chinese ones.
THING, PHRASE = 20, 5
LONGEST_BODY = 300
E, D, S = EnrolmentState, DeclarationState, CompetitionState
# Steps of a class that its people learn from the class's own facts.
SEATS_UNTOLD = frozenset({E.CLASS_CANCELLED, E.ATTENDED})
COMPETITION_TOLD = {
    S.THEORY: "理论考试开始", S.PRACTICAL: "实操比赛开始", S.OBJECTIONS: "成绩已公示，有异议请在期限内提出",
    S.FINAL: "成绩已确定", S.AWARDED: "奖项已公布", S.CANCELLED: "竞赛已取消，原因见竞赛页面",
}  # fmt: skip


def register() -> None:
    subscribe(DemandMoved, tell_asker)
    subscribe(DemandUnmatched, ask_for_match)
    subscribe(DemandMatched, close_match)
    subscribe(PoolGrew, tell_pool_ready)
    subscribe(PoolSettled, close_pool_task)
    subscribe(ShortageProposed, tell_shortage)
    subscribe(ShortageDecided, close_shortage)
    subscribe(SeatMoved, tell_learner)
    subscribe(ApprovalWanted, ask_for_approval)
    subscribe(ApprovalsDone, close_approval)
    subscribe(ClassCancelled, tell_class_cancelled)
    subscribe(SessionMoved, tell_session_moved)
    subscribe(CertificateMoved, tell_holder)
    subscribe(DeclarationMoved, follow_declaration)
    subscribe(CompetitionMoved, tell_contestants)
    subscribe(ContestantMoved, tell_contestant)
    subscribe(CompetitionObjected, ask_for_answer)
    subscribe(CompetitionAnswered, tell_answer)


async def tell_asker(session: AsyncSession, event: DemandMoved) -> None:
    until = f"，请在{_at(event.until)}前答复" if event.until is not None else ""
    words = {
        DemandState.POOLED: f"“{event.what}”的班没有开成，您的点单已重新排队",
        DemandState.QUOTED: f"“{event.what}”已有方案{until}",
        DemandState.CLASS_CREATED: f"“{event.what}”已开班，请到培训班页面报名",
        DemandState.DECLINED: f"“{event.what}”这次办不了，理由见点单页面",
        DemandState.EXPIRED: f"“{event.what}”的点单已到期，需要可以重新点单",
    }.get(event.state)
    if words is None:
        return
    await _tell(
        session, event.person_id, NoticeKind.TRAINING_DEMAND, "点单进展", f"{words}。", event.what, event.state.label,
        f"pages/training/demand?id={event.demand_id}", event.at, deadline_at=event.until,
    )  # fmt: skip


async def ask_for_match(session: AsyncSession, event: DemandUnmatched) -> None:
    await open_task(
        session,
        TaskKind.DEMAND_MATCH,
        event.demand_id,
        title=f"归类一份自由填写的点单（{event.heads}人）",
        now=event.at,
    )


async def close_match(session: AsyncSession, event: DemandMatched) -> None:
    await close_tasks(session, TaskKind.DEMAND_MATCH, event.demand_id, by=event.by, now=event.at)


async def tell_pool_ready(session: AsyncSession, event: PoolGrew) -> None:
    title = f"“{event.title}”点单{event.heads}人，已够开班（{event.minimum}人）"
    await open_task(session, TaskKind.POOL_READY, event.pool_id, title=title, now=event.at)


async def close_pool_task(session: AsyncSession, event: PoolSettled) -> None:
    await close_tasks(session, TaskKind.POOL_READY, event.pool_id, by=event.by, now=event.at)


async def tell_shortage(session: AsyncSession, event: ShortageProposed) -> None:
    await open_task(session, TaskKind.TRAINING_SHORTAGE, event.shortage_id, title=event.told, now=event.at)


async def close_shortage(session: AsyncSession, event: ShortageDecided) -> None:
    await close_tasks(session, TaskKind.TRAINING_SHORTAGE, event.shortage_id, by=event.by, now=event.at)


async def tell_learner(session: AsyncSession, event: SeatMoved) -> None:
    if event.by_themselves or event.state in SEATS_UNTOLD:
        return
    words = {
        E.PENDING_APPROVAL: "已替您报名，等待批准",
        E.WAITLISTED: "名额已满，您在候补名单上，有空位按次序通知",
        E.OFFERED: f"有名额了，请在{_at(event.until)}前确认" if event.until else "有名额了，请尽快确认",
        E.ENROLLED: "您已被录取",
        E.REFUSED: "报名未获批准，理由见报名页面",
        E.LAPSED: "报名已失效：名额未在期限内确认，或开课前没有轮到",
        E.WITHDRAWN: "报名已由企业退出",
        E.NO_SHOW: "没有到课记录；如有误请联系教师",
        E.PASSED: "考核合格",
        E.FAILED: "未达到合格要求，依据见报名页面",
    }.get(event.state)
    if words is None:
        return
    await _tell(
        session, event.person_id, NoticeKind.TRAINING_SEAT, "培训报名", f"“{event.title}”：{words}。", event.title,
        event.state.label, f"pages/training/enrolment?id={event.enrolment_id}", event.at, deadline_at=event.until,
    )  # fmt: skip


async def ask_for_approval(session: AsyncSession, event: ApprovalWanted) -> None:
    title = f"“{event.title}”有报名待批准"
    await open_task(session, TaskKind.ENROLMENT_APPROVAL, event.class_id, title=title, now=event.at)


async def close_approval(session: AsyncSession, event: ApprovalsDone) -> None:
    await close_tasks(session, TaskKind.ENROLMENT_APPROVAL, event.class_id, by=event.by, now=event.at)


async def tell_class_cancelled(session: AsyncSession, event: ClassCancelled) -> None:
    await _tell_all(
        session, event.people, NoticeKind.TRAINING_CLASS, "培训班取消", f"“{event.title}”已取消，原因：{event.reason}。",
        event.title, "已取消", f"pages/training/class?id={event.class_id}", event.at,
    )  # fmt: skip


async def tell_session_moved(session: AsyncSession, event: SessionMoved) -> None:
    await _tell_all(
        session, event.people, NoticeKind.TRAINING_CLASS, "上课安排变动",
        f"“{event.title}”有一次课改为{_at(event.starts_at)}，地点：{event.venue}。", event.title, "有变动",
        f"pages/training/class?id={event.class_id}", event.at,
    )  # fmt: skip


async def tell_holder(session: AsyncSession, event: CertificateMoved) -> None:
    words = {
        CertificateState.ISSUED: "证书已发，可以查看和下载",
        CertificateState.REVOKED: "证书已撤销，理由见证书页面；写入登记的技能和所得积分一并收回",
    }.get(event.state)
    if words is None:
        return
    await _tell(
        session, event.person_id, NoticeKind.CERTIFICATE, "培训证书", f"“{event.title}”：{words}。", event.title,
        event.state.label, f"pages/training/certificate?id={event.certificate_id}", event.at,
    )  # fmt: skip


async def follow_declaration(session: AsyncSession, event: DeclarationMoved) -> None:
    """The task is there while the office has it; the person hears every step of others."""
    if event.state is D.SUBMITTED:
        await open_task(
            session, TaskKind.DECLARATION_CHECK, event.declaration_id, title=f"初核申报：{event.target}", now=event.at
        )
    elif event.state in {D.CHECKED, D.WITHDRAWN}:
        await close_tasks(session, TaskKind.DECLARATION_CHECK, event.declaration_id, by=event.by, now=event.at)
    words = {
        D.CHECKED: "材料已初核", D.RETURNED: "已退回补正，缺什么见申报页面", D.FORWARDED: "已转报受理部门，受理号见申报页面",
        D.PASSED: "已通过", D.FAILED: "未通过，理由见申报页面",
    }.get(event.state)  # fmt: skip
    if words is None:
        return
    await _tell(
        session, event.person_id, NoticeKind.DECLARATION, "申报进展", f"“{event.target}”：{words}。", event.target,
        event.state.label, f"pages/training/declaration?id={event.declaration_id}", event.at,
    )  # fmt: skip


async def tell_contestants(session: AsyncSession, event: CompetitionMoved) -> None:
    words = COMPETITION_TOLD.get(event.state)
    if words is not None:
        await _tell_all(
            session, event.people, NoticeKind.COMPETITION, "技能竞赛", f"“{event.title}”：{words}。", event.title,
            event.state.label, f"pages/training/competition?id={event.competition_id}", event.at,
        )  # fmt: skip


async def tell_contestant(session: AsyncSession, event: ContestantMoved) -> None:
    words = "资格审核合格" if event.state is EntryState.ELIGIBLE else "资格不符，理由见竞赛页面"
    await _tell(
        session, event.person_id, NoticeKind.COMPETITION, "技能竞赛", f"“{event.title}”：{words}。", event.title,
        event.state.label, f"pages/training/competition?id={event.competition_id}", event.at,
    )  # fmt: skip


async def ask_for_answer(session: AsyncSession, event: CompetitionObjected) -> None:
    await open_task(
        session, TaskKind.COMPETITION_OBJECTION, event.objection_id, title=f"答复“{event.title}”的成绩异议", now=event.at,
        due_at=event.due_at,
    )  # fmt: skip


async def tell_answer(session: AsyncSession, event: CompetitionAnswered) -> None:
    await close_tasks(session, TaskKind.COMPETITION_OBJECTION, event.objection_id, by=event.by, now=event.at)
    result = "成立，成绩将更正后重新公示" if event.upheld else "不成立"
    await _tell(
        session, event.person_id, NoticeKind.COMPETITION, "异议答复", f"“{event.title}”：您的异议{result}，答复见竞赛页面。",
        event.title, "异议已答复", f"pages/training/competition?id={event.competition_id}", event.at,
    )  # fmt: skip


def _at(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(CHINA):%m月%d日%H:%M}"


async def _tell(
    session: AsyncSession, person_id: UUID, kind: NoticeKind, title: str, body: str, thing: str, phrase: str, page: str,
    at: datetime, *, deadline_at: datetime | None = None,
) -> None:  # fmt: skip
    await notify(
        session, person_id=person_id, kind=kind, now=at, title=title, body=body[:LONGEST_BODY], page=page,
        template_data={"thing1": thing[:THING], "phrase2": phrase[:PHRASE]}, deadline_at=deadline_at,
    )  # fmt: skip


async def _tell_all(
    session: AsyncSession, people: Sequence[UUID], kind: NoticeKind, title: str, body: str, thing: str, phrase: str,
    page: str, at: datetime,
) -> None:  # fmt: skip
    await notify_all(
        session, people, kind=kind, now=at, title=title, body=body[:LONGEST_BODY], page=page,
        template_data={"thing1": thing[:THING], "phrase2": phrase[:PHRASE]},
    )  # fmt: skip
