"""Seats that people have taken: claimed, confirmed, given up, called off, not turned up for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import Crypto
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.core.upsert import insert_or_ignore
from app.models.gigs import Assignment, OrderVersion, Shift
from app.rules.gigs.offers import (
    HOLDING,
    AlreadyOnShiftError,
    AssignmentNotFoundError,
    AssignmentState,
    ConfirmTooEarlyError,
    check_assignment_step,
    state_at_acceptance,
)
from app.rules.gigs.terms import SeatKind
from app.rules.identity.roles import Actor, Permission
from app.services.gigs import board, law, seats
from app.services.gigs.board import OnBoard
from app.services.gigs.events import AssignmentBegun, AssignmentEnded, SeatFreed
from app.services.gigs.law import lock_worker
from app.services.identity import audit
from app.services.identity.assisted import note_act

SUBJECT = "assignment"
SWEEP_BATCH = 100
A = AssignmentState
# Given up before the work was done: the seat is free again.
_FREES = frozenset({A.RELEASED, A.LEFT, A.CALLED_OFF, A.NO_SHOW})


@dataclass(frozen=True, slots=True)
class Held:
    """`terms`: what was accepted, whatever the order says now."""

    row: Assignment
    on: OnBoard
    terms: OrderVersion


async def begin(
    session: AsyncSession,
    on: OnBoard,
    person_id: UUID,
    *,
    seat: SeatKind,
    label: law.Label,
    order_version: int,
    offer_id: UUID | None,
    now: datetime,
) -> Assignment:
    """A seat that was kept or taken just now becomes the person's; their row and the shift are locked by the caller."""
    limits = await law.limits_on(session, on.shift.day)
    state = state_at_acceptance(now, on.shift.starts_at, confirm_hours=limits.confirm_hours)
    row = Assignment(
        id=new_id(), created_at=now, updated_at=now, shift_id=on.shift.id, person_id=person_id, offer_id=offer_id,
        enterprise_id=on.shift.enterprise_id, starts_at=on.shift.starts_at, ends_at=on.shift.ends_at,
        work_minutes=on.shift.work_minutes, seat=seat, units=1 if on.shift.half else 2, state=state,
        order_version=order_version, label=label.kind, label_day_minutes=label.day_minutes,
        label_week_minutes=label.week_minutes, accepted_at=now, confirmed_at=now if state is A.CONFIRMED else None,
    )  # fmt: skip
    if not await insert_or_ignore(session, Assignment, row.model_dump()):
        raise AlreadyOnShiftError
    await emit(
        session,
        AssignmentBegun(
            at=now, assignment_id=row.id, shift_id=row.shift_id, person_id=person_id, enterprise_id=row.enterprise_id,
            title=on.order.title, standby=seat is SeatKind.STANDBY,
        ),
    )  # fmt: skip
    return await lock(session, Assignment, row.id, AssignmentNotFoundError)


async def move(session: AsyncSession, row: Assignment, target: AssignmentState, *, now: datetime) -> None:
    """One step by the table, under the locks of the shift and of this row. Who gives a seat up frees it."""
    held = row.state in HOLDING
    check_assignment_step(row.state, target)
    row.state = target
    if target is A.CONFIRMED:
        row.confirmed_at = now
    elif target not in HOLDING:
        row.ended_at = now
    row.touch(now)
    await session.flush()
    if target in HOLDING:
        return
    if held and target in _FREES:
        await seats.release_taken(session, row.shift_id, row.seat, row.units)
        if row.seat is SeatKind.REGULAR:
            await emit(session, SeatFreed(at=now, shift_id=row.shift_id))
    await emit(
        session,
        AssignmentEnded(
            at=now, assignment_id=row.id, shift_id=row.shift_id, person_id=row.person_id,
            enterprise_id=row.enterprise_id, state=target, starts_at=row.starts_at,
        ),
    )  # fmt: skip


async def confirm(
    session: AsyncSession, crypto: Crypto, actor: Actor, assignment_id: UUID, *, expected_version: int, now: datetime
) -> Assignment:
    """I will be there: from 32 hours before the start on."""
    seen = await _own(session, actor, assignment_id)
    limits = await law.limits_on(session, china_date(seen.starts_at))
    row = await lock(session, Assignment, assignment_id, AssignmentNotFoundError)
    check_version(row.version, expected_version)
    if row.state is A.ACCEPTED and row.starts_at - now > timedelta(hours=limits.confirm_hours):
        raise ConfirmTooEarlyError(hours=limits.confirm_hours)
    await move(session, row, A.CONFIRMED, now=now)
    audit.by(session, actor, "assignment_confirmed", SUBJECT, row.id, now=now)
    await note_act(
        session, crypto, actor, operation="confirm_assignment", subject_kind=SUBJECT, subject_id=row.id,
        subject_version=row.version, before=None, told="确认零工到岗", now=now, undoable=False,
    )  # fmt: skip
    return row


async def lock_own(session: AsyncSession, actor: Actor, assignment_id: UUID) -> tuple[Assignment, OnBoard]:
    """The person's own seat, with worker, shift and row locked."""
    seen = await _own(session, actor, assignment_id)
    await lock_worker(session, actor.person_id)
    on = (await board.hold_shifts(session, [seen.shift_id]))[seen.shift_id]
    return await lock(session, Assignment, assignment_id, AssignmentNotFoundError), on


