"""A shift with its order: what every act about a seat looks at first, and who may see it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.gigs import Shift, ShiftOrder
from app.rules.gigs.orders import PUBLIC, ShiftNotFoundError
from app.rules.identity.roles import Actor, Permission


@dataclass(frozen=True, slots=True)
class OnBoard:
    shift: Shift
    order: ShiftOrder


async def of_shift(session: AsyncSession | ReadSession, shift_id: UUID) -> OnBoard:
    """A shift that workers can see; a draft's does not exist for them."""
    found = await session.exec(
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(Shift.id == shift_id, col(ShiftOrder.state).in_(PUBLIC))
    )
    pair = found.one_or_none()
    if pair is None:
        raise ShiftNotFoundError
    return OnBoard(*pair)


async def of_firm(session: AsyncSession | ReadSession, actor: Actor, shift_id: UUID) -> OnBoard:
    """A shift of a firm whose site the actor manages; any other does not exist."""
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    found = await session.exec(
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(Shift.id == shift_id, col(Shift.enterprise_id).in_(mine))
    )
    pair = found.one_or_none()
    if pair is None:
        raise ShiftNotFoundError
    return OnBoard(*pair)


async def at_site(session: AsyncSession | ReadSession, actor: Actor, shift_id: UUID) -> OnBoard:
    """A shift of one's firm, or one at which one's firm uses the people of an agency or of another firm."""
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    found = await session.exec(
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(
            Shift.id == shift_id,
            or_(col(Shift.enterprise_id).in_(mine), col(ShiftOrder.using_enterprise_id).in_(mine)),
        )
    )
    pair = found.one_or_none()
    if pair is None:
        raise ShiftNotFoundError
    return OnBoard(*pair)


async def hold_shifts(session: AsyncSession, shift_ids: Iterable[UUID]) -> dict[UUID, OnBoard]:
    """Shifts under their locks, in id order. Worker, shifts, then offers and assignments: in this order everywhere."""
    ids = sorted(set(shift_ids))
    statement = select(Shift).where(col(Shift.id).in_(ids)).order_by(col(Shift.id)).with_for_update()
    shifts = (await session.exec(statement.execution_options(populate_existing=True))).all()
    orders = await session.exec(select(ShiftOrder).where(col(ShiftOrder.id).in_({row.order_id for row in shifts})))
    by_id = {order.id: order for order in orders}
    return {row.id: OnBoard(row, by_id[row.order_id]) for row in shifts}


async def many(session: AsyncSession | ReadSession, shift_ids: Sequence[UUID]) -> dict[UUID, OnBoard]:
    rows = await session.exec(
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(col(Shift.id).in_(set(shift_ids)))
    )
    return {shift.id: OnBoard(shift, order) for shift, order in rows}
