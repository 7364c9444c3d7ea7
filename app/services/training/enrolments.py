"""Enrolment of one person: ask for a seat, answer an offer, withdraw; what the office does about it stands in `enrolment_office`.

Order of locks: the person, the class, the enrolment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.pages import Cursors
from app.models.training import Course, Enrolment, EntryGroup, TrainingClass
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission, ScopeKind
from app.rules.training import classes as class_rules
from app.rules.training import enrolments as rules
from app.rules.training.classes import ClassNotFoundError
from app.rules.training.enrolments import EnrolmentState, GroupMode
from app.services.common.lists import newest_first
from app.services.identity import audit
from app.services.identity.people import facts_of, hold_person
from app.services.organisation.enterprises import names_of as firm_names
from app.services.training import clashes, gates, seats
from app.services.training.classes import MANAGE, check_taught, lock_taught
from app.services.training.events import ApprovalsDone

SUBJECT = "enrolment"
ENTER = Permission.TRAINING_ENTER
E = EnrolmentState
CLASS_PEOPLE_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """An enrolment as its reader may see it."""

    row: Enrolment
    klass: TrainingClass
    name: str | None
    ahead: int | None
    group: EntryGroup | None
    reason: str | None
    jump_reason: str | None


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """One's own, those that one's firm has made, and every one for who manages training."""
    firms = sorted(actor.scopes(ENTER, ScopeKind.ENTERPRISE))
    own = or_(col(Enrolment.person_id) == actor.person_id, col(Enrolment.enterprise_id).in_(firms))
    return or_(own, col(Enrolment.id).is_not(None)) if actor.town_wide(MANAGE) else own


async def enrol(session: AsyncSession, actor: Actor, class_id: UUID, *, now: datetime) -> Entry:
    """A seat, a place on the list, or a question to the office: which of them the answer says."""
    await hold_person(session, actor.person_id)
    klass, course = await lock_open_class(session, class_id, now)
    if klass.only_enterprise_id is not None:
        names = await firm_names(session, {klass.only_enterprise_id})
        raise rules.OnlyFirmError(firm=names.get(klass.only_enterprise_id, "某企业"))
    found = await gates.problems(session, klass, course, [actor.person_id], now=now)
    if found:
        raise found[actor.person_id]
    row = Enrolment(created_at=now, updated_at=now, class_id=class_id, person_id=actor.person_id)
    session.add(row)
    await seats.put(session, klass, [row], mode=None, approved=False, by_themselves=actor.agent_id is None, now=now)
    audit.by(session, actor, "enrolment_asked", SUBJECT, row.id, now=now)
    return await entry(session, actor, row)


async def accept(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, expected_version: int, now: datetime
) -> Entry:
    """The seat that was offered. Whoever took another class at that time meanwhile gives that one up first."""
    await hold_person(session, actor.person_id)
    klass, row = await lock_own(session, actor, enrolment_id)
    check_version(row.version, expected_version)
    rules.check_step(row.state, E.ENROLLED)
    if row.state is not E.OFFERED or row.offered_until is None:
        raise rules.EnrolmentStateError(current=row.state.label, target=E.ENROLLED.label)
    await _check_not_together(session, row)
    rules.check_answer_in_time(row.offered_until, now)
    busy = (await clashes.find(session, klass.id, [row.person_id])).get(row.person_id)
    if busy is not None:
        raise rules.SessionClashError(who="本人", at=busy[0], title=busy[1])
    await seats.take_offer(session, klass, row, now=now)
    seats.settle(klass)
    await session.flush()
    return await entry(session, actor, row)


async def decline(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, expected_version: int, now: datetime
) -> Entry:
    """The next one on the list gets it."""
    klass, row = await lock_own(session, actor, enrolment_id)
    check_version(row.version, expected_version)
    rules.check_step(row.state, E.DECLINED)
    await seats.release(session, klass, row, E.DECLINED, now=now)
    await seats.promote(session, klass, now=now)
    return await entry(session, actor, row)


async def withdraw(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, expected_version: int, now: datetime
) -> Entry:
    """Before the class begins; also by the firm that made the entry. The seat goes to the list."""
    klass, row = await lock_own(session, actor, enrolment_id, firm_too=True)
    check_version(row.version, expected_version)
    rules.check_step(row.state, E.WITHDRAWN)
    rules.check_withdrawable(klass.first_at, now)
    pending = row.state is E.PENDING_APPROVAL
    await seats.release(session, klass, row, E.WITHDRAWN, now=now, by_themselves=row.person_id == actor.caller_id)
    await seats.promote(session, klass, now=now)
    if pending:
        await close_question(session, klass, None, now)
    audit.by(session, actor, "enrolment_withdrawn", SUBJECT, row.id, now=now)
    return await entry(session, actor, row)


async def lapse_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: offers that nobody took in time, one class a transaction; each freed seat goes on."""
    due = await session.exec(
        select(col(Enrolment.class_id))
        .where(Enrolment.state == E.OFFERED, col(Enrolment.offered_until) <= now)
        .order_by(col(Enrolment.offered_until), col(Enrolment.id))
        .limit(1)
    )
    class_id = due.one_or_none()
    if class_id is None:
        return 0
    klass = await lock(session, TrainingClass, class_id, ClassNotFoundError)
    rows = [one for one in await seats.locked(session, class_id, {E.OFFERED}) if _is_over(one, now)]
    for one in rows:
        await seats.release(session, klass, one, E.LAPSED, now=now, by_themselves=False)
    await seats.promote(session, klass, now=now)
    return len(rows)


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Somebody who goes for good gives up every seat ahead; class by class in one order."""
    found = await session.exec(
        select(col(Enrolment.class_id))
        .where(Enrolment.person_id == person_id, col(Enrolment.state).in_(sorted(rules.RUNNING)))
        .order_by(col(Enrolment.class_id))
    )
    for class_id in found.all():
        klass = await lock(session, TrainingClass, class_id, ClassNotFoundError)
        for one in await seats.locked(session, class_id, rules.RUNNING):
            if one.person_id == person_id and now < klass.first_at:
                await seats.release(session, klass, one, E.WITHDRAWN, now=now)
        await seats.promote(session, klass, now=now)


async def list_mine(
    session: ReadSession, cursors: Cursors, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[list[Entry], str | None]:
    query: dict[str, Any] = {"list": "my enrolments", "person": actor.person_id}
    statement = select(Enrolment).where(Enrolment.person_id == actor.person_id)
    rows, following = await newest_first(session, cursors, query, Enrolment, statement, cursor=cursor, limit=limit)
    return await entries(session, rows, full=False), following


async def list_of_class(
    session: ReadSession, actor: Actor, class_id: UUID, *, state: EnrolmentState | None
) -> list[Entry]:
    """For the office and the class's trainers: full names; the list in its order."""
    await check_taught(session, actor, class_id)
    statement = select(Enrolment).where(Enrolment.class_id == class_id)
    if state is not None:
        statement = statement.where(Enrolment.state == state)
    order = (col(Enrolment.place).is_(None), col(Enrolment.place), col(Enrolment.created_at), col(Enrolment.id))
    rows = await session.exec(statement.order_by(*order).limit(CLASS_PEOPLE_AT_MOST))
    return await entries(session, rows.all(), full=True)


