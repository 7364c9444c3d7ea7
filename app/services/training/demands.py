"""点单: what a person, a firm or a grid asks for; drafts, answers to a plan, the office's matching and declining."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors
from app.models.training import Course, DemandPool, TrainingDemand
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_town_wide
from app.rules.training import demands as rules
from app.rules.training.courses import CourseState
from app.rules.training.demands import Asker, DemandState
from app.schemas.training.demands import DemandForm, DemandUpdate
from app.services.common.lists import newest_first
from app.services.identity import audit
from app.services.identity.consents import consents_of
from app.services.organisation.facts import grid_exists, grids_of_areas
from app.services.training import pools
from app.services.training.events import DemandMatched, DemandUnmatched
from app.services.training.pools import DEMAND, MANAGE, move

ORDER = Permission.TRAINING_ORDER


@dataclass(frozen=True, slots=True)
class Asked:
    """A demand with what stands beside it; words opened."""

    row: TrainingDemand
    course: Course | None
    pool: DemandPool | None
    wish: str | None
    reason: str | None


def asked_by(actor: Actor) -> ColumnElement[bool]:
    """One's own, one's firm's, one's grid's."""
    firms, grids, areas = (
        sorted(actor.scopes(ORDER, kind)) for kind in (ScopeKind.ENTERPRISE, ScopeKind.GRID, ScopeKind.AREA)
    )
    town = true() if actor.town_wide(ORDER) else false()
    of_grid = or_(col(TrainingDemand.grid_id).in_(grids), col(TrainingDemand.grid_id).in_(grids_of_areas(areas)), town)
    return or_(
        and_(col(TrainingDemand.asker) == Asker.PERSON, col(TrainingDemand.person_id) == actor.person_id),
        col(TrainingDemand.enterprise_id).in_(firms),
        and_(col(TrainingDemand.asker) == Asker.GRID, of_grid),
    )


async def place(session: AsyncSession, actor: Actor, form: DemandForm, *, now: datetime) -> Asked:
    """From the menu or in free words; a draft where the asker is not sure yet."""
    await _check_asker(session, actor, form)
    rules.check_wish(has_course=form.course_id is not None, wish=form.wish)
    rules.check_heads(form.asker, form.heads)
    course = await _course(session, form.course_id)
    demand_id = new_id()
    row = TrainingDemand(
        id=demand_id, created_at=now, updated_at=now, asker=form.asker, person_id=actor.person_id,
        enterprise_id=form.enterprise_id, grid_id=form.grid_id, course_id=form.course_id, heads=form.heads,
        wish_sealed=_sealed_wish(session, demand_id, form.wish), expires_at=now + rules.LIVES,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    if form.submit:
        await _settle(session, row, course, now=now)
    audit.by(session, actor, "demand_placed", DEMAND, row.id, now=now)
    return await opened(session, row)


async def update(session: AsyncSession, actor: Actor, demand_id: UUID, form: DemandUpdate, *, now: datetime) -> Asked:
    row = await _lock_own(session, actor, demand_id)
    check_version(row.version, form.expected_version)
    if row.state is not DemandState.DRAFT:
        raise rules.DemandStateError(current=row.state.label, target=DemandState.DRAFT.label)
    rules.check_wish(has_course=form.course_id is not None, wish=form.wish)
    rules.check_heads(row.asker, form.heads)
    await _course(session, form.course_id)
    row.course_id, row.heads = form.course_id, form.heads
    row.wish_sealed = _sealed_wish(session, row.id, form.wish)
    row.touch(now)
    await session.flush()
    return await opened(session, row)


async def submit(
    session: AsyncSession, actor: Actor, demand_id: UUID, *, expected_version: int, now: datetime
) -> Asked:
    row = await _lock_own(session, actor, demand_id)
    check_version(row.version, expected_version)
    if row.state is not DemandState.DRAFT:
        raise rules.DemandStateError(current=row.state.label, target=DemandState.SUBMITTED.label)
    course = await _course(session, row.course_id)
    row.expires_at = now + rules.LIVES
    row.touch(now)
    await session.flush()
    await _settle(session, row, course, now=now)
    return await opened(session, row)


async def answer(
    session: AsyncSession, actor: Actor, demand_id: UUID, *, accept: bool, expected_version: int, now: datetime
) -> Asked:
    """To the plan that was offered."""
    await _check_own(session, actor, demand_id)
    pool, row = await _lock_with_pool(session, demand_id)
    check_version(row.version, expected_version)
    rules.check_demand_move(row.state, DemandState.ACCEPTED if accept else DemandState.DECLINED)
    if row.state is not DemandState.QUOTED or pool is None:
        raise rules.DemandStateError(current=row.state.label, target=DemandState.ACCEPTED.label)
    if pool.answer_until is not None and now >= pool.answer_until:
        raise rules.QuoteOverError
    row.state = DemandState.ACCEPTED if accept else DemandState.DECLINED
    row.touch(now)
    await session.flush()
    return await opened(session, row)


async def drop(session: AsyncSession, actor: Actor, demand_id: UUID, *, expected_version: int, now: datetime) -> Asked:
    """The asker does not want it any more."""
    await _check_own(session, actor, demand_id)
    _, row = await _lock_with_pool(session, demand_id)
    check_version(row.version, expected_version)
    rules.check_demand_move(row.state, DemandState.DECLINED)
    matched = row.state is DemandState.SUBMITTED
    row.state = DemandState.DECLINED
    row.touch(now)
    await session.flush()
    if matched:
        await emit(session, DemandMatched(at=now, demand_id=row.id, by=None))
    return await opened(session, row)


async def match(
    session: AsyncSession, actor: Actor, demand_id: UUID, *, course_id: UUID, expected_version: int, now: datetime
) -> Asked:
    """The office says which course free words mean."""
    check_town_wide(actor, MANAGE)
    course = await _course(session, course_id)
    assert course is not None  # noqa: S101  # an id was given
    row = await lock(session, TrainingDemand, demand_id, rules.DemandNotFoundError)
    check_version(row.version, expected_version)
    if row.state is not DemandState.SUBMITTED:
        raise rules.DemandStateError(current=row.state.label, target=DemandState.POOLED.label)
    await pools.join(session, row, course, now=now)
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "demand_matched", DEMAND, row.id, now=now)
    await emit(session, DemandMatched(at=now, demand_id=row.id, by=actor.person_id))
    return await opened(session, row)


