"""First-come claiming and the waiting line: races decided by one conditional update, places by the order of joining."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import Assignment, WaitingEntry
from app.rules.gigs.offers import (
    AlreadyWaitingError,
    NotFirstComeError,
    NotInRingError,
    NotWaitingError,
    SeatsFullError,
    StillFreeError,
    WaitingState,
    check_taking_people,
    units_of,
)
from app.rules.gigs.terms import FillMode, SeatKind
from app.rules.identity.consents import ConsentPurpose, check_consent
from app.rules.identity.roles import Actor
from app.services.gigs import assignments, board, law, offers, seats, urgent
from app.services.gigs.board import OnBoard
from app.services.identity import audit
from app.services.identity.assisted import note_act
from app.services.identity.consents import consents_of

SUBJECT = "shift"
W = WaitingState


@dataclass(frozen=True, slots=True)
class Waiting:
    entry: WaitingEntry
    on: OnBoard
    position: int


async def claim(session: AsyncSession, crypto: Crypto, actor: Actor, shift_id: UUID, *, now: datetime) -> Assignment:
    """The next free seat, for whoever comes first: open to all at firms that wish it so, and in an urgent search.

    What can refuse is asked before the seat is taken, so that the row of the shift is held as briefly as can be.
    """
    person_id = actor.person_id
    await board.of_shift(session, shift_id)
    check_consent(await consents_of(session, person_id), ConsentPurpose.SERVICE)
    await law.lock_worker(session, person_id)
    on = await board.of_shift(session, shift_id)
    check_taking_people(on.shift.state, on.shift.starts_at, on.shift.ends_at, now)
    await _check_open_to(session, on, person_id, now)
    await offers.check_not_on(session, shift_id, person_id)
    label = await law.check_may_take(session, person_id=person_id, shift=on.shift, order=on.order, now=now)
    others = await offers.clashing(session, person_id, on.shift)
    if others:
        await board.hold_shifts(session, [shift_id, *(row.shift_id for row in others)])
    if not await seats.take(session, shift_id, SeatKind.REGULAR, units_of(half=on.shift.half)):
        raise SeatsFullError(waiting=await waiting_count(session, shift_id))
    row = await assignments.begin(
        session, on, person_id, seat=SeatKind.REGULAR, label=label, order_version=on.order.content_version,
        offer_id=None, now=now,
    )  # fmt: skip
    await offers.take_back(session, [other.id for other in others], now=now)
    await end_waiting(session, shift_id, person_id, W.ENDED, now=now)
    audit.by(session, actor, "shift_claimed", SUBJECT, shift_id, now=now)
    await note_act(
        session, crypto, actor, operation="claim_shift", subject_kind="assignment", subject_id=row.id,
        subject_version=row.version, before=None, told=f"接下零工班次“{on.order.title}”", now=now, undoable=False,
    )  # fmt: skip
    return row


async def wait(session: AsyncSession, crypto: Crypto, actor: Actor, shift_id: UUID, *, now: datetime) -> Waiting:
    """Stand in line for a shift that is full; the position is visible, the first is asked first."""
    person_id = actor.person_id
    await board.of_shift(session, shift_id)
    check_consent(await consents_of(session, person_id), ConsentPurpose.SERVICE)
    await law.lock_worker(session, person_id)
    on = (await board.hold_shifts(session, [shift_id]))[shift_id]
    check_taking_people(on.shift.state, on.shift.starts_at, on.shift.ends_at, now)
    await offers.check_not_on(session, shift_id, person_id)
    await law.check_may_take(session, person_id=person_id, shift=on.shift, order=on.order, now=now)
    if on.order.fill_mode is FillMode.FIRST_COME and seats.free_halves(on.shift) >= units_of(half=on.shift.half):
        raise StillFreeError
    row = WaitingEntry(id=new_id(), created_at=now, updated_at=now, shift_id=shift_id, person_id=person_id)
    if not await insert_or_ignore(session, WaitingEntry, row.model_dump()):
        standing = await _entry(session, shift_id, person_id)
        raise AlreadyWaitingError(position=await position_of(session, standing))
    audit.by(session, actor, "waiting_joined", SUBJECT, shift_id, now=now)
    await note_act(
        session, crypto, actor, operation="join_waiting", subject_kind="waiting_entry", subject_id=row.id,
        subject_version=row.version, before=None, told=f"零工班次“{on.order.title}”排队", now=now, undoable=False,
    )  # fmt: skip
    return Waiting(row, on, await position_of(session, row))


async def leave_line(session: AsyncSession, actor: Actor, shift_id: UUID, *, now: datetime) -> None:
    if not await end_waiting(session, shift_id, actor.person_id, W.LEFT, now=now):
        raise NotWaitingError
    audit.by(session, actor, "waiting_left", SUBJECT, shift_id, now=now)


async def end_waiting(
    session: AsyncSession, shift_id: UUID, person_id: UUID, state: WaitingState, *, now: datetime
) -> bool:
    found = await session.exec(
        select(WaitingEntry)
        .where(WaitingEntry.shift_id == shift_id, WaitingEntry.person_id == person_id, WaitingEntry.state == W.WAITING)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = found.one_or_none()
    if row is None:
        return False
    row.state = state
    row.touch(now)
    await session.flush()
    return True


async def list_mine(session: ReadSession, actor: Actor) -> list[Waiting]:
    """Where I stand in line now, soonest shift first; at most 100."""
    rows = (
        await session.exec(
            select(WaitingEntry)
            .where(WaitingEntry.person_id == actor.person_id, WaitingEntry.state == W.WAITING)
            .order_by(col(WaitingEntry.created_at), col(WaitingEntry.id))
            .limit(100)
        )
    ).all()
    on = await board.many(session, [row.shift_id for row in rows])
    places = await _positions(session, [row.id for row in rows])
    found = [Waiting(row, on[row.shift_id], places[row.id]) for row in rows]
    return sorted(found, key=lambda one: (one.on.shift.starts_at, one.entry.id))


async def position_of(session: AsyncSession | ReadSession, row: WaitingEntry) -> int:
    return (await _positions(session, [row.id]))[row.id]


async def line_of(session: AsyncSession | ReadSession, shift_id: UUID, limit: int) -> list[WaitingEntry]:
    """The first in line."""
    rows = await session.exec(
        select(WaitingEntry)
        .where(WaitingEntry.shift_id == shift_id, WaitingEntry.state == W.WAITING)
        .order_by(col(WaitingEntry.created_at), col(WaitingEntry.id))
        .limit(limit)
    )
    return list(rows.all())


async def _positions(session: AsyncSession | ReadSession, ids: list[UUID]) -> dict[UUID, int]:
    """How many stand before each, and one."""
    me, other = WaitingEntry, WaitingEntry.__table__.alias("other")  # type: ignore[attr-defined]
    before = (
        select(func.count())
        .select_from(other)
        .where(
            other.c.shift_id == me.shift_id,
            other.c.state == W.WAITING,
            tuple_(other.c.created_at, other.c.id) < tuple_(col(me.created_at), col(me.id)),
        )
        .correlate(me)
        .scalar_subquery()
    )
    rows = await session.exec(select(col(me.id), before).where(col(me.id).in_(ids)))
    return {row_id: int(count) + 1 for row_id, count in rows}


async def _entry(session: AsyncSession, shift_id: UUID, person_id: UUID) -> WaitingEntry:
    found = await session.exec(
        select(WaitingEntry).where(
            WaitingEntry.shift_id == shift_id, WaitingEntry.person_id == person_id, WaitingEntry.state == W.WAITING
        )
    )
    return found.one()


async def waiting_count(session: AsyncSession, shift_id: UUID) -> int:
    counted = await session.exec(
        select(func.count())
        .select_from(WaitingEntry)
        .where(WaitingEntry.shift_id == shift_id, WaitingEntry.state == W.WAITING)
    )
    return counted.one()


async def _check_open_to(session: AsyncSession, on: OnBoard, person_id: UUID, now: datetime) -> None:
    if on.order.fill_mode is FillMode.FIRST_COME:
        return
    ring = on.shift.urgent_ring
    if ring == 0:
        raise NotFirstComeError
    if ring < await urgent.ring_of(session, on, person_id):
        passed = now - (on.shift.urgent_since or now)
        left = max(urgent.RING_TIME - passed, timedelta(minutes=1))
        raise NotInRingError(minutes=-(-int(left.total_seconds()) // 60))
