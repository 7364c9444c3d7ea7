"""No new orders while undisputed wages are late: the system proposes, the officer decides after the firm was heard.

Shifts that are published go on: nobody loses work over it. A firm that has paid is not blocked any more.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import PublishingBlock, Settlement
from app.rules.common.tasks import TaskKind
from app.rules.gigs.pay import yuan
from app.rules.gigs.settlements import (
    BlockAnswerPendingError,
    BlockNotFoundError,
    BlockState,
    BlockStateError,
    PublishingBlockedError,
    SettlementState,
    check_block_step,
)
from app.rules.identity.roles import Actor, Permission
from app.services.common.calendar import deadline
from app.services.common.tasks import close_tasks, open_task
from app.services.gigs import law
from app.services.gigs.events import BlockMoved
from app.services.identity import audit

SUBJECT = "publishing_block"
SWEEP_BATCH = 50
B = BlockState
ENDED = (B.DISMISSED, B.LIFTED)
CLEARED = "逾期工资已支付或由本人选择调解"
# New orders are refused from the decision on, and while an appeal against it runs.
BINDING = (B.IN_FORCE, B.APPEALED)


async def check_may_publish(session: AsyncSession | ReadSession, enterprise_id: UUID) -> None:
    row = await current(session, enterprise_id)
    if row is not None and row.state in BINDING:
        raise PublishingBlockedError(settlements=row.settlements, yuan=yuan(row.overdue_fen))


async def current(session: AsyncSession | ReadSession, enterprise_id: UUID) -> PublishingBlock | None:
    found = await session.exec(
        select(PublishingBlock).where(
            PublishingBlock.enterprise_id == enterprise_id, col(PublishingBlock.state).not_in(ENDED)
        )
    )
    return found.one_or_none()


async def propose(session: AsyncSession, enterprise_id: UUID, rows: Sequence[Settlement], *, now: datetime) -> None:
    """With the numbers that it rests on; once while one stands."""
    row = PublishingBlock(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise_id, settlements=len(rows),
        people=len({one.person_id for one in rows}), overdue_fen=sum(one.due_fen - one.paid_fen for one in rows),
        oldest_due_on=min(one.due_on for one in rows),
    )  # fmt: skip
    if await insert_or_ignore(session, PublishingBlock, row.model_dump()):
        title = f"是否暂停发布：逾期{row.settlements}笔，{row.people}人，{yuan(row.overdue_fen)}元"
        await open_task(session, TaskKind.PUBLISHING_BLOCK, row.id, title=title, now=now)


async def notify_firm(
    session: AsyncSession, actor: Actor, block_id: UUID, *, expected_version: int, now: datetime
) -> PublishingBlock:
    """The firm is told what is intended and why, and has its days to answer."""
    row = await _lock(session, block_id, expected_version)
    check_block_step(row.state, B.NOTIFIED)
    days = (await law.limits_on(session, china_date(now))).block_answer_days
    row.state, row.notified_at, row.answer_by = B.NOTIFIED, now, (await deadline(session, now, days)).at
    words = (
        f"贵企业逾期工资{row.settlements}笔，涉及{row.people}人，共{yuan(row.overdue_fen)}元，最早应在"
        f"{row.oldest_due_on.isoformat()}支付。拟暂停发布新的用工订单，请在{days}个工作日内陈述申辩，或支付后自动终止。"
    )
    return await _moved(session, actor, row, "拟暂停发布", words, now)


async def answer(
    session: AsyncSession, actor: Actor, block_id: UUID, *, words: str, expected_version: int, now: datetime
) -> PublishingBlock:
    row = await _lock_of_firm(session, actor, block_id, expected_version)
    _check_state(row, {B.NOTIFIED}, B.IN_FORCE)
    row.answer = words
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "publishing_block_answered", SUBJECT, row.id, now=now)
    return row


async def decide(
    session: AsyncSession,
    actor: Actor,
    block_id: UUID,
    *,
    block: bool,
    because: str,
    expected_version: int,
    now: datetime,
) -> PublishingBlock:
    """After the firm's answer or after its days; dismissing needs no waiting."""
    row = await _lock(session, block_id, expected_version)
    target = B.IN_FORCE if block else B.DISMISSED
    # Nobody is blocked who was not told and heard; an appeal is answered elsewhere.
    _check_state(row, {B.NOTIFIED} if block else {B.PROPOSED, B.NOTIFIED}, target)
    if block and row.answer is None and row.answer_by is not None and now <= row.answer_by:
        raise BlockAnswerPendingError(until=f"{row.answer_by:%m月%d日}")
    row.state, row.decided_by, row.decided_at, row.because = target, actor.person_id, now, because
    await close_tasks(session, TaskKind.PUBLISHING_BLOCK, row.id, by=actor.person_id, now=now)
    await close_tasks(session, TaskKind.WAGE_OVERDUE, row.enterprise_id, by=actor.person_id, now=now)
    days = (await law.limits_on(session, china_date(now))).block_appeal_days
    words = f"{target.label}：{because}。" + (
        f"可以申诉，{days}个工作日内答复；已发布的班次照常进行。" if block else ""
    )
    return await _moved(session, actor, row, f"暂停发布决定：{target.label}", words, now)