async def decline(
    session: AsyncSession, actor: Actor, demand_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Asked:
    """The office cannot offer it, and says why."""
    check_town_wide(actor, MANAGE)
    _, row = await _lock_with_pool(session, demand_id)
    check_version(row.version, expected_version)
    unmatched = row.state is DemandState.SUBMITTED
    row.reason_sealed = crypto_of(session).seal(DEMAND, "reason", row.id, reason)
    found = await opened(session, row)
    await move(session, row, DemandState.DECLINED, found.course.title if found.course else None, now=now)
    audit.by(session, actor, "demand_declined", DEMAND, row.id, now=now)
    if unmatched:
        await emit(session, DemandMatched(at=now, demand_id=row.id, by=actor.person_id))
    return await opened(session, row)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Asked], str | None]:
    query: dict[str, Any] = {"list": "my demands", "person": actor.person_id}
    statement = select(TrainingDemand).where(asked_by(actor))
    rows, following = await newest_first(session, cursors, query, TrainingDemand, statement, cursor=cursor, limit=limit)
    return await opened_all(session, list(rows)), following


async def list_all(
    session: ReadSession, cursors: Cursors, actor: Actor, *, state: DemandState | None, pool_id: UUID | None,
    cursor: str | None, limit: int,
) -> tuple[list[Asked], str | None]:  # fmt: skip
    """The office's: everything that was sent in."""
    check_town_wide(actor, MANAGE)
    query: dict[str, Any] = {"list": "demands", "state": state, "pool": pool_id}
    statement = select(TrainingDemand).where(TrainingDemand.state != DemandState.DRAFT)
    if state is not None:
        statement = statement.where(TrainingDemand.state == state)
    if pool_id is not None:
        statement = statement.where(TrainingDemand.pool_id == pool_id)
    rows, following = await newest_first(session, cursors, query, TrainingDemand, statement, cursor=cursor, limit=limit)
    return await opened_all(session, list(rows)), following


async def look(session: ReadSession, actor: Actor, demand_id: UUID) -> Asked:
    office = and_(true() if actor.town_wide(MANAGE) else false(), col(TrainingDemand.state) != DemandState.DRAFT)
    statement = select(TrainingDemand).where(TrainingDemand.id == demand_id, or_(asked_by(actor), office))
    row = (await session.exec(statement)).one_or_none()
    if row is None:
        raise rules.DemandNotFoundError
    return await opened(session, row)


