"""Orders: draft, publish under the posting rules, review, cancel with what that owes; templates and copies."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.gigs import OrderVersion, Shift, ShiftOrder
from app.models.organisation import Enterprise
from app.rules.common.tasks import TaskKind
from app.rules.gigs.orders import (
    EDITABLE,
    PUBLIC,
    OrderNotEditableError,
    OrderNotFoundError,
    OrderState,
    OrderStateError,
    ShiftState,
    check_order_step,
)
from app.rules.identity.roles import Actor, Permission, SelfReviewError, check_town_wide
from app.rules.jobs.posting import Finding
from app.rules.jobs.vacancies import EnterpriseNotYoursError
from app.rules.organisation import EnterpriseNotFoundError
from app.schemas.gigs.orders import OrderContent, OrderCreate, OrderUpdate
from app.services.common.content import SCENE_FORUM, ContentVerdict, check_texts
from app.services.common.tasks import close_tasks, open_task
from app.services.gigs import law, order_forms, publishing_blocks, sharing_agreements
from app.services.gigs.events import OrderReviewed
from app.services.identity import audit
from app.services.identity.members import people_with
from app.services.jobs.named import occupation_name
from app.services.jobs.rulebook import current_rule_book
from app.services.organisation.enterprises import find_by_name, get_enterprise, may_publish
from app.services.runtime import Runtime

SUBJECT = "shift_order"
# As for postings (jobs design): what is held is answered within two duty hours.
REVIEW_WITHIN = timedelta(hours=2)
SWEEP_BATCH = 100
O = OrderState  # noqa: E741  # one letter keeps a line a line
S = ShiftState

# The firm at which the work is sees an order once it is out.
SEEN_BY_USING = PUBLIC | {OrderState.DONE}


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
    enterprise = await lock_firm(session, actor, form.enterprise_id, submit=form.submit, now=now)
    row = ShiftOrder(
        id=new_id(), created_at=now, updated_at=now, enterprise_id=enterprise.id, enterprise_name=enterprise.name,
        posted_by=actor.person_id, area_id=form.area_id or enterprise.area_id,
        using_enterprise_id=await using_firm(session, form),
        process_name=await occupation_name(session, form.process_code), **order_forms.columns_of(form),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    await _replaceshifts_of(session, row, form, now)
    await sharing_agreements.apply_to(session, row, [china_date(one.starts_at) for one in form.shifts])
    if form.submit:
        await _submit(session, row, verdict, now)
    audit.by(session, actor, "shift_order_created", SUBJECT, row.id, now=now)
    return await opened(session, row)


async def update_order(
    runtime: Runtime, session: AsyncSession, actor: Actor, order_id: UUID, form: OrderUpdate
) -> Opened:
    """Replaces the whole form of what nobody has accepted yet: a draft, or what was returned."""
    async with runtime.db.reading() as reading:
        seen = await get_own(reading, actor, order_id)
    _, verdict = await _examine(runtime, actor, form, seen.enterprise_id)
    now = runtime.clock.now()
    enterprise = await lock_firm(session, actor, seen.enterprise_id, submit=form.submit, now=now)
    row = await lock(session, ShiftOrder, order_id, OrderNotFoundError)
    check_version(row.version, form.expected_version)
    if row.state not in EDITABLE:
        raise OrderNotEditableError(current=row.state.label)
    for name, value in order_forms.columns_of(form).items():
        setattr(row, name, value)
    row.using_enterprise_id = await using_firm(session, form)
    row.process_name = await occupation_name(session, form.process_code)
    row.area_id = form.area_id or enterprise.area_id
    row.content_version += 1
    row.touch(now)
    await session.flush()
    await _replaceshifts_of(session, row, form, now)
    await sharing_agreements.apply_to(session, row, [china_date(one.starts_at) for one in form.shifts])
    if form.submit:
        await _submit(session, row, verdict, now)
    audit.by(session, actor, "shift_order_updated", SUBJECT, row.id, now=now)
    return await opened(session, row)


async def using_firm(session: AsyncSession, form: OrderContent) -> UUID | None:
    """The firm that an agency names, where the town knows it: its staff see the order and run the gate."""
    return None if form.using_firm is None else await find_by_name(session, form.using_firm)


async def lint(runtime: Runtime, session: ReadSession, actor: Actor, form: OrderCreate) -> list[Finding]:
    """The same findings as at publishing; stores nothing and asks WeChat nothing."""
    enterprise = await own_firm(session, actor, form.enterprise_id)
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
    if publish:
        await publishing_blocks.check_may_publish(session, row.enterprise_id)
    row.review_note = note or None
    await enter(session, row, target, now)
    await close_tasks(session, TaskKind.GIG_ORDER_REVIEW, row.id, by=actor.person_id, now=now)
    audit.by(session, actor, "shift_order_reviewed", SUBJECT, row.id, now=now, state=target)
    await emit(
        session,
        OrderReviewed(
            at=now, order_id=row.id, person_id=row.posted_by, title=row.title, published=publish, note=note or None
        ),
    )
    return await opened(session, row)


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
    """One's firm's order, or one by which another employer's people come to work at one's firm."""
    mine = sorted(actor.enterprises(Permission.GIG_ORDER_WRITE))
    whose = or_(
        col(ShiftOrder.enterprise_id).in_(mine),
        and_(col(ShiftOrder.using_enterprise_id).in_(mine), col(ShiftOrder.state).in_(SEEN_BY_USING)),
    )
    row = (await session.exec(select(ShiftOrder).where(ShiftOrder.id == order_id, whose))).one_or_none()
    if row is None:
        raise OrderNotFoundError
    return await opened(session, row)


async def list_own(
    session: ReadSession, cursors: Cursors, actor: Actor, enterprise_id: UUID, *, cursor: str | None, limit: int
) -> tuple[list[Listed], str | None]:
    """Newest first, with how far each is filled; two statements a page. With those of other employers for this firm."""
    await own_firm(session, actor, enterprise_id)
    return await _list(
        session,
        cursors,
        {"list": "orders", "firm": enterprise_id},
        or_(
            col(ShiftOrder.enterprise_id) == enterprise_id,
            and_(col(ShiftOrder.using_enterprise_id) == enterprise_id, col(ShiftOrder.state).in_(SEEN_BY_USING)),
        ),
        cursor,
        limit,
    )


async def list_held(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Listed], str | None]:
    """What waits for the gigs office."""
    check_town_wide(actor, Permission.GIG_ORDER_REVIEW)
    return await _list(session, cursors, {"list": "held orders"}, ShiftOrder.state == O.IN_REVIEW, cursor, limit)


async def _examine(
    runtime: Runtime, actor: Actor, form: OrderContent, enterprise_id: UUID
) -> tuple[list[Finding], ContentVerdict]:
    now = runtime.clock.now()
    async with runtime.db.reading() as reading:
        enterprise = await own_firm(reading, actor, enterprise_id)
        approved = await may_publish(reading, enterprise, china_date(now))
        book = await current_rule_book(reading)
        order_forms.check_values(form, book, await law.limits_on(reading, china_date(now)), now)
        findings = order_forms.findings_of(form, book, approved=approved, kind=enterprise.kind.value, now=now)
    if not form.submit:
        return findings, ContentVerdict(held=None)
    order_forms.refuse_blocked(findings)
    texts = order_forms.texts_of(form)
    return findings, await check_texts(runtime, actor, texts, scene=SCENE_FORUM, title=form.title)


async def own_firm(session: ReadSession | AsyncSession, actor: Actor, enterprise_id: UUID) -> Enterprise:
    if enterprise_id not in actor.enterprises(Permission.GIG_ORDER_WRITE):
        raise EnterpriseNotYoursError
    return await get_enterprise(session, enterprise_id)


async def lock_firm(
    session: AsyncSession, actor: Actor, enterprise_id: UUID, *, submit: bool, now: datetime
) -> Enterprise:
    """What the checks relied on may have changed while WeChat was asked: look again, under the lock."""
    enterprise = await lock(session, Enterprise, enterprise_id, EnterpriseNotFoundError)
    if actor.person_id not in await people_with(session, Permission.GIG_ORDER_WRITE, enterprise_id, now=now):
        raise EnterpriseNotYoursError
    if submit and not await may_publish(session, enterprise, china_date(now)):
        raise OrderStateError(current=f"企业{enterprise.state.label}", target=O.PUBLISHED.label)
    if submit:
        await publishing_blocks.check_may_publish(session, enterprise_id)
    return enterprise


async def _replaceshifts_of(session: AsyncSession, row: ShiftOrder, form: OrderContent, now: datetime) -> None:
    for old in await shifts_of(session, row.id):
        await session.delete(old)
    await session.flush()
    limits = await law.limits_on(session, china_date(now))
    session.add_all(order_forms.shifts_of(form, row, limits, now))
    await session.flush()


async def _submit(session: AsyncSession, row: ShiftOrder, verdict: ContentVerdict, now: datetime) -> None:
    row.review_note = verdict.held
    if verdict.held is None:
        await enter(session, row, O.PUBLISHED, now)
        return
    await enter(session, row, O.IN_REVIEW, now)
    await open_task(
        session, TaskKind.GIG_ORDER_REVIEW, row.id, title=f"复核用工订单“{row.title}”（{row.enterprise_name}）",
        now=now, due_at=now + REVIEW_WITHIN,
    )  # fmt: skip


async def enter(session: AsyncSession, row: ShiftOrder, target: OrderState, now: datetime) -> None:
    """The only place that changes an order's state: version frozen, shifts in step."""
    check_order_step(row.state, target)
    row.state = target
    row.touch(now)
    if target is O.PUBLISHED:
        row.published_at = row.published_at or now
        content = row.model_dump(mode="json", exclude={"state", "version", "review_note", "cancelled_because"})
        version = OrderVersion(order_id=row.id, number=row.content_version, content=content, created_at=now)
        await insert_or_ignore(session, OrderVersion, version.model_dump())
        for shift in await shifts_of(session, row.id):
            if shift.state is S.PLANNED:
                shift.state = S.OPEN
                shift.touch(now)
    await session.flush()


async def shifts_of(session: ReadSession | AsyncSession, order_id: UUID) -> Sequence[Shift]:
    rows = await session.exec(
        select(Shift).where(Shift.order_id == order_id).order_by(col(Shift.starts_at), col(Shift.id))
    )
    return rows.all()


async def opened(session: ReadSession | AsyncSession, row: ShiftOrder) -> Opened:
    return Opened(row, await shifts_of(session, row.id))


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