async def look(session: ReadSession, actor: Actor, enrolment_id: UUID) -> Entry:
    found = await session.exec(select(Enrolment).where(Enrolment.id == enrolment_id, readable_by(actor)))
    row = found.one_or_none()
    if row is None:
        raise rules.EnrolmentNotFoundError
    return await entry(session, actor, row)


async def entry(session: AsyncSession | ReadSession, actor: Actor, row: Enrolment) -> Entry:
    return (await entries(session, [row], full=actor.town_wide(MANAGE)))[0]


async def entries(session: AsyncSession | ReadSession, rows: Sequence[Enrolment], *, full: bool) -> list[Entry]:
    crypto = crypto_of(session)
    facts = await facts_of(session, crypto, sorted({row.person_id for row in rows}))
    found = await session.exec(select(TrainingClass).where(col(TrainingClass.id).in_({row.class_id for row in rows})))
    classes = {row.id: row for row in found}
    groups = await _groups(session, {row.group_id for row in rows if row.group_id is not None})
    ahead = await ahead_of(session, rows)

    def name(row: Enrolment) -> str | None:
        known = facts[row.person_id].name if row.person_id in facts else None
        return known if full or known is None else mask_name(known)

    return [
        Entry(
            row, classes[row.class_id], name(row), ahead.get(row.id),
            groups.get(row.group_id) if row.group_id is not None else None,
            crypto.open_if(SUBJECT, "reason", row.id, row.reason_sealed),
            crypto.open_if(SUBJECT, "jump_reason", row.id, row.jump_reason_sealed),
        )
        for row in rows
    ]  # fmt: skip


