"""Wages that are late: both sides, then the liaison cadre (counts and sums), then the gigs office and a proposed block."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.events import emit
from app.models.gigs import Settlement
from app.rules.common.tasks import TaskKind
from app.rules.gigs.pay import yuan
from app.rules.gigs.settlements import LATE_STATES, SettlementState, check_settlement_step
from app.services.common.tasks import open_task
from app.services.gigs import law, publishing_blocks, settlements
from app.services.gigs.events import FirmOverdue
from app.services.organisation.enterprises import names_of

SWEEP_BATCH = 100
S = SettlementState
BOTH, CADRE, OFFICE = 1, 2, 3


async def turn_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: the day after the last day. The disputed part of a sheet is in no settlement, so this is undisputed."""
    rows = (
        await session.exec(
            select(Settlement)
            .where(
                col(Settlement.state).in_((S.DUE, S.CONTESTED)),
                col(Settlement.due_on) < china_date(now),
                Settlement.due_fen > 0,
                Settlement.overdue_step == 0,
            )
            .order_by(col(Settlement.due_on), col(Settlement.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        if row.state is S.DUE:
            check_settlement_step(row.state, S.OVERDUE)
            row.state = S.OVERDUE
        row.overdue_at, row.overdue_step = now, BOTH
        row.touch(now)
        await session.flush()
        rest = yuan(open_fen(row))
        words = f"应在{row.due_on.isoformat()}前支付的工资还有{rest}元没有支付登记。{row.due_because}。"
        await settlements.tell(session, row, None, "工资逾期", words, now, overdue=True)
    return len(rows)


async def escalate_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: firm by firm, the next step of the chain for what has been late long enough."""
    limits = await law.limits_on(session, china_date(now))
    steps = ((CADRE, limits.overdue_cadre_days), (OFFICE, limits.overdue_officer_days))
    done = 0
    for step, days in steps:
        before = china_date(now) - timedelta(days=days)
        firms = await session.exec(
            select(col(Settlement.enterprise_id))
            .where(
                col(Settlement.state).in_(LATE_STATES), col(Settlement.overdue_step) == step - 1,
                col(Settlement.due_on) <= before,
            )
            .distinct()
            .order_by(col(Settlement.enterprise_id))
            .limit(SWEEP_BATCH)
        )  # fmt: skip
        for enterprise_id in firms.all():
            done += await _escalate(session, enterprise_id, step, days, now)
    return done


async def clear_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: a firm that owes nothing late any more is not blocked for it."""
    return await publishing_blocks.clear_paid(session, now=now)


async def _escalate(session: AsyncSession, enterprise_id: UUID, step: int, days: int, now: datetime) -> int:
    before = china_date(now) - timedelta(days=days)
    rows = (
        await session.exec(
            select(Settlement)
            .where(
                Settlement.enterprise_id == enterprise_id, col(Settlement.state).in_(LATE_STATES),
                col(Settlement.due_on) <= before,
            )
            .order_by(col(Settlement.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).all()  # fmt: skip
    fresh = [row for row in rows if row.overdue_step == step - 1]
    for row in fresh:
        row.overdue_step = step
    await session.flush()
    if not fresh:
        return 0
    if step == CADRE:
        await _tell_cadre(session, enterprise_id, rows, days, now)
    else:
        await _tell_office(session, enterprise_id, rows, now)
    return len(fresh)


async def _tell_cadre(
    session: AsyncSession, enterprise_id: UUID, rows: Sequence[Settlement], days: int, now: datetime
) -> None:
    await emit(
        session,
        FirmOverdue(
            at=now, enterprise_id=enterprise_id, enterprise_name=(await names_of(session, [enterprise_id]))[enterprise_id],
            settlements=len(rows), people=len({row.person_id for row in rows}),
            fen=sum(open_fen(row) for row in rows), days=days,
        ),
    )  # fmt: skip


async def _tell_office(session: AsyncSession, enterprise_id: UUID, rows: Sequence[Settlement], now: datetime) -> None:
    fen = sum(open_fen(row) for row in rows)
    name = (await names_of(session, [enterprise_id]))[enterprise_id]
    title = f"{name}工资逾期{len(rows)}笔共{yuan(fen)}元"
    await open_task(session, TaskKind.WAGE_OVERDUE, enterprise_id, title=title, now=now)
    undisputed = [row for row in rows if row.state is S.OVERDUE]
    if undisputed:
        await publishing_blocks.propose(session, enterprise_id, undisputed, now=now)


def open_fen(row: Settlement) -> int:
    """Of a contested payment nothing is known to have arrived."""
    return row.due_fen if row.state is S.CONTESTED else row.due_fen - row.paid_fen
