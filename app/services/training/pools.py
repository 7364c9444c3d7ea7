"""Pools: the same wish of many askers, quoted once, turned into a class or told why not.

Order of locks: the pool, then its demands by id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.core.upsert import insert_or_ignore
from app.models.training import Course, DemandPool, TrainingDemand
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.training import demands as rules
from app.rules.training.demands import WAITING, Asker, DemandState, PoolState
from app.schemas.training.demands import QuoteForm
from app.services.common.lists import newest_first
from app.services.identity import audit
from app.services.training.events import DemandMoved, PoolGrew, PoolSettled

MANAGE = Permission.TRAINING_MANAGE
DEMAND = "training_demand"


@dataclass(frozen=True, slots=True)
class Counted:
    """A pool, its course, and how many want it."""

    pool: DemandPool
    course: Course
    heads: int
    accepted: int
    askers: int


async def join(session: AsyncSession, demand: TrainingDemand, course: Course, *, now: datetime) -> None:
    """Into the course's open pool, which is made where there is none; told to the office once it is enough."""
    pool = await lock_open(session, course.id, now=now)
    rules.check_demand_move(demand.state, DemandState.POOLED)
    if demand.asker is Asker.PERSON:
        await _check_once(session, demand, course.id)
    demand.state, demand.pool_id, demand.course_id = DemandState.POOLED, pool.id, course.id
    await session.flush()
    heads = (await _sums(session, [pool.id]))[pool.id][0]
    if rules.is_enough(heads, course.minimum):
        await emit(session, PoolGrew(at=now, pool_id=pool.id, title=course.title, heads=heads, minimum=course.minimum))