async def _groups(session: AsyncSession | ReadSession, ids: set[UUID]) -> dict[UUID, EntryGroup]:
    if not ids:
        return {}
    return {row.id: row for row in await session.exec(select(EntryGroup).where(col(EntryGroup.id).in_(ids)))}


async def check_shown(session: AsyncSession, class_id: UUID) -> None:
    """Before anything is said about people: a class that is not shown does not exist."""
    state = (await session.exec(select(col(TrainingClass.state)).where(TrainingClass.id == class_id))).one_or_none()
    if state is None or state not in class_rules.VISIBLE:
        raise ClassNotFoundError


async def lock_open_class(session: AsyncSession, class_id: UUID, now: datetime) -> tuple[TrainingClass, Course]:
    """A class that takes people; one that is not shown yet does not exist."""
    klass = await lock(session, TrainingClass, class_id, ClassNotFoundError)
    if klass.state not in class_rules.VISIBLE:
        raise ClassNotFoundError
    class_rules.check_taking(klass.state, klass.enrol_until, now)
    return klass, await course_of(session, klass)


async def lock_own(
    session: AsyncSession, actor: Actor, enrolment_id: UUID, *, firm_too: bool = False
) -> tuple[TrainingClass, Enrolment]:
    klass, row = await lock_entry(session, enrolment_id)
    firms = actor.scopes(ENTER, ScopeKind.ENTERPRISE) if firm_too else frozenset()
    if row.person_id != actor.person_id and row.enterprise_id not in firms:
        raise rules.EnrolmentNotFoundError
    return klass, row


async def lock_in_taught(
    session: AsyncSession, actor: Actor, class_id: UUID, enrolment_ids: Sequence[UUID]
) -> tuple[TrainingClass, dict[UUID, Enrolment]]:
    """Some of a class, for who teaches it."""
    klass = await lock_taught(session, actor, class_id)
    rows = await session.exec(
        select(Enrolment)
        .where(Enrolment.class_id == class_id, col(Enrolment.id).in_(enrolment_ids))
        .order_by(col(Enrolment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return klass, {row.id: row for row in rows.all()}


async def lock_entry(session: AsyncSession, enrolment_id: UUID) -> tuple[TrainingClass, Enrolment]:
    seen = await session.exec(select(col(Enrolment.class_id)).where(Enrolment.id == enrolment_id))
    class_id = seen.one_or_none()
    if class_id is None:
        raise rules.EnrolmentNotFoundError
    klass = await lock(session, TrainingClass, class_id, ClassNotFoundError)
    return klass, await lock(session, Enrolment, enrolment_id, rules.EnrolmentNotFoundError)


async def close_question(session: AsyncSession, klass: TrainingClass, by: UUID | None, now: datetime) -> None:
    """The office's task is done once nobody waits for an answer."""
    left = await session.exec(
        select(col(Enrolment.id)).where(Enrolment.class_id == klass.id, Enrolment.state == E.PENDING_APPROVAL).limit(1)
    )
    if left.one_or_none() is None:
        await emit(session, ApprovalsDone(at=now, class_id=klass.id, by=by))


async def _check_not_together(session: AsyncSession, row: Enrolment) -> None:
    if row.group_id is None:
        return
    group = (await session.exec(select(EntryGroup).where(EntryGroup.id == row.group_id))).one()
    if group.mode is GroupMode.ALL:
        raise rules.GroupAnswersError


async def ahead_of(session: AsyncSession | ReadSession, rows: Sequence[Enrolment]) -> dict[UUID, int]:
    """How many stand before each of those who wait: one question for all."""
    waiting = [row for row in rows if row.state is E.WAITLISTED and row.place is not None]
    if not waiting:
        return {}
    mine, others = Enrolment.__table__.alias("mine"), Enrolment.__table__.alias("others")  # type: ignore[attr-defined]
    statement = (
        select(mine.c.id, func.count(others.c.id))
        .select_from(mine)
        .outerjoin(
            others,
            and_(
                others.c.class_id == mine.c.class_id, others.c.state == E.WAITLISTED, others.c.place < mine.c.place
            ),
        )
        .where(mine.c.id.in_([row.id for row in waiting]))
        .group_by(mine.c.id)
    )  # fmt: skip
    return dict((await session.exec(statement)).all())


def _is_over(one: Enrolment, now: datetime) -> bool:
    return one.offered_until is not None and one.offered_until <= now


async def course_of(session: AsyncSession, klass: TrainingClass) -> Course:
    return (await session.exec(select(Course).where(Course.id == klass.course_id))).one()
