"""An order again: copied to later days, kept as a template, made from one."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import OrderTemplate, Shift, ShiftOrder
from app.rules.gigs.orders import (
    TemplateNotFoundError,
    TemplateTakenError,
)
from app.rules.identity.roles import Actor, Permission
from app.services.gigs.orders import SUBJECT, Opened, get_own, lock_firm, opened, own_firm, shifts_of
from app.services.identity import audit


async def copy_order(session: AsyncSession, actor: Actor, order_id: UUID, *, days: int, now: datetime) -> Opened:
    """The same order again so many days later, as a draft: last week once more is 7."""
    source = await get_own(session, actor, order_id)
    shifts = await shifts_of(session, order_id)
    await lock_firm(session, actor, source.enterprise_id, submit=False, now=now)
    return await _copied(session, actor, source, shifts, days=days, now=now)


async def keep_template(
    session: AsyncSession, actor: Actor, order_id: UUID, *, name: str, now: datetime
) -> OrderTemplate:
    source = await get_own(session, actor, order_id)
    content = source.model_dump(mode="json")
    content["shifts"] = [shift.model_dump(mode="json") for shift in await shifts_of(session, order_id)]
    row = OrderTemplate(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=source.enterprise_id, name=name, content=content,
        created_by=actor.person_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, OrderTemplate, row.model_dump()):
        raise TemplateTakenError(name=name)
    return row


async def from_template(session: AsyncSession, actor: Actor, template_id: UUID, *, days: int, now: datetime) -> Opened:
    """A draft as the template has it, its shifts so many days after those it was made of."""
    kept = (await session.exec(select(OrderTemplate).where(OrderTemplate.id == template_id))).one_or_none()
    if kept is None or kept.enterprise_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise TemplateNotFoundError
    await lock_firm(session, actor, kept.enterprise_id, submit=False, now=now)
    source = ShiftOrder.model_validate(kept.content)
    shifts = [Shift.model_validate(one) for one in kept.content["shifts"]]
    return await _copied(session, actor, source, shifts, days=days, now=now)


async def list_templates(session: ReadSession, actor: Actor, enterprise_id: UUID) -> Sequence[OrderTemplate]:
    """By name, at most 200."""
    await own_firm(session, actor, enterprise_id)
    rows = await session.exec(
        select(OrderTemplate)
        .where(OrderTemplate.enterprise_id == enterprise_id)
        .order_by(col(OrderTemplate.name), col(OrderTemplate.id))
        .limit(200)
    )
    return rows.all()


async def drop_template(session: AsyncSession, actor: Actor, template_id: UUID) -> None:
    row = (await session.exec(select(OrderTemplate).where(OrderTemplate.id == template_id))).one_or_none()
    if row is None or row.enterprise_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise TemplateNotFoundError
    await session.delete(row)


async def _copied(
    session: AsyncSession, actor: Actor, source: ShiftOrder, shifts: Sequence[Shift], *, days: int, now: datetime
) -> Opened:
    values = source.model_dump(exclude={
        "id", "created_at", "updated_at", "version", "state", "content_version", "published_at", "review_note",
        "cancelled_because", "posted_by",
    })  # fmt: skip
    row = ShiftOrder(id=new_id(), created_at=now, updated_at=now, posted_by=actor.person_id, **values)
    session.add(row)
    await session.flush()
    session.add_all(_moved(shift, row, timedelta(days=days), now) for shift in shifts)
    await session.flush()
    audit.by(session, actor, "shift_order_copied", SUBJECT, row.id, now=now)
    return await opened(session, row)


def _moved(shift: Shift, order: ShiftOrder, by: timedelta, now: datetime) -> Shift:
    # By calendar days in China, which has no summer time: the hour stays the hour.
    starts_at = shift.starts_at.astimezone(CHINA) + by
    keep = shift.model_dump(include={"break_minutes", "work_minutes", "night", "half", "seats", "standby_seats"})
    return Shift(
        id=new_id(), created_at=now, updated_at=now, order_id=order.id, enterprise_id=order.enterprise_id,
        day=china_date(starts_at), starts_at=starts_at, ends_at=shift.ends_at + by, **keep,
    )  # fmt: skip
