"""Job fairs: planned, published, run, ended by the jobs office; what time does to them by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.pages import Cursors, after
from app.models.jobs import Fair, FairArea, FairBooth
from app.rules.common.tasks import TaskKind
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_permission, check_town_wide
from app.rules.jobs.fairs import (
    EDITABLE,
    TAKING_PART,
    BoothState,
    FairAreaUnknownError,
    FairCapacityError,
    FairKind,
    FairLockedError,
    FairNotFoundError,
    FairState,
    check_form,
    check_move,
    check_period,
)
from app.schemas.jobs.fairs import FairForm, FairUpdate
from app.services.common.tasks import close_tasks, open_task
from app.services.events import FairCancelled
from app.services.identity import audit
from app.services.organisation.liaison import area_kind

SUBJECT = "fair"
SWEEP_BATCH = 50
# Seen by everybody; a draft is the office's.
PUBLIC = frozenset(FairState) - {FairState.DRAFT}


@dataclass(frozen=True, slots=True)
class Announced:
    """A fair with the areas it is held for."""

    fair: Fair
    area_ids: Sequence[UUID]


def manages(actor: Actor | None, fair_id: UUID) -> bool:
    """The town's jobs officer, or the officer of this one fair."""
    return actor is not None and (
        actor.town_wide(Permission.FAIR_MANAGE) or fair_id in actor.scopes(Permission.FAIR_MANAGE, ScopeKind.FAIR)
    )


def visible_to(actor: Actor | None) -> ColumnElement[bool]:
    published = col(Fair.state).in_(sorted(PUBLIC))
    if actor is None:
        return published
    if actor.town_wide(Permission.FAIR_MANAGE):
        return true()
    return or_(published, col(Fair.id).in_(sorted(actor.scopes(Permission.FAIR_MANAGE, ScopeKind.FAIR))))


async def create_fair(session: AsyncSession, actor: Actor, form: FairForm, *, now: datetime) -> Announced:
    """A draft. Only for the town: an officer of one fair makes no others."""
    check_town_wide(actor, Permission.FAIR_MANAGE)
    _check(form, now)
    fair = Fair(created_at=now, updated_at=now, **_columns(form))
    session.add(fair)
    await session.flush()
    await _set_areas(session, fair.id, form.area_ids)
    audit.by(session, actor, "fair_created", SUBJECT, fair.id, now=now)
    return await announced(session, fair)


async def update_fair(
    session: AsyncSession, actor: Actor, fair_id: UUID, form: FairUpdate, *, now: datetime
) -> Announced:
    fair = await lock_managed(session, actor, fair_id)
    check_version(fair.version, form.expected_version)
    if fair.state not in EDITABLE:
        raise FairLockedError(current=fair.state.label)
    _check(form, now)
    confirmed = await count_confirmed(session, fair_id)
    if form.capacity < confirmed:
        raise FairCapacityError(confirmed=confirmed)
    for name, value in _columns(form).items():
        setattr(fair, name, value)
    fair.touch(now)
    await session.exec(delete(FairArea).where(col(FairArea.fair_id) == fair_id))
    await _set_areas(session, fair_id, form.area_ids)
    audit.by(session, actor, "fair_updated", SUBJECT, fair_id, now=now)
    return await announced(session, fair)


async def move_fair(
    session: AsyncSession,
    actor: Actor,
    fair_id: UUID,
    target: FairState,
    *,
    expected_version: int,
    now: datetime,
    reason: str | None = None,
) -> Announced:
    """Publish, open the doors, close them, or call it off with a reason that everybody reads."""
    fair = await lock_managed(session, actor, fair_id)
    check_version(fair.version, expected_version)
    check_move(fair.state, target)
    if target is FairState.PUBLISHED:
        # A draft may have lain for weeks: what is announced lies ahead.
        check_period(fair.starts_at, fair.ends_at, now)
    told = target is FairState.CANCELLED and fair.state is not FairState.DRAFT
    fair.cancelled_because = reason
    await enter(session, fair, target, now)
    audit.by(session, actor, f"fair_{target.value}", SUBJECT, fair_id, now=now)
    if told:
        await emit(
            session,
            FairCancelled(
                at=now, fair_id=fair_id, title=fair.title, reason=reason or "", firms=await _firms(session, fair_id)
            ),
        )
    return await announced(session, fair)


async def enter(session: AsyncSession, fair: Fair, target: FairState, now: datetime) -> None:
    """The only place that changes a fair's state. Under its lock."""
    check_move(fair.state, target)
    fair.state = target
    fair.touch(now)
    if target is FairState.ENDED:
        fair.ended_at = now
        await open_task(session, TaskKind.FAIR_REPORT, fair.id, title=f"总结招聘会“{fair.title}”", now=now)
    if target in {FairState.ENDED, FairState.CANCELLED}:
        # Whoever had not been answered is not there any more to be answered.
        waiting = select(col(FairBooth.id)).where(FairBooth.fair_id == fair.id, FairBooth.state == BoothState.APPLIED)
        for booth_id in (await session.exec(waiting)).all():
            await close_tasks(session, TaskKind.FAIR_BOOTH, booth_id, by=None, now=now)
    await session.flush()


async def get_fair(session: ReadSession, actor: Actor | None, fair_id: UUID) -> Announced:
    return await announced(session, await seen(session, actor, fair_id))