async def appeal(
    session: AsyncSession, actor: Actor, block_id: UUID, *, words: str, expected_version: int, now: datetime
) -> PublishingBlock:
    row = await _lock_of_firm(session, actor, block_id, expected_version)
    check_block_step(row.state, B.APPEALED)
    days = (await law.limits_on(session, china_date(now))).block_appeal_days
    row.state, row.appeal, row.appealed_at = B.APPEALED, words, now
    row.appeal_due_at = (await deadline(session, now, days)).at
    row.touch(now)
    await session.flush()
    title = "答复企业对暂停发布的申诉"
    await open_task(session, TaskKind.BLOCK_APPEAL, row.id, title=title, now=now, due_at=row.appeal_due_at)
    audit.by(session, actor, "publishing_block_appealed", SUBJECT, row.id, now=now)
    return row


async def decide_appeal(
    session: AsyncSession,
    actor: Actor,
    block_id: UUID,
    *,
    lift: bool,
    because: str,
    expected_version: int,
    now: datetime,
) -> PublishingBlock:
    """Also how the officer lifts a block that nobody has appealed against."""
    row = await _lock(session, block_id, expected_version)
    target = B.LIFTED if lift else B.IN_FORCE
    _check_state(row, {B.IN_FORCE, B.APPEALED} if lift else {B.APPEALED}, target)
    row.state, row.because = target, because
    row.lifted_at = now if lift else None
    await close_tasks(session, TaskKind.BLOCK_APPEAL, row.id, by=actor.person_id, now=now)
    return await _moved(session, actor, row, f"暂停发布：{target.label}", f"{target.label}：{because}。", now)


async def clear_paid(session: AsyncSession, *, now: datetime) -> int:
    """Nothing late is left: a block in force is lifted, a proposed one dismissed."""
    late = exists().where(
        col(Settlement.enterprise_id) == col(PublishingBlock.enterprise_id),
        col(Settlement.state) == SettlementState.OVERDUE,
    )
    rows = (
        await session.exec(
            select(PublishingBlock)
            .where(col(PublishingBlock.state).not_in(ENDED), ~late)
            .order_by(col(PublishingBlock.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        target = B.LIFTED if row.state in BINDING else B.DISMISSED
        check_block_step(row.state, target)
        row.state, row.because = target, CLEARED
        row.lifted_at = now if target is B.LIFTED else None
        row.touch(now)
        await session.flush()
        for kind, subject in (
            (TaskKind.PUBLISHING_BLOCK, row.id), (TaskKind.BLOCK_APPEAL, row.id),
            (TaskKind.WAGE_OVERDUE, row.enterprise_id),
        ):  # fmt: skip
            await close_tasks(session, kind, subject, by=None, now=now, note=CLEARED)
        audit.record(
            session, "publishing_block_cleared", actor_id=None, subject_kind=SUBJECT, subject_id=row.id, now=now
        )
        await _tell(session, row, "暂停发布终止", f"{CLEARED}，{target.label}。", now)
    return len(rows)


async def list_all(session: ReadSession) -> Sequence[PublishingBlock]:
    """For the office: those that stand, newest first, then the ended ones; at most 200."""
    rows = await session.exec(
        select(PublishingBlock)
        .order_by(col(PublishingBlock.state).in_(ENDED), col(PublishingBlock.created_at).desc())
        .limit(200)
    )
    return rows.all()


async def list_of_firm(session: ReadSession, actor: Actor) -> Sequence[PublishingBlock]:
    mine = sorted(actor.enterprises(Permission.GIG_SETTLE))
    rows = await session.exec(
        select(PublishingBlock)
        .where(col(PublishingBlock.enterprise_id).in_(mine))
        .order_by(col(PublishingBlock.created_at).desc())
        .limit(100)
    )
    return rows.all()


def _check_state(row: PublishingBlock, allowed: set[BlockState], target: BlockState) -> None:
    """The table knows which states follow one another; this says by which act."""
    if row.state not in allowed:
        raise BlockStateError(current=row.state.label, target=target.label)
    if row.state is not target:
        check_block_step(row.state, target)


async def _lock(session: AsyncSession, block_id: UUID, expected_version: int) -> PublishingBlock:
    row = await lock(session, PublishingBlock, block_id, BlockNotFoundError)
    check_version(row.version, expected_version)
    return row


async def _lock_of_firm(session: AsyncSession, actor: Actor, block_id: UUID, expected_version: int) -> PublishingBlock:
    """Before it is told, a proposal is the office's own matter."""
    row = await lock(session, PublishingBlock, block_id, BlockNotFoundError)
    if row.enterprise_id not in actor.enterprises(Permission.GIG_SETTLE) or row.state is B.PROPOSED:
        raise BlockNotFoundError
    check_version(row.version, expected_version)
    return row


async def _moved(
    session: AsyncSession, actor: Actor, row: PublishingBlock, title: str, words: str, now: datetime
) -> PublishingBlock:
    row.touch(now)
    await session.flush()
    audit.by(session, actor, f"publishing_block_{row.state}", SUBJECT, row.id, now=now)
    await _tell(session, row, title, words, now)
    return row


async def _tell(session: AsyncSession, row: PublishingBlock, title: str, words: str, now: datetime) -> None:
    await emit(session, BlockMoved(at=now, block_id=row.id, enterprise_id=row.enterprise_id, title=title, words=words))
