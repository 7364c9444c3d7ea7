"""Orders: draft, publish under the posting rules, review, cancel with what that owes; templates and copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.gigs import OrderTemplate, OrderVersion, Shift, ShiftOrder
from app.models.organisation import Enterprise
from app.rules.common.tasks import TaskKind
from app.rules.gigs.offers import HOLDING, AssignmentState
from app.rules.gigs.orders import (
    EDITABLE,
    NEXT,
    SHIFT_NEXT,
    OrderNotEditableError,
    OrderNotFoundError,
    OrderState,
    OrderStateError,
    ShiftNotFoundError,
    ShiftState,
    TemplateNotFoundError,
    TemplateTakenError,
    check_order_step,
    check_shift_step,
)
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.jobs.posting import Finding
from app.rules.jobs.vacancies import EnterpriseNotYoursError
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.gigs.orders import OrderContent, OrderCreate, OrderUpdate
from app.services.common.content import SCENE_FORUM, ContentVerdict, check_texts
from app.services.common.tasks import close_tasks, open_task
from app.services.events import OrderReviewed
from app.services.gigs import assignments, attendance, board, law, offers, order_forms
from app.services.identity import audit
from app.services.identity.members import people_with
from app.services.jobs.named import occupation_name
from app.services.jobs.rulebook import current_rule_book
from app.services.organisation.enterprises import get_enterprise, may_publish
from app.services.runtime import Runtime

SUBJECT = "shift_order"
# As for postings (jobs design): what is held is answered within two duty hours.
REVIEW_WITHIN = timedelta(hours=2)
SWEEP_BATCH = 100
O = OrderState  # noqa: E741  # one letter keeps a line a line
S = ShiftState


@dataclass(frozen=True, slots=True)
class Opened:
    order: ShiftOrder
    shifts: Sequence[Shift]


@dataclass(frozen=True, slots=True)
class Listed:
    order: ShiftOrder
    first_starts_at: datetime | None
    shifts: int
    seats: int
    taken: int


async def create_order(runtime: Runtime, session: AsyncSession, actor: Actor, form: OrderCreate) -> Opened:
    """Rules and content check first, outside the transaction; then one short transaction re-checks and writes."""
    _, verdict = await _examine(runtime, actor, form, form.enterprise_id)
    now = runtime.clock.now()
    enterprise = await _lock_firm(session, actor, form.enterprise_id, submit=form.submit, now=now)
    row = ShiftOrder(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise.id, enterprise_name=enterprise.name,
        posted_by=actor.person_id, area_id=form.area_id or enterprise.area_id,
        process_name=await occupation_name(session, form.process_code), **order_forms.columns_of(form),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _replace_shifts(session, row, form, now)
    if form.submit:
        await _submit(session, row, verdict, now)
    audit.by(session, actor, "shift_order_created", SUBJECT, row.id, now=now)
    return await _opened(session, row)


async def update_order(
    runtime: Runtime, session: AsyncSession, actor: Actor, order_id: UUID, form: OrderUpdate
) -> Opened:
    """Replaces the whole form of what nobody has accepted yet: a draft, or what was returned."""
    async with runtime.db.reading() as reading:
        seen = await get_own(reading, actor, order_id)
    _, verdict = await _examine(runtime, actor, form, seen.enterprise_id)
    now = runtime.clock.now()
    enterprise = await _lock_firm(session, actor, seen.enterprise_id, submit=form.submit, now=now)
    row = await lock(session, ShiftOrder, order_id, OrderNotFoundError)
    check_version(row.version, form.expected_version)
    if row.state not in EDITABLE:
        raise OrderNotEditableError(current=row.state.label)
    for name, value in order_forms.columns_of(form).items():
        setattr(row, name, value)
    row.process_name = await occupation_name(session, form.process_code)
    row.area_id = form.area_id or enterprise.area_id
    row.content_version += 1
    row.touch(now)
    await session.flush()
    await _replace_shifts(session, row, form, now)
    if form.submit:
        await _submit(session, row, verdict, now)
    audit.by(session, actor, "shift_order_updated", SUBJECT, row.id, now=now)
    return await _opened(session, row)


async def lint(runtime: Runtime, session: ReadSession, actor: Actor, form: OrderCreate) -> list[Finding]:
    """The same findings as at publishing; stores nothing and asks WeChat nothing."""
    enterprise = await _own_firm(session, actor, form.enterprise_id)
    now = runtime.clock.now()
    book = await current_rule_book(session)
    order_forms.check_values(form, book, await law.limits_on(session, china_date(now)), now)
    approved = await may_publish(session, enterprise, china_date(now))
    return order_forms.findings_of(form, book, approved=approved, kind=enterprise.kind.value, now=now)


async def review(
    session: AsyncSession,
    actor: Actor,
    order_id: UUID,
    *,
    publish: bool,
    note: str,
    expected_version: int,
    now: datetime,
) -> Opened:
    """The gigs office answers what was held."""
    check_town_wide(actor, Permission.GIG_ORDER_REVIEW)
    seen = (await session.exec(select(ShiftOrder).where(ShiftOrder.id == order_id))).one_or_none()
    if seen is None or seen.state is O.DRAFT:
        raise OrderNotFoundError
    enterprise = await lock(session, Enterprise, seen.enterprise_id, EnterpriseNotFoundError)
    row = await lock(session, ShiftOrder, order_id, OrderNotFoundError)
    if row.posted_by == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    target = O.PUBLISHED if publish else O.RETURNED
    if row.state is not O.IN_REVIEW:
        raise OrderStateError(current=row.state.label, target=target.label)
    if publish and not await may_publish(session, enterprise, china_date(now)):
        raise OrderStateError(current=f"企业{enterprise.state.label}", target=target.label)
    row.review_note = note or None
    await _enter(session, row, target, now)
    await close_tasks(session, TaskKind.GIG_ORDER_REVIEW, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "shift_order_reviewed", SUBJECT, row.id, now=now, state=target)
    await emit(
        session,
        OrderReviewed(
            at=now, order_id=row.id, person_id=row.posted_by, title=row.title, published=publish, note=note or None
        ),
    )
    return await _opened(session, row)


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
    for shift in await _shifts(session, order_id):
        if S.CANCELLED in SHIFT_NEXT[shift.state]:
            await _call_off(session, shift, now)
    row.cancelled_because = reason
    await _enter(session, row, O.CANCELLED, now)
    await close_tasks(session, TaskKind.GIG_ORDER_REVIEW, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "shift_order_cancelled", SUBJECT, row.id, now=now, reason=reason)
    return await _opened(session, row)


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
    return await _opened(session, (await session.exec(select(ShiftOrder).where(ShiftOrder.id == shift.order_id))).one())


async def get_own(session: ReadSession | AsyncSession, actor: Actor, order_id: UUID) -> ShiftOrder:
    mine = sorted(actor.enterprises(Permission.GIG_ORDER_WRITE))
    found = await session.exec(
        select(ShiftOrder).where(ShiftOrder.id == order_id, col(ShiftOrder.enterprise_id).in_(mine))
    )
    row = found.one_or_none()
    if row is None:
        raise OrderNotFoundError
    return row


async def open_own(session: ReadSession, actor: Actor, order_id: UUID) -> Opened:
    return await _opened(session, await get_own(session, actor, order_id))


async def list_own(
    session: ReadSession, cursors: Cursors, actor: Actor, enterprise_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[Listed], str | None]:
    """Newest first, with how far each is filled; two statements a page."""
    await _own_firm(session, actor, enterprise_id)
    return await _list(
        session,
        cursors,
        {"list": "orders", "firm": enterprise_id},
        ShiftOrder.enterprise_id == enterprise_id,
        cursor,
        limit,
    )


async def list_held(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Listed], str | None]:
    """What waits for the gigs office."""
    check_town_wide(actor, Permission.GIG_ORDER_REVIEW)
    return await _list(session, cursors, {"list": "held orders"}, ShiftOrder.state == O.IN_REVIEW, cursor, limit)


async def copy_order(session: AsyncSession, actor: Actor, order_id: UUID, *, days: int, now: datetime) -> Opened:
    """The same order again so many days later, as a draft: last week once more is 7."""
    source = await get_own(session, actor, order_id)
    shifts = await _shifts(session, order_id)
    await _lock_firm(session, actor, source.enterprise_id, submit=False, now=now)
    return await _copied(session, actor, source, shifts, days=days, now=now)


async def keep_template(
    session: AsyncSession, actor: Actor, order_id: UUID, *, name: str, now: datetime
) -> OrderTemplate:
    source = await get_own(session, actor, order_id)
    content = source.model_dump(mode="json")
    content["shifts"] = [shift.model_dump(mode="json") for shift in await _shifts(session, order_id)]
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
    await _lock_firm(session, actor, kept.enterprise_id, submit=False, now=now)
    source = ShiftOrder.model_validate(kept.content)
    shifts = [Shift.model_validate(one) for one in kept.content["shifts"]]
    return await _copied(session, actor, source, shifts, days=days, now=now)


async def list_templates(session: ReadSession, actor: Actor, enterprise_id: UUID) -> Sequence[OrderTemplate]:
    """By name, at most 200."""
    await _own_firm(session, actor, enterprise_id)
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
        await _follow(session, row.order_id, now)
    return len(rows)


async def _follow(session: AsyncSession, order_id: UUID, now: datetime) -> None:
    order = await lock(session, ShiftOrder, order_id, OrderNotFoundError)
    states = {shift.state for shift in await _shifts(session, order_id)}
    if order.state is not O.RUNNING and S.RUNNING in states and O.RUNNING in NEXT[order.state]:
        await _enter(session, order, O.RUNNING, now)
    if order.state is O.RUNNING and states <= {S.DONE, S.CANCELLED}:
        await _enter(session, order, O.DONE, now)


async def _examine(
    runtime: Runtime, actor: Actor, form: OrderContent, enterprise_id: UUID
) -> tuple[list[Finding], ContentVerdict]:
    now = runtime.clock.now()
    async with runtime.db.reading() as reading:
        enterprise = await _own_firm(reading, actor, enterprise_id)
        approved = await may_publish(reading, enterprise, china_date(now))
        book = await current_rule_book(reading)
        order_forms.check_values(form, book, await law.limits_on(reading, china_date(now)), now)
        findings = order_forms.findings_of(form, book, approved=approved, kind=enterprise.kind.value, now=now)
    if not form.submit:
        return findings, ContentVerdict(held=None)
    order_forms.refuse_blocked(findings)
    texts = order_forms.texts_of(form)
    return findings, await check_texts(runtime, actor, texts, scene=SCENE_FORUM, title=form.title)


async def _own_firm(session: ReadSession | AsyncSession, actor: Actor, enterprise_id: UUID) -> Enterprise:
    if enterprise_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise EnterpriseNotYoursError
    return await get_enterprise(session, enterprise_id)


async def _lock_firm(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, submit: bool, now: datetime
) -> Enterprise:
    """What the checks relied on may have changed while WeChat was asked: look again, under the lock."""
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if actor.person_id not in await people_with(session, Permission.GIG_ORDER_WRITE, enterprise_id, now=now):
        raise EnterpriseNotYoursError
    if submit and not await may_publish(session, enterprise, china_date(now)):
        raise OrderStateError(current=f"企业{enterprise.state.label}", target=O.PUBLISHED.label)
    return enterprise


async def _replace_shifts(session: AsyncSession, row: ShiftOrder, form: OrderContent, now: datetime) -> None:
    for old in await _shifts(session, row.id):
        await session.delete(old)
    await session.flush()
    limits = await law.limits_on(session, china_date(now))
    session.add_all(order_forms.shifts_of(form, row, limits, now))
    await session.flush()


async def _submit(session: AsyncSession, row: ShiftOrder, verdict: ContentVerdict, now: datetime) -> None:
    row.review_note = verdict.held
    if verdict.held is None:
        await _enter(session, row, O.PUBLISHED, now)
        return
    await _enter(session, row, O.IN_REVIEW, now)
    await open_task(
        session, TaskKind.GIG_ORDER_REVIEW, row.id, title=f"复核用工订单“{row.title}”（{row.enterprise_name}）",
        now=now, due_at=now + REVIEW_WITHIN,
    )  # fmt: skip


async def _enter(session: AsyncSession, row: ShiftOrder, target: OrderState, now: datetime) -> None:
    """The only place that changes an order's state: version frozen, shifts in step."""
    check_order_step(row.state, target)
    row.state = target
    row.touch(now)
    if target is O.PUBLISHED:
        row.published_at = row.published_at or now
        content = row.model_dump(mode="json", exclude={"state", "version", "review_note", "cancelled_because"})
        version = OrderVersion(order_id=row.id, number=row.content_version, content=content, created_at=now)
        await insert_or_ignore(session, OrderVersion, version.model_dump())
        for shift in await _shifts(session, row.id):
            if shift.state is S.PLANNED:
                shift.state = S.OPEN
                shift.touch(now)
    await session.flush()


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
    return await _opened(session, row)


