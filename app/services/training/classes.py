"""Classes: made (also from a pool), approved, opened, closed, cancelled; their sessions; what the clock does to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, true
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.pages import Cursors, after
from app.models.training import ClassSession, Course, Enrolment, TrainingClass
from app.rules.identity.roles import Actor, Permission, ScopeKind, check_town_wide
from app.rules.training import classes as rules
from app.rules.training.classes import AHEAD, OCCUPYING, TAKING, VISIBLE, ClassState
from app.rules.training.courses import APPROVED_ONE_BY_ONE, CourseNotFoundError, CourseState
from app.rules.training.demands import DemandCourseError
from app.rules.training.enrolments import BUSY, TAUGHT, EnrolmentState
from app.schemas.training.classes import ClassForm, ClassSessionForm, ClassSessionUpdate, ClassUpdate
from app.services.identity import audit
from app.services.identity.people import active_among, facts_of, hold_people
from app.services.organisation.enterprises import exists as enterprise_exists
from app.services.training import catalogue, clashes, pools, seats
from app.services.training.events import ClassCancelled, SessionMoved

SUBJECT = "training_class"
MANAGE, TEACH = Permission.TRAINING_MANAGE, Permission.TRAINING_TEACH


@dataclass(frozen=True, slots=True)
class Seen:
    """A class with its course and sessions, and where the caller stands with it."""

    row: TrainingClass
    course: Course
    sessions: Sequence[ClassSession]
    waiting: int
    mine: Enrolment | None
    trainers: dict[UUID, str | None]


def taught_by(actor: Actor) -> ColumnElement[bool]:
    """Every class for the office and who teaches everywhere, or those for which the trainer was appointed."""
    if actor.town_wide(TEACH) or actor.town_wide(MANAGE):
        return true()
    return col(TrainingClass.id).in_(sorted(actor.scopes(TEACH, ScopeKind.CLASS)))


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Once enrolment has opened everybody's; before that the office's and its trainers'."""
    return or_(col(TrainingClass.state).in_(sorted(VISIBLE)), taught_by(actor))


