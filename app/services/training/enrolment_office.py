"""What the office does about an enrolment: approve, refuse, move up with a reason, let somebody in late."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import check_version, lock
from app.models.training import Enrolment, EntryGroup, TrainingClass
from app.rules.identity.roles import Actor, SelfReviewError, check_town_wide
from app.rules.training import enrolments as rules
from app.rules.training.classes import ClassNotFoundError, ClassState
from app.rules.training.enrolments import EnrolmentState, GroupMode
from app.services.identity import audit
from app.services.identity.people import hold_person
from app.services.training import gates, seats
from app.services.training.classes import MANAGE
from app.services.training.enrolments import SUBJECT, Entry, ahead_of, close_question, course_of, entry, lock_entry

E = EnrolmentState


async def approve(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, expected_version: int, now: datetime
) -> Entry:
    """Approved is not yet seated: where the class is full they stand on the list. A group that comes together is approved together."""
    klass, row = await _lock_pending(session, actor, enrolment_id, expected_version)
    together = await _together(session, row)
    if any(one.person_id == actor.person_id for one in together):
        raise SelfReviewError
    for one in together:
        one.decided_by = actor.person_id
    mode = GroupMode.ALL if len(together) > 1 else None
    await seats.put(session, klass, together, mode=mode, approved=True, by_themselves=False, now=now)
    await close_question(session, klass, actor.person_id, now)
    audit.by(session, actor, "enrolment_approved", SUBJECT, row.id, now=now)
    return await entry(session, actor, row)


async def refuse(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Entry:
    klass, row = await _lock_pending(session, actor, enrolment_id, expected_version)
    row.decided_by = actor.person_id
    row.reason_sealed = crypto_of(session).seal(SUBJECT, "reason", row.id, reason)
    await seats.step(session, klass, row, E.REFUSED, now=now)
    await session.flush()
    await close_question(session, klass, actor.person_id, now)
    audit.by(session, actor, "enrolment_refused", SUBJECT, row.id, now=now)
    return await entry(session, actor, row)


async def move_up(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Entry:
    """To the head of the list, with a reason that stays and that the person sees. Never for oneself."""
    check_town_wide(actor, MANAGE)
    klass, row = await lock_entry(session, enrolment_id)
    check_version(row.version, expected_version)
    if row.person_id == actor.person_id:
        raise SelfReviewError
    if row.state is not E.WAITLISTED:
        raise rules.EnrolmentStateError(current=row.state.label, target=E.OFFERED.label)
    if (await ahead_of(session, [row])).get(row.id, 0) == 0:
        raise rules.JumpFirstError
    klass.first_place -= 1
    for one in await _companions(session, row):
        one.place, one.jumped_by = klass.first_place, actor.person_id
        one.jump_reason_sealed = crypto_of(session).seal(SUBJECT, "jump_reason", one.id, reason)
        one.touch(now)
    await session.flush()
    audit.by(session, actor, "enrolment_moved_up", SUBJECT, row.id, now=now)
    await seats.promote(session, klass, now=now)
    return await entry(session, actor, row)


async def let_in_late(
    session: AsyncSession, actor: Actor, class_id: UUID, *, person_id: UUID, reason: str, now: datetime
) -> Entry:
    """插班: into a class that runs, where a seat is free. What was taught before they came is not held against them."""
    check_town_wide(actor, MANAGE)
    if person_id == actor.person_id:
        raise SelfReviewError
    await hold_person(session, person_id)
    klass = await lock(session, TrainingClass, class_id, ClassNotFoundError)
    if klass.state is not ClassState.RUNNING:
        raise rules.NotLateError(state=klass.state.label)
    course = await course_of(session, klass)
    found = await gates.problems(session, klass, course, [person_id], now=now)
    if found:
        raise found[person_id]
    rules.check_room(klass.taken, klass.offered, klass.capacity, 1)
    row = Enrolment(
        created_at=now,
        updated_at=now,
        class_id=class_id,
        person_id=person_id,
        decided_by=actor.person_id,
        enrolled_at=now,
    )
    row.reason_sealed = crypto_of(session).seal(SUBJECT, "reason", row.id, reason)
    session.add(row)
    klass.taken += 1
    await seats.step(session, klass, row, E.ENROLLED, now=now)
    await session.flush()
    audit.by(session, actor, "enrolment_late", SUBJECT, row.id, now=now)
    return await entry(session, actor, row)


async def _lock_pending(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, expected_version: int
) -> tuple[TrainingClass, Enrolment]:
    check_town_wide(actor, MANAGE)
    klass, row = await lock_entry(session, enrolment_id)
    if row.person_id == actor.person_id:
        raise SelfReviewError
    check_version(row.version, expected_version)
    if row.state is not E.PENDING_APPROVAL:
        raise rules.EnrolmentStateError(current=row.state.label, target=E.ENROLLED.label)
    return klass, row


async def _together(session: AsyncSession, row: Enrolment) -> Sequence[Enrolment]:
    """Who is decided about with this one: all of its group that still ask, where the group is all or nothing."""
    if row.group_id is None:
        return [row]
    group = (await session.exec(select(EntryGroup).where(EntryGroup.id == row.group_id))).one()
    if group.mode is not GroupMode.ALL:
        return [row]
    rows = await session.exec(
        select(Enrolment)
        .where(Enrolment.group_id == row.group_id, Enrolment.state == E.PENDING_APPROVAL)
        .order_by(col(Enrolment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _companions(session: AsyncSession, row: Enrolment) -> Sequence[Enrolment]:
    """Those who share the place: a group that comes together moves together."""
    rows = await session.exec(
        select(Enrolment)
        .where(Enrolment.class_id == row.class_id, Enrolment.state == E.WAITLISTED, Enrolment.place == row.place)
        .order_by(col(Enrolment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.all()
