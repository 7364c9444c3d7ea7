"""Open shifts as workers look for them: soonest first, filtered, without what the two sides keep from one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import hypot
from typing import Any
from uuid import UUID

from sqlalchemy import exists, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.errors import AppError
from app.core.pages import Cursors, behind
from app.models.gigs import Shift, ShiftOrder, WaitingEntry, WorkerBlock, WorkerProfile
from app.rules.geo import to_gcj02, to_grid
from app.rules.gigs.offers import WaitingState
from app.rules.gigs.orders import PUBLIC, ShiftNotFoundError, ShiftState
from app.rules.gigs.terms import FillMode
from app.rules.identity.roles import Actor
from app.rules.jobs.terms import CoordType
from app.services.gigs import law
from app.services.gigs.board import OnBoard


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; None: all the same to them. The point is in degrees, with its system."""

    process_code: str | None = None
    day: date | None = None
    area_id: UUID | None = None
    least_hour_fen: int | None = None
    night: bool | None = None
    half: bool | None = None
    fill_mode: FillMode | None = None
    latitude: float | None = None
    longitude: float | None = None
    coord_type: CoordType | None = None
    within_m: int | None = None

    @property
    def point(self) -> tuple[int, int] | None:
        if self.latitude is None or self.longitude is None or self.coord_type is None:
            return None
        return to_grid(*to_gcj02(self.latitude, self.longitude, self.coord_type))


@dataclass(frozen=True, slots=True)
class Found:
    on: OnBoard
    distance_m: int | None


@dataclass(frozen=True, slots=True)
class Shown:
    found: Found
    waiting: int
    label: law.Label | None
    # Why the law would not let this person take it now.
    refusal: str | None


async def search(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    wanted: Wanted,
    *,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Found], str | None]:
    """Soonest first. One statement a page, by the index of open shifts."""
    query = {"list": "open shifts"} | {name: getattr(wanted, name) for name in wanted.__slots__}
    keys = [col(Shift.starts_at), col(Shift.id)]
    statement = (
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(
            col(Shift.state) == ShiftState.OPEN,
            col(Shift.starts_at) > now,
            *_conditions(wanted),
            *await _kept(session, actor),
        )
    )
    if cursor is not None:
        statement = statement.where(behind(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*keys).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda pair: [pair[0].starts_at, pair[0].id])
    return [Found(OnBoard(shift, order), _distance(wanted, order)) for shift, order in rows], following


async def show(session: ReadSession, actor: Actor, shift_id: UUID, *, now: datetime) -> Shown:
    """One shift with its terms, the line, the label as it would be, and what the law says today."""
    statement = (
        select(Shift, ShiftOrder)
        .join(ShiftOrder, col(ShiftOrder.id) == col(Shift.order_id))
        .where(col(Shift.id) == shift_id, col(ShiftOrder.state).in_(PUBLIC), *await _kept(session, actor))
    )
    pair = (await session.exec(statement)).one_or_none()
    if pair is None:
        raise ShiftNotFoundError
    shift, order = pair
    counted = await session.exec(
        select(func.count())
        .select_from(WaitingEntry)
        .where(WaitingEntry.shift_id == shift_id, WaitingEntry.state == WaitingState.WAITING)
    )
    label, refusal = await _asked(session, actor.person_id, shift, order, now)
    return Shown(Found(OnBoard(shift, order), None), counted.one(), label, refusal)


async def _asked(
    session: AsyncSession, person_id: UUID, shift: Shift, order: ShiftOrder, now: datetime
) -> tuple[law.Label | None, str | None]:
    known = await session.exec(select(col(WorkerProfile.id)).where(WorkerProfile.person_id == person_id))
    if known.one_or_none() is None:
        return None, None
    label = await law.preview(session, person_id=person_id, shift=shift, order=order)
    try:
        await law.check_may_take(session, person_id=person_id, shift=shift, order=order, now=now)
    except AppError as exc:
        return label, str(exc)
    return label, None


def _conditions(wanted: Wanted) -> list[Any]:
    found: list[Any] = []
    if wanted.process_code is not None:
        found.append(col(ShiftOrder.process_code) == wanted.process_code)
    if wanted.day is not None:
        found.append(col(Shift.day) == wanted.day)
    if wanted.area_id is not None:
        found.append(col(ShiftOrder.area_id) == wanted.area_id)
    if wanted.least_hour_fen is not None:
        found.append(col(ShiftOrder.effective_hour_fen) >= wanted.least_hour_fen)
    if wanted.night is not None:
        found.append(col(Shift.night).is_(wanted.night))
    if wanted.half is not None:
        found.append(col(Shift.half).is_(wanted.half))
    if wanted.fill_mode is not None:
        found.append(col(ShiftOrder.fill_mode) == wanted.fill_mode)
    point = wanted.point
    if point is not None and wanted.within_m is not None:
        east, north = col(ShiftOrder.east_m) - point[0], col(ShiftOrder.north_m) - point[1]
        found.append(east * east + north * north <= wanted.within_m**2)
    return found


async def _kept(session: ReadSession | AsyncSession, actor: Actor) -> Sequence[Any]:
    """Firms that the person keeps away from, and firms that do not want them: neither sees why."""
    found = await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == actor.person_id))
    row = found.one_or_none()
    refused = exists().where(
        col(WorkerBlock.enterprise_id) == col(Shift.enterprise_id), col(WorkerBlock.person_id) == actor.person_id,
        col(WorkerBlock.lifted_at).is_(None),
    )  # fmt: skip
    kept = [UUID(firm) for firm in {*row.blocks, *row.hidden_from}] if row is not None else []
    return [~refused, *([col(Shift.enterprise_id).not_in(sorted(kept))] if kept else [])]


def _distance(wanted: Wanted, order: ShiftOrder) -> int | None:
    point = wanted.point
    if point is None or order.east_m is None or order.north_m is None:
        return None
    return round(hypot(order.east_m - point[0], order.north_m - point[1]))
