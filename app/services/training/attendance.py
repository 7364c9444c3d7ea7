"""Attendance at a session: the learner's short-lived code read by the trainer, or the trainer's list with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto, crypto_of
from app.core.db import ReadSession
from app.core.rotating import CodeFault, RotatingCodes, ShownCode
from app.models.training import AttendanceMark, ClassSession, Enrolment, TrainingClass
from app.rules.identity.roles import Actor
from app.rules.training import attendance as rules
from app.rules.training.attendance import CODE_SECONDS, THERE, MarkWay, SessionMark
from app.rules.training.classes import ClassNotFoundError, ClassSessionNotFoundError, ClassState, ClassStateError
from app.rules.training.enrolments import RESULTS, TAUGHT, EnrolmentState
from app.schemas.training.attendance import AttendanceMarksForm
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.training import seats
from app.services.training.classes import check_taught, lock_taught
from app.services.training.enrolments import lock_in_taught

SUBJECT = "attendance_mark"
E = EnrolmentState
# Classes of which marks are taken and corrected.
MARKED = frozenset({ClassState.CLOSED, ClassState.ENROLLING, ClassState.FULL, ClassState.RUNNING, ClassState.ASSESSING})


@dataclass(frozen=True, slots=True)
class Marked:
    """One person at one session. `row` is None where nothing is entered."""

    enrolment: Enrolment
    name: str | None
    mark: SessionMark
    row: AttendanceMark | None
    reason: str | None


def codes(crypto: Crypto, session_id: UUID) -> RotatingCodes:
    """A key for each session: a code of one says nothing at another."""
    return RotatingCodes(crypto.derived_key(f"training_session:{session_id}"), timedelta(seconds=CODE_SECONDS))


async def show_own_code(
    session: ReadSession, crypto: Crypto, actor: Actor, session_id: UUID, *, now: datetime
) -> ShownCode:
    """For the learner's screen: bound to the seat and the session, some seconds long."""
    found = await session.exec(
        select(Enrolment)
        .join(ClassSession, col(ClassSession.class_id) == col(Enrolment.class_id))
        .where(
            ClassSession.id == session_id, Enrolment.person_id == actor.person_id,
            col(Enrolment.state).in_(sorted(TAUGHT)),
        )
    )  # fmt: skip
    row = found.one_or_none()
    if row is None:
        raise ClassSessionNotFoundError
    return codes(crypto, session_id).show(row.id, now)


async def scan(
    session: AsyncSession, crypto: Crypto, actor: Actor, session_id: UUID, *, code: str, now: datetime
) -> Marked:
    """The trainer reads the learner's screen. Twice is once; what is entered already stays."""
    one, klass = await _taught_session(session, actor, session_id)
    rotating = codes(crypto, session_id)
    enrolment_id = rotating.thing_of(code.strip())
    fault = CodeFault.FORGED if enrolment_id is None else rotating.fault(code.strip(), enrolment_id, now)
    if enrolment_id is None or fault in {CodeFault.FORGED, CodeFault.ELSEWHERE}:
        raise rules.CheckInCodeError
    if fault is CodeFault.EXPIRED:
        raise rules.CheckInCodeOldError
    klass, rows = await lock_in_taught(session, actor, klass.id, [enrolment_id])
    enrolment = _of(rows, enrolment_id, actor)
    _check_open(klass)
    mark, minutes = rules.mark_by_code(one.starts_at, one.ends_at, now)
    known = await _mark(session, one.id, enrolment.id)
    if known is None:
        await _put(session, klass, one, enrolment, mark, minutes, MarkWay.CODE, None, actor, now)
        audit.by(session, actor, "attendance_scanned", SUBJECT, one.id, now=now, enrolment=str(enrolment.id))
    return (await _opened(session, one, [enrolment]))[0]


async def set_marks(
    session: AsyncSession, actor: Actor, session_id: UUID, form: AttendanceMarksForm, *, now: datetime
) -> list[Marked]:
    """The trainer's list: all of the form or nothing of it; the reason stays with each mark."""
    one, klass = await _taught_session(session, actor, session_id)
    rules.check_begun(one.starts_at, now)
    wanted = {mark.enrolment_id: mark for mark in form.marks}
    klass, rows = await lock_in_taught(session, actor, klass.id, sorted(wanted))
    for enrolment_id, mark in sorted(wanted.items()):
        enrolment = _of(rows, enrolment_id, actor)
        _check_open(klass)
        known = await _mark(session, one.id, enrolment_id)
        current = known.mark if known is not None else SessionMark.UNMARKED
        rules.check_mark(rules.stands_for(current, one.starts_at, enrolment.enrolled_at), mark.mark)
        minutes = rules.minutes_by_hand(mark.mark, mark.minutes, one.starts_at, one.ends_at)
        await _put(session, klass, one, enrolment, mark.mark, minutes, MarkWay.LIST, form.reason, actor, now, known)
    audit.by(session, actor, "attendance_listed", SUBJECT, one.id, now=now, people=str(len(wanted)))
    return await _opened(session, one, [rows[key] for key in sorted(wanted)])


