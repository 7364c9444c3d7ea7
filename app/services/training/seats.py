"""The seats of a class and its waiting list. Every function wants the class locked.

`taken + offered <= capacity` also stands as a CHECK. A freed seat goes to the head of the list, once, and nobody is
passed over.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import emit
from app.models.training import Enrolment, TrainingClass
from app.rules.training import enrolments as rules
from app.rules.training.classes import AHEAD, TAKING, ClassState
from app.rules.training.enrolments import GROUP_AT_MOST, RUNNING, EnrolmentState, GroupMode, Waiting
from app.services.training.events import ApprovalsDone, ApprovalWanted, SeatMoved

E = EnrolmentState


def free_of(row: TrainingClass) -> int:
    return row.capacity - row.taken - row.offered


async def put(
    session: AsyncSession, row: TrainingClass, entries: Sequence[Enrolment], *, mode: GroupMode | None, approved: bool,
    by_themselves: bool, now: datetime,
) -> None:  # fmt: skip
    """New entries: to the office, to seats, or to the end of the list."""
    if row.needs_approval and not approved:
        for one in entries:
            await step(session, row, one, E.PENDING_APPROVAL, now=now, by_themselves=by_themselves)
        await emit(session, ApprovalWanted(at=now, class_id=row.id, title=row.title))
        return
    together = mode is GroupMode.ALL
    free = 0 if await _is_waited_for(session, row.id) else free_of(row)
    seated = 0 if together and len(entries) > free else min(len(entries), free)
    for one in entries[:seated]:
        row.taken += 1
        one.enrolled_at = now
        await step(session, row, one, E.ENROLLED, now=now, by_themselves=by_themselves)
    for index, one in enumerate(entries[seated:]):
        if index == 0 or not together:
            place = row.next_place
            row.next_place += 1
        one.place = place
        await step(session, row, one, E.WAITLISTED, now=now, by_themselves=by_themselves)
    settle(row)
    await session.flush()


async def promote(session: AsyncSession, row: TrainingClass, *, now: datetime) -> None:
    """Offers for the seats that are free now, from the head of the list."""
    if row.state in AHEAD and now < row.first_at and free_of(row) > 0:
        waiting = await _waiting(session, row.id, free_of(row) + GROUP_AT_MOST)
        entries = [list(group) for _, group in groupby(waiting, key=lambda one: one.place)]
        count = rules.promoted(free_of(row), [Waiting(str(group[0].place), len(group)) for group in entries])
        until = rules.offer_until(now, row.first_at)
        for group in entries[:count]:
            for one in group:
                row.offered += 1
                one.offered_until = until
                await step(session, row, one, E.OFFERED, now=now, until=until)
    settle(row)
    await session.flush()


async def release(
    session: AsyncSession, row: TrainingClass, one: Enrolment, target: EnrolmentState, *, now: datetime,
    by_themselves: bool = True,
) -> None:  # fmt: skip
    """Somebody goes: the seat, or the promise of one, is free again. The caller promotes afterwards."""
    if one.state is E.ENROLLED:
        row.taken -= 1
    elif one.state is E.OFFERED:
        row.offered -= 1
    one.offered_until = None
    await step(session, row, one, target, now=now, by_themselves=by_themselves)


async def take_offer(session: AsyncSession, row: TrainingClass, one: Enrolment, *, now: datetime) -> None:
    row.offered -= 1
    row.taken += 1
    one.offered_until, one.enrolled_at = None, now
    await step(session, row, one, E.ENROLLED, now=now, by_themselves=True)


async def step(
    session: AsyncSession, row: TrainingClass, one: Enrolment, target: EnrolmentState, *, now: datetime,
    until: datetime | None = None, by_themselves: bool = False,
) -> None:  # fmt: skip
    rules.check_step(one.state, target)
    one.state = target
    if target is not E.WAITLISTED:
        one.place = None
    one.touch(now)
    await emit(
        session,
        SeatMoved(
            at=now, enrolment_id=one.id, class_id=row.id, person_id=one.person_id, title=row.title, state=target,
            until=until, by_themselves=by_themselves,
        ),
    )  # fmt: skip


def settle(row: TrainingClass) -> None:
    """`enrolling` and `full` say whether a seat is free."""
    if row.state in TAKING:
        row.state = ClassState.ENROLLING if free_of(row) > 0 else ClassState.FULL


async def spread(session: AsyncSession, row: TrainingClass, group_id: UUID) -> None:
    """A group that waits as one place becomes as many places, in the same order and before whoever stands behind it.

    Places are whole numbers: everybody behind moves back by as many as the group needs more.
    """
    waiting = [one for one in await locked(session, row.id, {E.WAITLISTED}) if one.place is not None]
    mine = [one for one in waiting if one.group_id == group_id]
    if not mine:
        return
    first = mine[0].place or 0
    for one in waiting:
        if one.place is not None and one.place > first:
            one.place += len(mine) - 1
    for index, one in enumerate(mine):
        one.place = first + index
    row.next_place += len(mine) - 1
    await session.flush()


async def end_all(session: AsyncSession, row: TrainingClass, *, now: datetime) -> tuple[UUID, ...]:
    """The class is cancelled: whatever is not over ends with it; who they were. They are told by the class's own fact."""
    open_states = {state for state in E if E.CLASS_CANCELLED in rules.ENROLMENT_NEXT[state]}
    entries = await locked(session, row.id, open_states)
    for one in entries:
        rules.check_step(one.state, E.CLASS_CANCELLED)
        one.state, one.offered_until, one.place = E.CLASS_CANCELLED, None, None
        one.touch(now)
    row.taken = row.offered = 0
    await session.flush()
    await emit(session, ApprovalsDone(at=now, class_id=row.id, by=None))
    return tuple(sorted({one.person_id for one in entries}))


async def end_waiting(session: AsyncSession, row: TrainingClass, *, now: datetime) -> None:
    """The class has begun: questions, places on the list and offers have lapsed."""
    for one in await locked(session, row.id, RUNNING - {E.REQUESTED, E.ENROLLED}):
        await release(session, row, one, E.LAPSED, now=now, by_themselves=False)
    await session.flush()
    await emit(session, ApprovalsDone(at=now, class_id=row.id, by=None))


async def locked(
    session: AsyncSession, class_id: UUID, states: set[EnrolmentState] | frozenset[EnrolmentState]
) -> Sequence[Enrolment]:
    rows = await session.exec(
        select(Enrolment)
        .where(Enrolment.class_id == class_id, col(Enrolment.state).in_(sorted(states)))
        .order_by(col(Enrolment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _is_waited_for(session: AsyncSession, class_id: UUID) -> bool:
    """Who comes now stands behind them, also where a seat is free that a group in front cannot use alone."""
    found = await session.exec(
        select(col(Enrolment.id)).where(Enrolment.class_id == class_id, Enrolment.state == E.WAITLISTED).limit(1)
    )
    return found.one_or_none() is not None


async def _waiting(session: AsyncSession, class_id: UUID, limit: int) -> Sequence[Enrolment]:
    rows = await session.exec(
        select(Enrolment)
        .where(Enrolment.class_id == class_id, Enrolment.state == E.WAITLISTED)
        .order_by(col(Enrolment.place), col(Enrolment.id))
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()