async def end_all_of(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Somebody who goes asks for nothing any more; what a firm or a grid asked for stays theirs."""
    rows = await session.exec(
        select(TrainingDemand)
        .where(
            TrainingDemand.person_id == person_id, TrainingDemand.asker == Asker.PERSON,
            col(TrainingDemand.state).in_(sorted({DemandState.DRAFT, *rules.OPEN})),
        )
        .order_by(col(TrainingDemand.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )  # fmt: skip
    for row in rows.all():
        if row.state is DemandState.SUBMITTED:
            await emit(session, DemandMatched(at=now, demand_id=row.id, by=None))
        row.state, row.wish_sealed = DemandState.DECLINED, None
        row.touch(now)
    await session.flush()


async def opened(session: AsyncSession | ReadSession, row: TrainingDemand) -> Asked:
    return (await opened_all(session, [row]))[0]


async def opened_all(session: AsyncSession | ReadSession, rows: list[TrainingDemand]) -> list[Asked]:
    crypto = crypto_of(session)
    courses = {
        row.id: row for row in await session.exec(select(Course).where(col(Course.id).in_({r.course_id for r in rows})))
    }
    found = {
        row.id: row
        for row in await session.exec(select(DemandPool).where(col(DemandPool.id).in_({r.pool_id for r in rows})))
    }
    return [
        Asked(
            row, courses.get(row.course_id) if row.course_id else None, found.get(row.pool_id) if row.pool_id else None,
            crypto.open_if(DEMAND, "wish", row.id, row.wish_sealed),
            crypto.open_if(DEMAND, "reason", row.id, row.reason_sealed),
        )
        for row in rows
    ]  # fmt: skip


async def _check_asker(session: AsyncSession, actor: Actor, form: DemandForm) -> None:
    if form.asker is Asker.PERSON:
        check_consent(await consents_of(session, actor.person_id), ConsentPurpose.SERVICE)
        return
    if form.asker is Asker.ENTERPRISE:
        if form.enterprise_id not in actor.scopes(ORDER, ScopeKind.ENTERPRISE):
            raise rules.AskerForbiddenError
        return
    if not actor.can(ORDER) or form.grid_id is None or not await _has_grid(session, actor, form.grid_id):
        raise rules.AskerForbiddenError


async def _has_grid(session: AsyncSession, actor: Actor, grid_id: UUID) -> bool:
    if actor.town_wide(ORDER):
        return await grid_exists(session, grid_id)
    if grid_id in actor.scopes(ORDER, ScopeKind.GRID):
        return True
    areas = sorted(actor.scopes(ORDER, ScopeKind.AREA))
    return grid_id in set((await session.exec(grids_of_areas(areas))).all())


async def _course(session: AsyncSession, course_id: UUID | None) -> Course | None:
    if course_id is None:
        return None
    row = (await session.exec(select(Course).where(Course.id == course_id))).one_or_none()
    if row is None or row.state is not CourseState.PUBLISHED:
        raise rules.DemandCourseError
    return row


async def _settle(session: AsyncSession, row: TrainingDemand, course: Course | None, *, now: datetime) -> None:
    """A course chosen from the menu pools at once; free words wait for the office."""
    if course is not None:
        await pools.join(session, row, course, now=now)
        return
    rules.check_demand_move(row.state, DemandState.SUBMITTED)
    row.state = DemandState.SUBMITTED
    await session.flush()
    await emit(session, DemandUnmatched(at=now, demand_id=row.id, heads=row.heads))


def _sealed_wish(session: AsyncSession, demand_id: UUID, wish: str | None) -> bytes | None:
    return None if wish is None else crypto_of(session).seal(DEMAND, "wish", demand_id, wish)


async def _check_own(session: AsyncSession, actor: Actor, demand_id: UUID) -> None:
    found = await session.exec(select(col(TrainingDemand.id)).where(TrainingDemand.id == demand_id, asked_by(actor)))
    if found.one_or_none() is None:
        raise rules.DemandNotFoundError


async def _lock_own(session: AsyncSession, actor: Actor, demand_id: UUID) -> TrainingDemand:
    await _check_own(session, actor, demand_id)
    return await lock(session, TrainingDemand, demand_id, rules.DemandNotFoundError)


async def _lock_with_pool(session: AsyncSession, demand_id: UUID) -> tuple[DemandPool | None, TrainingDemand]:
    """The pool first: a plan, a class and an answer meet there."""
    seen = (await session.exec(select(col(TrainingDemand.pool_id)).where(TrainingDemand.id == demand_id))).one_or_none()
    pool = None if seen is None else await lock(session, DemandPool, seen, rules.PoolNotFoundError)
    return pool, await lock(session, TrainingDemand, demand_id, rules.DemandNotFoundError)