async def lock_open(session: AsyncSession, course_id: UUID, *, now: datetime) -> DemandPool:
    fresh = DemandPool(id=new_id(), created_at=now, updated_at=now, course_id=course_id)
    await insert_or_ignore(session, DemandPool, fresh.model_dump())
    found = await session.exec(
        select(DemandPool)
        .where(DemandPool.course_id == course_id, DemandPool.state == PoolState.OPEN)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    pool = found.one_or_none()
    # Quoted by somebody between the two statements: the next one is made.
    return pool if pool is not None else await lock_open(session, course_id, now=now)


async def quote(session: AsyncSession, actor: Actor, pool_id: UUID, form: QuoteForm, *, now: datetime) -> Counted:
    """One plan for all; who asked for it in the town's own name has accepted it."""
    check_town_wide(actor, MANAGE)
    pool = await lock(session, DemandPool, pool_id, rules.PoolNotFoundError)
    check_version(pool.version, form.expected_version)
    rules.check_pool_move(pool.state, PoolState.QUOTED)
    rules.check_quote_until(form.answer_until, now)
    pool.state, pool.plan, pool.each_fen = PoolState.QUOTED, form.plan, form.each_fen
    pool.answer_until, pool.quoted_by = form.answer_until, actor.person_id
    pool.touch(now)
    course = await course_of(session, pool)
    for demand in await demands_of(session, pool_id, {DemandState.POOLED}):
        ours = demand.asker is Asker.SHORTAGE
        await move(session, demand, DemandState.QUOTED, course.title, now=now, until=form.answer_until)
        if ours:
            await move(session, demand, DemandState.ACCEPTED, course.title, now=now)
    audit.by(session, actor, "pool_quoted", "demand_pool", pool_id, now=now)
    await emit(session, PoolSettled(at=now, pool_id=pool_id, by=actor.person_id))
    return await counted(session, pool)


async def close(
    session: AsyncSession, actor: Actor, pool_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Counted:
    """No class will come of it: every asker is told, with the reason on their page."""
    check_town_wide(actor, MANAGE)
    pool = await lock(session, DemandPool, pool_id, rules.PoolNotFoundError)
    check_version(pool.version, expected_version)
    rules.check_pool_move(pool.state, PoolState.CLOSED)
    pool.state = PoolState.CLOSED
    pool.touch(now)
    course = await course_of(session, pool)
    for demand in await demands_of(session, pool_id, WAITING):
        demand.reason_sealed = crypto_of(session).seal(DEMAND, "reason", demand.id, reason)
        await move(session, demand, DemandState.DECLINED, course.title, now=now)
    audit.by(session, actor, "pool_closed", "demand_pool", pool_id, now=now)
    await emit(session, PoolSettled(at=now, pool_id=pool_id, by=actor.person_id))
    return await counted(session, pool)


async def turn_into_class(session: AsyncSession, pool_id: UUID, class_id: UUID, *, now: datetime) -> DemandPool:
    """Those who accepted get the class; the others hear that their time to answer is over."""
    pool = await lock(session, DemandPool, pool_id, rules.PoolNotFoundError)
    rules.check_pool_move(pool.state, PoolState.CLASS_CREATED)
    found = await counted(session, pool)
    if not rules.is_enough(found.accepted, found.course.minimum):
        raise rules.PoolSmallError(heads=found.accepted, minimum=found.course.minimum)
    pool.state = PoolState.CLASS_CREATED
    pool.touch(now)
    for demand in await demands_of(session, pool_id, {DemandState.ACCEPTED, DemandState.QUOTED}):
        accepted = demand.state is DemandState.ACCEPTED
        demand.class_id = class_id if accepted else None
        target = DemandState.CLASS_CREATED if accepted else DemandState.EXPIRED
        await move(session, demand, target, found.course.title, now=now)
    return pool


async def take_back(session: AsyncSession, class_id: UUID, course: Course, *, now: datetime) -> None:
    """The class was cancelled: the wishes wait for another one, with half a year before them again."""
    rows = await session.exec(
        select(col(TrainingDemand.id)).where(
            TrainingDemand.class_id == class_id, TrainingDemand.state == DemandState.CLASS_CREATED
        )
    )
    ids = rows.all()
    if not ids:
        return
    pool = await lock_open(session, course.id, now=now)
    again = await session.exec(
        select(TrainingDemand)
        .where(col(TrainingDemand.id).in_(ids), TrainingDemand.state == DemandState.CLASS_CREATED)
        .order_by(col(TrainingDemand.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for demand in again.all():
        demand.class_id, demand.pool_id, demand.expires_at = None, pool.id, now + rules.LIVES
        if demand.asker is Asker.PERSON and await _has_other(session, demand, course.id):
            # They have asked for it anew meanwhile: that one counts.
            demand.state = DemandState.EXPIRED
            demand.touch(now)
            continue
        await move(session, demand, DemandState.POOLED, course.title, now=now)


async def expire_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: a plan that nobody answered in time, pool by pool; then wishes that waited half a year."""
    due = await session.exec(
        select(DemandPool)
        .join(TrainingDemand, col(TrainingDemand.pool_id) == col(DemandPool.id))
        .where(
            DemandPool.state == PoolState.QUOTED, col(DemandPool.answer_until) <= now,
            TrainingDemand.state == DemandState.QUOTED,
        )
        .order_by(col(DemandPool.answer_until), col(DemandPool.id))
        .limit(1)
        .with_for_update(skip_locked=True, of=DemandPool)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    pool = due.first()
    if pool is not None:
        course = await course_of(session, pool)
        rows = await demands_of(session, pool.id, {DemandState.QUOTED})
        for demand in rows:
            await move(session, demand, DemandState.EXPIRED, course.title, now=now)
        return len(rows)
    return await _expire_old(session, now)


async def _expire_old(session: AsyncSession, now: datetime) -> int:
    old = await session.exec(
        select(TrainingDemand, col(Course.title))
        .join(Course, col(Course.id) == col(TrainingDemand.course_id), isouter=True)
        .where(
            col(TrainingDemand.state).in_([DemandState.SUBMITTED, DemandState.POOLED, DemandState.ACCEPTED]),
            col(TrainingDemand.expires_at) <= now,
        )
        .order_by(col(TrainingDemand.expires_at), col(TrainingDemand.id))
        .limit(100)
        .with_for_update(skip_locked=True, of=TrainingDemand)
        .execution_options(populate_existing=True)
    )
    rows = old.all()
    for demand, title in rows:
        await move(session, demand, DemandState.EXPIRED, title, now=now)
    return len(rows)


async def move(
    session: AsyncSession, demand: TrainingDemand, target: DemandState, title: str | None, *, now: datetime,
    until: datetime | None = None,
) -> None:  # fmt: skip
    """One step of a demand that is locked; its asker is told."""
    rules.check_demand_move(demand.state, target)
    demand.state = target
    demand.touch(now)
    await session.flush()
    await emit(
        session,
        DemandMoved(
            at=now, demand_id=demand.id, person_id=demand.person_id, what=title or "点单", state=target,
            class_id=demand.class_id, until=until,
        ),
    )  # fmt: skip


async def demands_of(
    session: AsyncSession, pool_id: UUID, states: set[DemandState] | frozenset[DemandState]
) -> Sequence[TrainingDemand]:
    rows = await session.exec(
        select(TrainingDemand)
        .where(TrainingDemand.pool_id == pool_id, col(TrainingDemand.state).in_(sorted(states)))
        .order_by(col(TrainingDemand.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def list_pools(
    session: ReadSession, cursors: Cursors, actor: Actor, *, state: PoolState | None, cursor: str | None, limit: int
) -> tuple[list[Counted], str | None]:
    check_town_wide(actor, MANAGE)
    query: dict[str, Any] = {"list": "pools", "state": state}
    statement = select(DemandPool)
    if state is not None:
        statement = statement.where(DemandPool.state == state)
    rows, following = await newest_first(session, cursors, query, DemandPool, statement, cursor=cursor, limit=limit)
    return await _counted(session, rows), following


async def look(session: ReadSession, actor: Actor, pool_id: UUID) -> Counted:
    check_town_wide(actor, MANAGE)
    row = (await session.exec(select(DemandPool).where(DemandPool.id == pool_id))).one_or_none()
    if row is None:
        raise rules.PoolNotFoundError
    return await counted(session, row)


async def course_of(session: AsyncSession | ReadSession, pool: DemandPool) -> Course:
    return (await session.exec(select(Course).where(Course.id == pool.course_id))).one()


async def counted(session: AsyncSession | ReadSession, pool: DemandPool) -> Counted:
    return (await _counted(session, [pool]))[0]


async def _counted(session: AsyncSession | ReadSession, pools: Sequence[DemandPool]) -> list[Counted]:
    sums = await _sums(session, [pool.id for pool in pools])
    rows = await session.exec(select(Course).where(col(Course.id).in_({pool.course_id for pool in pools})))
    courses = {row.id: row for row in rows}
    return [Counted(pool, courses[pool.course_id], *sums.get(pool.id, (0, 0, 0))) for pool in pools]


async def _sums(session: AsyncSession | ReadSession, ids: Sequence[UUID]) -> dict[UUID, tuple[int, int, int]]:
    """Heads that wait, heads that have accepted, askers."""
    accepted = case((col(TrainingDemand.state) == DemandState.ACCEPTED, col(TrainingDemand.heads)), else_=0)
    rows = await session.exec(
        select(
            col(TrainingDemand.pool_id), func.sum(TrainingDemand.heads), func.sum(accepted), func.count()
        )
        .where(col(TrainingDemand.pool_id).in_(ids), col(TrainingDemand.state).in_(sorted(WAITING)))
        .group_by(col(TrainingDemand.pool_id))
    )  # fmt: skip
    return {pool_id: (int(heads), int(taken), int(count)) for pool_id, heads, taken, count in rows if pool_id}


async def _check_once(session: AsyncSession, demand: TrainingDemand, course_id: UUID) -> None:
    if await _has_other(session, demand, course_id):
        raise rules.DemandTwiceError


async def _has_other(session: AsyncSession, demand: TrainingDemand, course_id: UUID) -> bool:
    found = await session.exec(
        select(col(TrainingDemand.id))
        .where(
            TrainingDemand.person_id == demand.person_id, TrainingDemand.course_id == course_id,
            TrainingDemand.asker == Asker.PERSON, col(TrainingDemand.state).in_(sorted(rules.OPEN)),
            TrainingDemand.id != demand.id,
        )
        .limit(1)
    )  # fmt: skip
    return found.one_or_none() is not None