async def list_marks(session: ReadSession, actor: Actor, session_id: UUID) -> list[Marked]:
    one = await _session(session, session_id)
    try:
        await check_taught(session, actor, one.class_id)
    except ClassNotFoundError as error:
        raise ClassSessionNotFoundError from error
    rows = await session.exec(
        select(Enrolment)
        .where(Enrolment.class_id == one.class_id, col(Enrolment.state).in_(sorted(TAUGHT)))
        .order_by(col(Enrolment.created_at), col(Enrolment.id))
    )
    return await _opened(session, one, rows.all())


async def minutes_of(session: AsyncSession, enrolment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """From the marks and from nothing else."""
    rows = await session.exec(
        select(col(AttendanceMark.enrolment_id), col(AttendanceMark.minutes)).where(
            col(AttendanceMark.enrolment_id).in_(enrolment_ids)
        )
    )
    found = dict.fromkeys(enrolment_ids, 0)
    for enrolment_id, minutes in rows:
        found[enrolment_id] += minutes
    return found


async def count_missing(session: AsyncSession, sessions: Sequence[ClassSession], rows: Sequence[Enrolment]) -> int:
    """Sessions of people that nobody has marked; what was before their time does not count."""
    known = await session.exec(
        select(col(AttendanceMark.session_id), col(AttendanceMark.enrolment_id)).where(
            col(AttendanceMark.enrolment_id).in_([row.id for row in rows])
        )
    )
    there = set(known.all())
    return sum(
        (one.id, row.id) not in there
        and rules.stands_for(SessionMark.UNMARKED, one.starts_at, row.enrolled_at) is SessionMark.UNMARKED
        for one in sessions
        for row in rows
    )


async def _put(
    session: AsyncSession,
    klass: TrainingClass,
    one: ClassSession,
    enrolment: Enrolment,
    mark: SessionMark,
    minutes: int,
    way: MarkWay,
    reason: str | None,
    actor: Actor,
    now: datetime,
    known: AttendanceMark | None = None,
) -> None:
    row = known or AttendanceMark(
        created_at=now, updated_at=now, session_id=one.id, enrolment_id=enrolment.id, mark=mark, minutes=minutes,
        way=way, marked_by=actor.person_id,
    )  # fmt: skip
    row.mark, row.minutes, row.way, row.marked_by = mark, minutes, way, actor.person_id
    row.reason_sealed = None if reason is None else crypto_of(session).seal(SUBJECT, "reason", row.id, reason)
    if known is not None:
        row.touch(now)
    session.add(row)
    if enrolment.state in RESULTS or (enrolment.state is E.ENROLLED and mark in THERE):
        # A result that stood on other marks is made anew.
        enrolment.minutes = enrolment.score = enrolment.told = None
        await seats.step(session, klass, enrolment, E.ATTENDED, now=now)
    await session.flush()


def _of(rows: dict[UUID, Enrolment], enrolment_id: UUID, actor: Actor) -> Enrolment:
    found = rows.get(enrolment_id)
    if found is None or found.state not in TAUGHT:
        raise rules.NotInClassError
    if found.person_id == actor.person_id:
        raise rules.OwnMarkError
    return found


def _check_open(klass: TrainingClass) -> None:
    if klass.state not in MARKED:
        raise ClassStateError(current=klass.state.label, target=ClassState.RUNNING.label)


async def _taught_session(session: AsyncSession, actor: Actor, session_id: UUID) -> tuple[ClassSession, TrainingClass]:
    one = await _session(session, session_id)
    try:
        klass = await lock_taught(session, actor, one.class_id)
    except ClassNotFoundError as error:
        raise ClassSessionNotFoundError from error
    return one, klass


async def _session(session: AsyncSession | ReadSession, session_id: UUID) -> ClassSession:
    one = (await session.exec(select(ClassSession).where(ClassSession.id == session_id))).one_or_none()
    if one is None:
        raise ClassSessionNotFoundError
    return one


async def _mark(session: AsyncSession, session_id: UUID, enrolment_id: UUID) -> AttendanceMark | None:
    found = await session.exec(
        select(AttendanceMark)
        .where(AttendanceMark.session_id == session_id, AttendanceMark.enrolment_id == enrolment_id)
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def _opened(session: AsyncSession | ReadSession, one: ClassSession, rows: Sequence[Enrolment]) -> list[Marked]:
    crypto = crypto_of(session)
    facts = await facts_of(session, crypto, sorted({row.person_id for row in rows}))
    found = await session.exec(
        select(AttendanceMark).where(
            AttendanceMark.session_id == one.id, col(AttendanceMark.enrolment_id).in_([row.id for row in rows])
        )
    )
    marks = {mark.enrolment_id: mark for mark in found}
    shown = []
    for row in rows:
        mark = marks.get(row.id)
        stands = rules.stands_for(mark.mark if mark else SessionMark.UNMARKED, one.starts_at, row.enrolled_at)
        reason = crypto.open_if(SUBJECT, "reason", mark.id, mark.reason_sealed) if mark else None
        name = facts[row.person_id].name if row.person_id in facts else None
        shown.append(Marked(row, name, stands, mark, reason))
    return shown