def _moved(shift: Shift, order: ShiftOrder, by: timedelta, now: datetime) -> Shift:
    # By calendar days in China, which has no summer time: the hour stays the hour.
    starts_at = shift.starts_at.astimezone(CHINA) + by
    keep = shift.model_dump(include={"break_minutes", "work_minutes", "night", "half", "seats", "standby_seats"})
    return Shift(
        id=new_id(), created_at=now, updated_at=now, order_id=order.id, enterprise_id=order.enterprise_id,
        day=china_date(starts_at), starts_at=starts_at, ends_at=shift.ends_at + by, **keep,
    )  # fmt: skip


async def _shifts(session: ReadSession | AsyncSession, order_id: UUID) -> Sequence[Shift]:
    rows = await session.exec(
        select(Shift).where(Shift.order_id == order_id).order_by(col(Shift.starts_at), col(Shift.id))
    )
    return rows.all()


async def _opened(session: ReadSession | AsyncSession, row: ShiftOrder) -> Opened:
    return Opened(row, await _shifts(session, row.id))


async def _list(
    session: ReadSession, cursors: Cursors, query: dict[str, Any], which: Any, cursor: str | None, limit: int
) -> tuple[list[Listed], str | None]:
    keys = [col(ShiftOrder.created_at), col(ShiftOrder.id)]
    statement = select(ShiftOrder).where(which)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.created_at, row.id])
    columns: tuple[Any, ...] = (
        col(Shift.order_id), func.min(col(Shift.starts_at)), func.count(), func.sum(col(Shift.seats)),
        func.sum(col(Shift.taken)),
    )  # fmt: skip
    counted: Any = await session.exec(
        select(*columns).where(col(Shift.order_id).in_([row.id for row in rows])).group_by(col(Shift.order_id))
    )
    by_order = {order_id: rest for order_id, *rest in counted}
    empty: list[Any] = [None, 0, 0, 0]
    return [Listed(row, *by_order.get(row.id, empty)) for row in rows], following
