"""Results from marks and scores; the end of a class; feedback; one's own record."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import CHINA, china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession
from app.core.events import emit
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.training import ClassFeedback, Course, Enrolment, TrainingClass
from app.rules.identity.roles import Actor
from app.rules.training import certificates as certificate_rules
from app.rules.training import classes as class_rules
from app.rules.training import reports as report_rules
from app.rules.training.attendance import NotInClassError, OwnMarkError
from app.rules.training.classes import ClassNotFoundError, ClassState
from app.rules.training.courses import CourseBrand
from app.rules.training.enrolments import RESULTS, TAUGHT, EnrolmentState
from app.schemas.training.attendance import FeedbackForm, ResultsForm
from app.services.identity import audit
from app.services.training import attendance, seats
from app.services.training.classes import SUBJECT, Seen, check_taught, lock_managed, seen, sessions_of
from app.services.training.enrolments import Entry, entries, lock_in_taught
from app.services.training.events import ClassPassed

E = EnrolmentState
FEEDBACK = "class_feedback"
RECORD_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Answers:
    """`mean` in hundredths and `words` only from five answers on."""

    count: int
    mean: int | None
    words: list[str]


@dataclass(frozen=True, slots=True)
class Learned:
    enrolment: Enrolment
    klass: TrainingClass
    brand: CourseBrand


async def record(
    session: AsyncSession, actor: Actor, class_id: UUID, form: ResultsForm, *, now: datetime
) -> list[Entry]:
    """After the last session: minutes from the marks, the score of the assessment, the sentence with both."""
    wanted = {one.enrolment_id: one.score for one in form.results}
    klass, rows = await lock_in_taught(session, actor, class_id, sorted(wanted))
    if klass.state is not ClassState.ASSESSING:
        raise class_rules.ClassStateError(current=klass.state.label, target=ClassState.ASSESSING.label)
    course = (await session.exec(select(Course).where(Course.id == klass.course_id))).one()
    if set(wanted) - {key for key, row in rows.items() if row.state in TAUGHT}:
        raise NotInClassError
    if any(row.person_id == actor.person_id for row in rows.values()):
        raise OwnMarkError
    missing = await attendance.count_missing(session, await sessions_of(session, class_id), list(rows.values()))
    if missing:
        raise class_rules.ClassMarksMissingError(count=missing)
    minutes = await attendance.minutes_of(session, sorted(rows))
    for enrolment_id, row in sorted(rows.items()):
        await _result(session, klass, course, row, minutes[enrolment_id], wanted[enrolment_id], now)
    await session.flush()
    audit.by(session, actor, "class_results", SUBJECT, class_id, now=now, people=str(len(rows)))
    return await entries(session, [rows[key] for key in sorted(rows)], full=True)


async def complete(
    session: AsyncSession, actor: Actor, class_id: UUID, *, expected_version: int, now: datetime
) -> Seen:
    """Everybody has a result. Each pass is a fact from here on."""
    klass = await lock_managed(session, actor, class_id, expected_version)
    class_rules.check_class_move(klass.state, ClassState.COMPLETED)
    rows = await seats.locked(session, class_id, TAUGHT)
    open_rows = sum(row.state not in RESULTS for row in rows)
    if open_rows:
        raise class_rules.ClassUnfinishedError(count=open_rows)
    klass.state = ClassState.COMPLETED
    klass.touch(now)
    await session.flush()
    audit.by(session, actor, "class_completed", SUBJECT, class_id, now=now)
    course = (await session.exec(select(Course).where(Course.id == klass.course_id))).one()
    for row in sorted(rows, key=lambda one: one.person_id):
        if row.state is E.PASSED:
            await emit(
                session,
                ClassPassed(
                    at=now, enrolment_id=row.id, person_id=row.person_id, title=course.title, brand=course.brand,
                    on_day=china_date(klass.last_at), by=actor.person_id,
                ),
            )  # fmt: skip
    return await seen(session, actor, klass)


async def give_feedback(
    session: AsyncSession, actor: Actor, class_id: UUID, form: FeedbackForm, *, now: datetime
) -> None:
    """Once, by who was there; nobody reads who said what."""
    found = await session.exec(
        select(Enrolment, TrainingClass)
        .join(TrainingClass, col(TrainingClass.id) == col(Enrolment.class_id))
        .where(
            Enrolment.class_id == class_id, Enrolment.person_id == actor.person_id, col(Enrolment.state).in_(sorted(TAUGHT))
        )
    )  # fmt: skip
    pair = found.one_or_none()
    if pair is None:
        raise ClassNotFoundError
    row, klass = pair
    if klass.state is not ClassState.COMPLETED or row.state is E.NO_SHOW:
        raise report_rules.FeedbackEarlyError
    feedback_id = new_id()
    words = None if form.words is None else crypto_of(session).seal(FEEDBACK, "words", feedback_id, form.words)
    fresh = ClassFeedback(
        id=feedback_id,
        created_at=now,
        class_id=class_id,
        person_id=actor.person_id,
        score=form.score,
        words_sealed=words,
    )
    if not await insert_or_ignore(session, ClassFeedback, fresh.model_dump()):
        raise report_rules.FeedbackTwiceError


async def read_feedback(session: ReadSession, actor: Actor, class_id: UUID) -> Answers:
    await check_taught(session, actor, class_id)
    rows = (
        await session.exec(
            select(ClassFeedback).where(ClassFeedback.class_id == class_id).order_by(col(ClassFeedback.score))
        )
    ).all()
    mean = report_rules.mean_told([row.score for row in rows])
    crypto = crypto_of(session)
    # In the order of the alphabet: the order of writing would say who it was.
    words = sorted(filter(None, (crypto.open_if(FEEDBACK, "words", row.id, row.words_sealed) for row in rows)))
    return Answers(len(rows), mean, [] if mean is None else words)


async def my_record(session: ReadSession, actor: Actor) -> tuple[list[Learned], dict[int, int]]:
    """What one has learned, newest first, and minutes by year: for oneself alone."""
    rows = await session.exec(
        select(Enrolment, TrainingClass, col(Course.brand))
        .join(TrainingClass, col(TrainingClass.id) == col(Enrolment.class_id))
        .join(Course, col(Course.id) == col(TrainingClass.course_id))
        .where(Enrolment.person_id == actor.person_id, col(Enrolment.state).in_([E.PASSED, E.FAILED]))
        .order_by(col(TrainingClass.last_at).desc(), col(Enrolment.id).desc())
        .limit(RECORD_AT_MOST)
    )
    found = [Learned(*row) for row in rows]
    years: dict[int, int] = defaultdict(int)
    for one in found:
        years[one.klass.last_at.astimezone(CHINA).year] += one.enrolment.minutes or 0
    return found, dict(years)


async def _result(
    session: AsyncSession, klass: TrainingClass, course: Course, row: Enrolment, minutes: int, score: int | None,
    now: datetime,
) -> None:  # fmt: skip
    row.minutes = minutes
    if not minutes:
        row.score, row.told = None, "没有到课记录"
        if row.state is not E.NO_SHOW:
            await _to(session, klass, row, E.NO_SHOW, now)
        return
    certificate_rules.check_score(score, course.pass_by)
    passed, told = certificate_rules.has_passed(
        minutes=minutes, whole=klass.minutes, least_share=course.least_share, pass_by=course.pass_by, score=score,
        pass_score=course.pass_score,
    )  # fmt: skip
    row.score, row.told = score, told
    target = E.PASSED if passed else E.FAILED
    if row.state is not target:
        await _to(session, klass, row, target, now)


async def _to(
    session: AsyncSession, klass: TrainingClass, row: Enrolment, target: EnrolmentState, now: datetime
) -> None:
    """By way of “attended” where the marks were all entered at once."""
    if (row.state in {E.ENROLLED, E.NO_SHOW} and target in {E.PASSED, E.FAILED}) or (
        row.state in {E.PASSED, E.FAILED} and target is E.NO_SHOW
    ):
        await seats.step(session, klass, row, E.ATTENDED, now=now)
    await seats.step(session, klass, row, target, now=now)