async def create(session: AsyncSession, actor: Actor, form: ClassForm, *, now: datetime) -> Seen:
    """A draft with its sessions. From a pool: who accepted the plan hears of the class at once."""
    check_town_wide(actor, MANAGE)
    course = await _course(session, form.course_id)
    await catalogue.check_provider(session, form.provider_id)
    if form.only_enterprise_id is not None and not await enterprise_exists(session, form.only_enterprise_id):
        raise rules.ClassFirmError
    await _check_trainers(session, form.sessions)
    first, last, minutes = _check_sessions(form.sessions, now)
    rules.check_enrol_until(form.enrol_until, first, now)
    row = TrainingClass(
        id=new_id(), created_at=now, updated_at=now, first_at=first, last_at=last, minutes=minutes,
        created_by=actor.person_id, **form.model_dump(exclude={"sessions", "needs_approval"}),
        needs_approval=form.needs_approval or course.audience in APPROVED_ONE_BY_ONE,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    rows = [
        ClassSession(created_at=now, updated_at=now, class_id=row.id, number=number, **one.model_dump())
        for number, one in enumerate(sorted(form.sessions, key=lambda one: one.starts_at), 1)
    ]
    session.add_all(rows)
    await session.flush()
    await _check_places(session, rows)
    if form.pool_id is not None:
        pool = await pools.turn_into_class(session, form.pool_id, row.id, now=now)
        if pool.course_id != course.id:
            raise rules.PoolCourseError
    audit.by(session, actor, "class_created", SUBJECT, row.id, now=now)
    return await seen(session, actor, row)


async def update(session: AsyncSession, actor: Actor, class_id: UUID, form: ClassUpdate, *, now: datetime) -> Seen:
    """Seats may grow or shrink, not below what is given; new seats go to the list at once."""
    row = await lock_managed(session, actor, class_id, form.expected_version)
    if row.state not in {ClassState.DRAFT, *AHEAD}:
        raise rules.ClassStateError(current=row.state.label, target=row.state.label)
    if form.capacity < row.taken + row.offered:
        raise rules.CapacityBelowTakenError(taken=row.taken + row.offered)
    if form.enrol_until != row.enrol_until:
        rules.check_enrol_until(form.enrol_until, row.first_at, now)
    if row.state is not ClassState.DRAFT:
        rules.check_filing(form.filing_number, required=form.subsidised)
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(row, name, value)
    row.touch(now)
    await seats.promote(session, row, now=now)
    audit.by(session, actor, "class_changed", SUBJECT, class_id, now=now)
    return await seen(session, actor, row)


async def approve(session: AsyncSession, actor: Actor, class_id: UUID, *, expected_version: int, now: datetime) -> Seen:
    """Filed where it is to be subsidised."""
    row = await lock_managed(session, actor, class_id, expected_version)
    rules.check_class_move(row.state, ClassState.APPROVED)
    rules.check_filing(row.filing_number, required=row.subsidised)
    row.approved_by = actor.person_id
    return await _enter(session, actor, row, ClassState.APPROVED, now)


async def open_enrolment(
    session: AsyncSession, actor: Actor, class_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    row = await lock_managed(session, actor, class_id, expected_version)
    rules.check_class_move(row.state, ClassState.ENROLLING)
    rules.check_enrol_until(row.enrol_until, row.first_at, now)
    return await _enter(session, actor, row, ClassState.ENROLLING, now)


async def close_enrolment(
    session: AsyncSession, actor: Actor, class_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    """Nobody new; the list still moves up until the class begins."""
    row = await lock_managed(session, actor, class_id, expected_version)
    rules.check_class_move(row.state, ClassState.CLOSED)
    return await _enter(session, actor, row, ClassState.CLOSED, now)


async def cancel(
    session: AsyncSession, actor: Actor, class_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Seen:
    """Everybody is told why; offers that are open end; what was asked for waits for another class."""
    row = await lock_managed(session, actor, class_id, expected_version)
    rules.check_class_move(row.state, ClassState.CANCELLED)
    row.state, row.cancelled_because = ClassState.CANCELLED, reason
    row.touch(now)
    people = await seats.end_all(session, row, now=now)
    course = await _course_of(session, row)
    await pools.take_back(session, class_id, course, now=now)
    audit.by(session, actor, "class_cancelled", SUBJECT, class_id, now=now)
    await emit(session, ClassCancelled(at=now, class_id=class_id, title=row.title, reason=reason, people=people))
    return await seen(session, actor, row)


async def change_session(
    session: AsyncSession, actor: Actor, session_id: UUID, form: ClassSessionUpdate, *, now: datetime
) -> Seen:
    """Another time, place or trainer. Refused where somebody enrolled has another class then; all are told."""
    check_town_wide(actor, MANAGE)
    known = (await session.exec(select(ClassSession).where(ClassSession.id == session_id))).one_or_none()
    if known is None:
        raise rules.ClassSessionNotFoundError
    held = await _enrolled(session, known.class_id)
    await hold_people(session, held)
    row = await lock(session, TrainingClass, known.class_id, rules.ClassNotFoundError)
    one = await lock(session, ClassSession, session_id, rules.ClassSessionNotFoundError)
    check_version(one.version, form.expected_version)
    if row.state not in OCCUPYING:
        raise rules.ClassStateError(current=row.state.label, target=row.state.label)
    if now >= one.starts_at:
        raise rules.SessionBegunError
    people = await _enrolled(session, row.id)
    if set(people) - set(held):
        raise rules.PeopleChangedError
    rules.check_session(form.starts_at, form.ends_at, now)
    await _check_trainers(session, [form])
    for name, value in form.model_dump(exclude={"expected_version"}).items():
        setattr(one, name, value)
    one.touch(now)
    await session.flush()
    await _check_places(session, [one])
    await clashes.check_moved(session, row.id, people)
    await _span(session, row)
    row.enrol_until = min(row.enrol_until, row.first_at)
    row.touch(now)
    await session.flush()
    audit.by(session, actor, "class_session_changed", SUBJECT, row.id, now=now)
    await emit(
        session,
        SessionMoved(
            at=now, class_id=row.id, title=row.title, starts_at=one.starts_at, venue=one.venue, people=tuple(people)
        ),
    )
    return await seen(session, actor, row)


async def advance_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: one class a transaction. Enrolment ends, the class begins, the last session is over."""
    begun = col(TrainingClass.state).in_(sorted({*TAKING, ClassState.CLOSED})) & (col(TrainingClass.first_at) <= now)
    over = col(TrainingClass.state).in_(sorted(TAKING)) & (col(TrainingClass.enrol_until) <= now)
    ended = (col(TrainingClass.state) == ClassState.RUNNING) & (col(TrainingClass.last_at) <= now)
    due = await session.exec(
        select(TrainingClass)
        .where(or_(begun, over, ended))
        .order_by(col(TrainingClass.first_at), col(TrainingClass.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    row = due.one_or_none()
    if row is None:
        return 0
    if row.state is ClassState.RUNNING:
        target = ClassState.ASSESSING
    else:
        target = ClassState.RUNNING if row.first_at <= now else ClassState.CLOSED
    rules.check_class_move(row.state, target)
    row.state = target
    row.touch(now)
    if target is ClassState.RUNNING:
        await seats.end_waiting(session, row, now=now)
    await session.flush()
    return 1


async def list_classes(
    session: ReadSession, cursors: Cursors, actor: Actor, *, state: ClassState | None, course_id: UUID | None,
    cursor: str | None, limit: int,
) -> tuple[Sequence[TrainingClass], str | None]:  # fmt: skip
    """Those that begin last first."""
    query: dict[str, Any] = {
        "list": "classes",
        "state": state,
        "course": course_id,
        "all": actor.town_wide(TEACH) or actor.town_wide(MANAGE),
    }
    keys = [col(TrainingClass.first_at), col(TrainingClass.id)]
    statement = select(TrainingClass).where(visible_to(actor))
    if state is not None:
        statement = statement.where(TrainingClass.state == state)
    if course_id is not None:
        statement = statement.where(TrainingClass.course_id == course_id)
    if cursor is not None:
        statement = statement.where(after(keys, cursors.decode(query, cursor)))
    rows = (await session.exec(statement.order_by(*(key.desc() for key in keys)).limit(limit + 1))).all()
    return cursors.page(query, rows, limit, lambda row: [row.first_at, row.id])


async def look(session: ReadSession, actor: Actor, class_id: UUID) -> Seen:
    found = await session.exec(select(TrainingClass).where(TrainingClass.id == class_id, visible_to(actor)))
    row = found.one_or_none()
    if row is None:
        raise rules.ClassNotFoundError
    return await seen(session, actor, row)


async def lock_managed(session: AsyncSession, actor: Actor, class_id: UUID, expected_version: int) -> TrainingClass:
    check_town_wide(actor, MANAGE)
    row = await lock(session, TrainingClass, class_id, rules.ClassNotFoundError)
    check_version(row.version, expected_version)
    return row


async def lock_taught(session: AsyncSession, actor: Actor, class_id: UUID) -> TrainingClass:
    await check_taught(session, actor, class_id)
    return await lock(session, TrainingClass, class_id, rules.ClassNotFoundError)


async def check_taught(session: AsyncSession | ReadSession, actor: Actor, class_id: UUID) -> None:
    found = await session.exec(select(col(TrainingClass.id)).where(TrainingClass.id == class_id, taught_by(actor)))
    if found.one_or_none() is None:
        raise rules.ClassNotFoundError


async def sessions_of(session: AsyncSession | ReadSession, class_id: UUID) -> Sequence[ClassSession]:
    rows = await session.exec(
        select(ClassSession).where(ClassSession.class_id == class_id).order_by(col(ClassSession.number))
    )
    return rows.all()


async def seen(session: AsyncSession | ReadSession, actor: Actor, row: TrainingClass) -> Seen:
    sessions = await sessions_of(session, row.id)
    waiting = await session.exec(
        select(func.count())
        .select_from(Enrolment)
        .where(Enrolment.class_id == row.id, Enrolment.state == EnrolmentState.WAITLISTED)
    )
    mine = await session.exec(
        select(Enrolment)
        .where(Enrolment.class_id == row.id, Enrolment.person_id == actor.person_id)
        .order_by(col(Enrolment.created_at).desc(), col(Enrolment.id).desc())
        .limit(1)
    )
    trainers = await facts_of(
        session, crypto_of(session), sorted({one.trainer_id for one in sessions if one.trainer_id is not None})
    )
    return Seen(
        row, await _course_of(session, row), sessions, waiting.one(), mine.one_or_none(),
        {key: facts.name for key, facts in trainers.items()},
    )  # fmt: skip


async def _enter(session: AsyncSession, actor: Actor, row: TrainingClass, target: ClassState, now: datetime) -> Seen:
    row.state = target
    row.touch(now)
    await session.flush()
    audit.by(session, actor, f"class_{target.value}", SUBJECT, row.id, now=now)
    return await seen(session, actor, row)


async def _course(session: AsyncSession, course_id: UUID) -> Course:
    course = (await session.exec(select(Course).where(Course.id == course_id))).one_or_none()
    if course is None or course.state is not CourseState.PUBLISHED:
        raise DemandCourseError
    return course


async def _course_of(session: AsyncSession | ReadSession, row: TrainingClass) -> Course:
    course = (await session.exec(select(Course).where(Course.id == row.course_id))).one_or_none()
    if course is None:
        raise CourseNotFoundError
    return course


def _check_sessions(forms: Sequence[ClassSessionForm], now: datetime) -> tuple[datetime, datetime, int]:
    for one in forms:
        rules.check_session(one.starts_at, one.ends_at, now)
    rules.check_own_clash([(one.starts_at, one.ends_at) for one in forms])
    minutes = sum(rules.minutes_of(one.starts_at, one.ends_at) for one in forms)
    return min(one.starts_at for one in forms), max(one.ends_at for one in forms), minutes


async def _check_trainers(session: AsyncSession, forms: Sequence[ClassSessionForm]) -> None:
    trainers = {form.trainer_id for form in forms if form.trainer_id is not None}
    if trainers - await active_among(session, sorted(trainers)):
        raise rules.TrainerUnknownError


async def _check_places(session: AsyncSession, rows: Sequence[ClassSession]) -> None:
    """Neither the room nor the trainer is somewhere else then; the class's own sessions follow one another."""
    for row in rows:
        same = [col(ClassSession.venue) == row.venue, col(ClassSession.class_id) == row.class_id]
        if row.trainer_id is not None:
            same.append(col(ClassSession.trainer_id) == row.trainer_id)
        found = await session.exec(
            select(ClassSession, col(TrainingClass.title))
            .join(TrainingClass, col(TrainingClass.id) == col(ClassSession.class_id))
            .where(
                col(TrainingClass.state).in_(sorted(OCCUPYING)), ClassSession.id != row.id,
                col(ClassSession.starts_at) < row.ends_at, col(ClassSession.ends_at) > row.starts_at, or_(*same),
            )
            .order_by(col(ClassSession.starts_at))
            .limit(1)
        )  # fmt: skip
        other = found.first()
        if other is None:
            continue
        one, title = other
        at = f"{one.starts_at.astimezone(CHINA):%m月%d日%H:%M}"
        if one.class_id == row.class_id:
            raise rules.SessionsOverlapError
        if one.venue == row.venue:
            raise rules.VenueClashError(at=at, venue=row.venue, title=title)
        raise rules.TrainerClashError(at=at, title=title)


async def _span(session: AsyncSession, row: TrainingClass) -> None:
    sessions = await sessions_of(session, row.id)
    row.first_at, row.last_at = min(one.starts_at for one in sessions), max(one.ends_at for one in sessions)
    row.minutes = sum(rules.minutes_of(one.starts_at, one.ends_at) for one in sessions)


async def _enrolled(session: AsyncSession, class_id: UUID) -> list[UUID]:
    rows = await session.exec(
        select(col(Enrolment.person_id)).where(
            Enrolment.class_id == class_id, col(Enrolment.state).in_(sorted(BUSY | TAUGHT))
        )
    )
    return sorted(set(rows.all()))