async def lock_of_firm(session: AsyncSession, actor: Actor, assignment_id: UUID) -> tuple[Assignment, OnBoard]:
    """A seat of one's firm's shift, with shift and row locked; any other does not exist."""
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    found = await session.exec(
        select(col(Assignment.shift_id)).where(Assignment.id == assignment_id, col(Assignment.enterprise_id).in_(mine))
    )
    shift_id = found.one_or_none()
    if shift_id is None:
        raise AssignmentNotFoundError
    on = (await board.hold_shifts(session, [shift_id]))[shift_id]
    return await lock(session, Assignment, assignment_id, AssignmentNotFoundError), on


async def get_of_firm(session: ReadSession | AsyncSession, actor: Actor, assignment_id: UUID) -> Assignment:
    mine = sorted(actor.enterprises(Permission.GIG_SITE))
    found = await session.exec(
        select(Assignment).where(Assignment.id == assignment_id, col(Assignment.enterprise_id).in_(mine))
    )
    row = found.one_or_none()
    if row is None:
        raise AssignmentNotFoundError
    return row


async def lock_row(session: AsyncSession, assignment_id: UUID) -> Assignment:
    return await lock(session, Assignment, assignment_id, AssignmentNotFoundError)


async def holding_of_shift(session: AsyncSession, shift_id: UUID) -> Sequence[Assignment]:
    """Who holds a seat, in the order in which it was taken, locked; the shift is locked by the caller."""
    rows = await session.exec(
        select(Assignment)
        .where(Assignment.shift_id == shift_id, col(Assignment.state).in_(HOLDING))
        .order_by(col(Assignment.accepted_at), col(Assignment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def list_mine(
    session: ReadSession,
    cursors: Cursors,
    actor: Actor,
    *,
    upcoming: bool,
    cursor: str | None,
    limit: int,
    now: datetime,
) -> tuple[list[Held], str | None]:
    """Latest start first; `upcoming`: only what has not ended and still holds a seat."""
    query = {"list": "assignments", "person": actor.person_id, "upcoming": upcoming or None}
    keys = [col(Assignment.starts_at), col(Assignment.id)]
    statement = select(Assignment).where(Assignment.person_id == actor.person_id)
    if upcoming:
        statement = statement.where(col(Assignment.state).in_(HOLDING), col(Assignment.ends_at) > now)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    rows, following = cursors.page(query, rows, limit, lambda row: [row.starts_at, row.id])
    return await with_terms(session, rows), following


async def get_mine(session: ReadSession | AsyncSession, actor: Actor, assignment_id: UUID) -> Held:
    return (await with_terms(session, [await _own(session, actor, assignment_id)]))[0]


async def with_terms(session: ReadSession | AsyncSession, rows: Sequence[Assignment]) -> list[Held]:
    """Three statements however many rows there are."""
    on = await board.many(session, [row.shift_id for row in rows])
    orders = {found.order.id for found in on.values()}
    versions = await session.exec(select(OrderVersion).where(col(OrderVersion.order_id).in_(orders)))
    terms = {(version.order_id, version.number): version for version in versions}
    return [Held(row, on[row.shift_id], terms[on[row.shift_id].order.id, row.order_version]) for row in rows]


async def remind_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: from 32 hours before the start on, who has not confirmed is asked to, once."""
    limits = await law.limits_on(session, china_date(now))
    rows = await _due(session, now + timedelta(hours=limits.confirm_hours), unreminded=True)
    for row in rows:
        row.reminded_at = now
        await session.flush()
        await emit(
            session,
            AssignmentBegun(
                at=now, assignment_id=row.id, shift_id=row.shift_id, person_id=row.person_id,
                enterprise_id=row.enterprise_id, title="", standby=row.seat is SeatKind.STANDBY, ask_to_confirm=True,
            ),
        )  # fmt: skip
    return len(rows)


async def release_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: 16 hours before the start an unconfirmed seat goes to somebody else, if its holder was asked."""
    limits = await law.limits_on(session, china_date(now))
    before = now + timedelta(hours=limits.release_hours)
    seen = (
        await session.exec(
            select(Assignment)
            .where(
                Assignment.state == A.ACCEPTED, col(Assignment.starts_at) <= before,
                col(Assignment.reminded_at).is_not(None),
                col(Assignment.reminded_at) < now - timedelta(hours=1),
            )
            .order_by(col(Assignment.starts_at), col(Assignment.id))
            .limit(SWEEP_BATCH)
        )
    ).all()  # fmt: skip
    await board.hold_shifts(session, [row.shift_id for row in seen])
    for one in seen:
        row = await lock(session, Assignment, one.id, AssignmentNotFoundError)
        if row.state is A.ACCEPTED:
            await move(session, row, A.RELEASED, now=now)
    return len(seen)


async def _due(session: AsyncSession, before: datetime, *, unreminded: bool) -> Sequence[Assignment]:
    statement = select(Assignment).where(Assignment.state == A.ACCEPTED, col(Assignment.starts_at) <= before)
    if unreminded:
        statement = statement.where(col(Assignment.reminded_at).is_(None))
    statement = statement.order_by(col(Assignment.starts_at), col(Assignment.id)).limit(SWEEP_BATCH)
    return (await session.exec(statement.with_for_update(skip_locked=True))).all()


async def _own(session: ReadSession | AsyncSession, actor: Actor, assignment_id: UUID) -> Assignment:
    found = await session.exec(
        select(Assignment).where(Assignment.id == assignment_id, Assignment.person_id == actor.person_id)
    )
    row = found.one_or_none()
    if row is None:
        raise AssignmentNotFoundError
    return row


async def shift_of(session: AsyncSession, row: Assignment) -> Shift:
    return (await session.exec(select(Shift).where(Shift.id == row.shift_id))).one()