async def seen(session: AsyncSession, actor: Actor | None, fair_id: UUID) -> Fair:
    found = await session.exec(select(Fair).where(Fair.id == fair_id, visible_to(actor)))
    fair = found.one_or_none()
    if fair is None:
        raise FairNotFoundError
    return fair


async def is_public(session: AsyncSession, fair_id: UUID) -> bool:
    found = await session.exec(select(col(Fair.id)).where(Fair.id == fair_id, visible_to(None)))
    return found.one_or_none() is not None


async def lock_managed(session: AsyncSession, actor: Actor, fair_id: UUID) -> Fair:
    """The fair under its lock; one that is not the officer's does not exist for them."""
    check_permission(actor, Permission.FAIR_MANAGE)
    if not manages(actor, fair_id):
        raise FairNotFoundError
    return await lock(session, Fair, fair_id, FairNotFoundError)


async def hold(session: AsyncSession, actor: Actor | None, fair_id: UUID) -> Fair:
    """The fair as it is until this transaction ends, shared with everybody who does the same."""
    statement = select(Fair).where(Fair.id == fair_id, visible_to(actor)).with_for_update(read=True)
    fair = (await session.exec(statement.execution_options(populate_existing=True))).one_or_none()
    if fair is None:
        raise FairNotFoundError
    return fair


async def list_fairs(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor | None,
    *,
    kind: FairKind | None,
    state: FairState | None,
    area_id: UUID | None,
    cursor: str | None,
    limit: int,
) -> tuple[list[Announced], str | None]:
    """The latest first; a fair without areas is for all of them."""
    query: dict[str, Any] = {"list": "fairs", "kind": kind, "state": state, "area": area_id}
    keys = [col(Fair.starts_at), col(Fair.id)]
    statement = select(Fair).where(visible_to(actor))
    if kind is not None:
        statement = statement.where(Fair.kind == kind)
    if state is not None:
        statement = statement.where(Fair.state == state)
    if area_id is not None:
        held_for = select(FairArea.fair_id).where(FairArea.fair_id == Fair.id)
        statement = statement.where(or_(~held_for.exists(), held_for.where(FairArea.area_id == area_id).exists()))
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.starts_at, row.id])
    areas = await _areas_of(session, [row.id for row in rows])
    return [Announced(row, areas.get(row.id, [])) for row in rows], following


async def turn_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: doors open and close by the clock where nobody was faster."""
    due = or_(
        (col(Fair.state) == FairState.PUBLISHED) & (col(Fair.starts_at) <= now),
        (col(Fair.state) == FairState.RUNNING) & (col(Fair.ends_at) <= now),
    )
    statement = select(Fair).where(due).order_by(col(Fair.id)).limit(SWEEP_BATCH).with_for_update(skip_locked=True)
    rows = (await session.exec(statement)).all()
    for fair in rows:
        target = FairState.RUNNING if fair.state is FairState.PUBLISHED else FairState.ENDED
        await enter(session, fair, target, now)
        audit.record(
            session, f"fair_{target.value}", actor_id=None, subject_kind=SUBJECT, subject_id=fair.id, now=now
        )  # fmt: skip
    return len(rows)


async def count_confirmed(session: AsyncSession, fair_id: UUID) -> int:
    counted = await session.exec(
        select(func.count())
        .select_from(FairBooth)
        .where(FairBooth.fair_id == fair_id, FairBooth.state == BoothState.CONFIRMED)
    )
    return counted.one()


async def announced(session: AsyncSession, fair: Fair) -> Announced:
    return Announced(fair, (await _areas_of(session, [fair.id])).get(fair.id, []))


async def _areas_of(session: AsyncSession, fair_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    rows = await session.exec(
        select(FairArea).where(col(FairArea.fair_id).in_(fair_ids)).order_by(col(FairArea.area_id))
    )
    grouped: dict[UUID, list[UUID]] = {}
    for row in rows:
        grouped.setdefault(row.fair_id, []).append(row.area_id)
    return grouped


async def _set_areas(session: AsyncSession, fair_id: UUID, area_ids: Sequence[UUID]) -> None:
    for area_id in sorted(set(area_ids)):
        if await area_kind(session, area_id) is None:
            raise FairAreaUnknownError
        session.add(FairArea(fair_id=fair_id, area_id=area_id))
    await session.flush()


async def _firms(session: AsyncSession, fair_id: UUID) -> tuple[UUID, ...]:
    found = await session.exec(
        select(col(FairBooth.enterprise_id))
        .where(FairBooth.fair_id == fair_id, col(FairBooth.state).in_(sorted(TAKING_PART)))
        .order_by(col(FairBooth.enterprise_id))
    )
    return tuple(found)


def _check(form: FairForm, now: datetime) -> None:
    check_period(form.starts_at, form.ends_at, now)
    check_form(
        form.kind,
        has_place=form.place is not None,
        has_corridor=form.corridor is not None,
        has_school=form.school is not None,
    )


def _columns(form: FairForm) -> dict[str, Any]:
    values = form.model_dump(exclude={"place", "area_ids", "expected_version"})
    place = form.place
    return values | {
        "place_address": place and place.address, "latitude": place and place.latitude,
        "longitude": place and place.longitude, "coord_type": place and place.coord_type,
    }  # fmt: skip
