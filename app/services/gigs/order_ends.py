"""How orders and shifts end: cancelled with what that owes, or by the clock."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import check_version, lock
from app.models.gigs import Shift, ShiftOrder
from app.rules.common.tasks import TaskKind
from app.rules.gigs.offers import HOLDING, AssignmentState
from app.rules.gigs.orders import (
    NEXT,
    SHIFT_NEXT,
    OrderNotFoundError,
    OrderState,
    ShiftNotFoundError,
    ShiftState,
    check_order_step,
    check_shift_step,
)
from app.rules.gigs.terms import SeatKind
from app.rules.identity.roles import Actor, Permission
from app.services.common.tasks import close_tasks
from app.services.gigs import assignments, attendance, board, law, offers
from app.services.gigs.orders import SUBJECT, Opened, enter, get_own, opened, shifts_of
from app.services.identity import audit

SWEEP_BATCH = 100
O = OrderState  # noqa: E741  # one letter keeps a line a line
S = ShiftState


async def cancel_order(
    session: AsyncSession, actor: Actor, order_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Opened:
    """Every shift that has not begun is called off; who had a seat is told, and owed what the terms state if it is late."""
    await get_own(session, actor, order_id)
    ids = (await session.exec(select(col(Shift.id)).where(Shift.order_id == order_id))).all()
    await board.hold_shifts(session, ids)
    row = await lock(session, ShiftOrder, order_id, OrderNotFoundError)
    check_version(row.version, expected_version)
    check_order_step(row.state, O.CANCELLED)
    for shift in await shifts_of(session, order_id):
        if S.CANCELLED in SHIFT_NEXT[shift.state]:
            await _call_off(session, shift, now)
    row.cancelled_because = reason
    await enter(session, row, O.CANCELLED, now)
    await close_tasks(session, TaskKind.GIG_ORDER_REVIEW, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "shift_order_cancelled", SUBJECT, row.id, now=now, reason=reason)
    return await opened(session, row)


async def cancel_shift(
    session: AsyncSession, actor: Actor, shift_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Opened:
    seen = (await session.exec(select(Shift).where(Shift.id == shift_id))).one_or_none()
    if seen is None or seen.enterprise_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise ShiftNotFoundError
    shift = (await board.hold_shifts(session, [shift_id]))[shift_id].shift
    check_version(shift.version, expected_version)
    check_shift_step(shift.state, S.CANCELLED)
    await _call_off(session, shift, now)
    audit.by(session, actor, "shift_cancelled", "shift", shift_id, now=now, reason=reason)
    return await opened(session, (await session.exec(select(ShiftOrder).where(ShiftOrder.id == shift.order_id))).one())


async def turn_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: shifts begin and end by the clock, and their orders with them."""
    rows = (
        await session.exec(
            select(Shift)
            .where(
                (col(Shift.state) == S.OPEN) & (col(Shift.starts_at) <= now)
                | (col(Shift.state) == S.RUNNING) & (col(Shift.ends_at) <= now)
            )
            .order_by(col(Shift.id))
            .limit(SWEEP_BATCH)
            .with_for_update(skip_locked=True)
        )
    ).all()
    for row in rows:
        row.state = S.DONE if row.ends_at <= now and row.state is S.RUNNING else S.RUNNING
        row.touch(now)
        await session.flush()
        if row.state is S.DONE:
            await _stand_down(session, row, now)
        await _follow(session, row.order_id, now)
    return len(rows)


async def _follow(session: AsyncSession, order_id: UUID, now: datetime) -> None:
    order = await lock(session, ShiftOrder, order_id, OrderNotFoundError)
    states = {shift.state for shift in await shifts_of(session, order_id)}
    if order.state is not O.RUNNING and S.RUNNING in states and O.RUNNING in NEXT[order.state]:
        await enter(session, order, O.RUNNING, now)
    if order.state is O.RUNNING and states <= {S.DONE, S.CANCELLED}:
        await enter(session, order, O.DONE, now)


async def _stand_down(session: AsyncSession, shift: Shift, now: datetime) -> None:
    """候补 who were not needed to the end: who had confirmed has stood by and is paid for it."""
    for row in await assignments.holding_of_shift(session, shift.id):
        if row.seat is SeatKind.STANDBY:
            target = AssignmentState.RELEASED if row.state is AssignmentState.ACCEPTED else AssignmentState.STOOD_BY
            await assignments.move(session, row, target, now=now)


async def _call_off(session: AsyncSession, shift: Shift, now: datetime) -> None:
    """Under the shift's lock."""
    shift.state, shift.cancelled_at = S.CANCELLED, now
    shift.touch(now)
    await session.flush()
    await offers.end_of_shift(session, shift.id, now=now)
    limits = await law.limits_on(session, shift.day)
    for row in await assignments.holding_of_shift(session, shift.id):
        if row.state in HOLDING - {AssignmentState.PRESENT}:
            await assignments.move(session, row, AssignmentState.CALLED_OFF, now=now)
            await attendance.owe_late_cancel(session, row, limits, now)
