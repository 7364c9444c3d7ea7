"""Certificates: issued for a class, looked up by anybody, revoked, exchanged, expired."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.db import ReadSession, check_version, lock
from app.core.events import emit
from app.core.ids import new_id
from app.core.security import normal_code, one_time_code
from app.models.training import Certificate, Course, Enrolment, TrainingClass
from app.rules.identity.masks import mask_name
from app.rules.identity.roles import Actor, Permission, check_town_wide
from app.rules.training import certificates as rules
from app.rules.training.certificates import NUMBER_SIGNS, PREFIX, CertificateState
from app.rules.training.classes import ClassNotFoundError, ClassState, periods_of
from app.rules.training.enrolments import EnrolmentState
from app.services.identity import audit
from app.services.identity.people import facts_of
from app.services.runtime import Runtime
from app.services.training import proofs, seats
from app.services.training.classes import check_taught
from app.services.training.events import CertificateMoved

SUBJECT = "certificate"
MANAGE, TEACH = Permission.TRAINING_MANAGE, Permission.TRAINING_TEACH
S = CertificateState
PLACE = "宝盖镇人民政府"
CERTIFICATES_AT_MOST = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """A certificate with what stands on it."""

    row: Certificate
    klass: TrainingClass
    course: Course
    name: str | None
    reason: str | None


async def issue(session: AsyncSession, actor: Actor, class_id: UUID, *, now: datetime) -> list[Held]:
    """To everybody who passed and has none yet; nobody issues their own. Twice is once."""
    check_town_wide(actor, MANAGE)
    klass = await lock(session, TrainingClass, class_id, ClassNotFoundError)
    if klass.state is not ClassState.COMPLETED:
        raise rules.ClassNotCompletedError
    course = (await session.exec(select(Course).where(Course.id == klass.course_id))).one()
    if not course.certified:
        raise rules.NoCertificateError
    passed = await seats.locked(session, class_id, {EnrolmentState.PASSED})
    had = set((await session.exec(select(col(Certificate.enrolment_id)).where(Certificate.class_id == class_id))).all())
    due = [row for row in passed if row.id not in had and row.person_id != actor.person_id]
    names = await _names(session, due)
    for row in sorted(due, key=lambda one: one.person_id):
        made = _made(row, klass, course, actor, now)
        made.name_sealed = crypto_of(session).seal(SUBJECT, "name", made.id, names[row.person_id])
        session.add(made)
        await session.flush()
        await _tell(session, made, course, actor, now)
        await proofs.publish(session, made.person_id, now=now)
    audit.by(session, actor, "certificates_issued", "training_class", class_id, now=now, people=str(len(due)))
    return await of_class(session, actor, class_id)


async def revoke(
    session: AsyncSession, actor: Actor, certificate_id: UUID, *, reason: str, expected_version: int, now: datetime
) -> Held:
    """With a reason; what it added to profiles and points goes with it."""
    row = await _lock_managed(session, actor, certificate_id, expected_version)
    rules.check_certificate(row.state, S.REVOKED)
    row.reason_sealed = crypto_of(session).seal(SUBJECT, "reason", row.id, reason)
    _end(row, S.REVOKED, actor, now)
    await session.flush()
    audit.by(session, actor, "certificate_revoked", SUBJECT, row.id, now=now)
    await proofs.retract(session, row, now=now, by=actor.person_id)
    held = await opened(session, row)
    await _tell(session, row, held.course, actor, now)
    return held


async def exchange(
    session: AsyncSession, actor: Actor, certificate_id: UUID, *, expected_version: int, now: datetime
) -> Held:
    """A new one with the name of today (改名); the old number says that it was exchanged."""
    old = await _lock_managed(session, actor, certificate_id, expected_version)
    rules.check_certificate(old.state, S.SUPERSEDED)
    enrolment = (await session.exec(select(Enrolment).where(Enrolment.id == old.enrolment_id))).one()
    names = await _names(session, [enrolment])
    _end(old, S.SUPERSEDED, actor, now)
    await session.flush()
    fresh = Certificate(
        id=new_id(), created_at=now, updated_at=now, number=_number(now), enrolment_id=old.enrolment_id,
        class_id=old.class_id, course_id=old.course_id, person_id=old.person_id, issued_on=china_date(now),
        valid_to=old.valid_to, minutes=old.minutes, score=old.score, issued_by=actor.person_id, supersedes_id=old.id,
    )  # fmt: skip
    fresh.name_sealed = crypto_of(session).seal(SUBJECT, "name", fresh.id, names[old.person_id])
    session.add(fresh)
    await session.flush()
    audit.by(session, actor, "certificate_exchanged", SUBJECT, fresh.id, now=now, old=str(old.id))
    held = await opened(session, fresh)
    await _tell(session, fresh, held.course, actor, now)
    return held


async def verify(session: ReadSession, number: str) -> Held:
    """By anybody who has the number, however it was typed."""
    found = await session.exec(select(Certificate).where(Certificate.number == normal_number(number)))
    row = found.one_or_none()
    if row is None:
        raise rules.CertificateNotFoundError
    held = await opened(session, row)
    masked = None if held.name is None else mask_name(held.name)
    return Held(held.row, held.klass, held.course, masked, None)


def normal_number(typed: str) -> str:
    """`bgpx2026-abcde-fghij`, with or without dashes and spaces, as it was printed."""
    text = typed.strip().upper().replace("-", "").replace(" ", "").removeprefix(PREFIX)
    year, signs = text[:4], normal_code(text[4:])
    return f"{PREFIX}{year}-{signs[:5]}-{signs[5:]}"[:30]


async def list_mine(session: ReadSession, actor: Actor) -> list[Held]:
    rows = await session.exec(
        select(Certificate)
        .where(Certificate.person_id == actor.person_id)
        .order_by(col(Certificate.created_at).desc(), col(Certificate.id).desc())
        .limit(CERTIFICATES_AT_MOST)
    )
    return await opened_all(session, rows.all())


async def of_class(session: AsyncSession | ReadSession, actor: Actor, class_id: UUID) -> list[Held]:
    await check_taught(session, actor, class_id)
    rows = await session.exec(
        select(Certificate)
        .where(Certificate.class_id == class_id)
        .order_by(col(Certificate.created_at), col(Certificate.id))
        .limit(CERTIFICATES_AT_MOST)
    )
    return await opened_all(session, rows.all())


async def look(session: ReadSession, actor: Actor, certificate_id: UUID) -> Held:
    """The holder's, or the office's."""
    row = (await session.exec(select(Certificate).where(Certificate.id == certificate_id))).one_or_none()
    if row is None or (row.person_id != actor.person_id and not actor.town_wide(MANAGE)):
        raise rules.CertificateNotFoundError
    return await opened(session, row)


async def expire_due(session: AsyncSession, *, now: datetime) -> int:
    """The sweep: a certificate whose time is over proves nothing in the profiles any more."""
    due = await session.exec(
        select(Certificate)
        .where(
            Certificate.state == S.ISSUED,
            col(Certificate.expired).is_(False),
            col(Certificate.valid_to) < china_date(now),
        )
        .order_by(col(Certificate.person_id), col(Certificate.id))
        .limit(50)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    rows = due.all()
    for row in rows:
        row.expired = True
        row.touch(now)
        await session.flush()
        await proofs.retract(session, row, now=now)
    return len(rows)


async def forget_names(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The account is gone: the number still says what was learned, not by whom."""
    rows = await session.exec(
        select(Certificate).where(Certificate.person_id == person_id).order_by(col(Certificate.id)).with_for_update()
    )
    for row in rows.all():
        row.name_sealed = None
        row.touch(now)
    await session.flush()


async def paper(runtime: Runtime, held: Held, *, url: str, qr: str) -> bytes:
    """The document to print: name, course, hours, number, QR of the public page."""
    row, course = held.row, held.course
    data = {
        "title": "培训合格证书", "name": held.name or "（持有人已注销账号）", "course": course.title,
        "brand": course.brand.label, "class": held.klass.title, "hours": str(periods_of(row.minutes)),
        "score": "" if row.score is None else f"，考核{row.score}分", "number": row.number,
        "issued": _day(row.issued_on), "valid": "长期" if row.valid_to is None else _day(row.valid_to),
        "place": PLACE, "state": "" if row.state is S.ISSUED else f"本证书{row.state.label}", "url": url, "qr": qr,
    }  # fmt: skip
    return await runtime.pdfs.write("certificate", data)


async def opened(session: AsyncSession | ReadSession, row: Certificate) -> Held:
    return (await opened_all(session, [row]))[0]


async def opened_all(session: AsyncSession | ReadSession, rows: Sequence[Certificate]) -> list[Held]:
    crypto = crypto_of(session)
    found = await session.exec(
        select(TrainingClass, Course)
        .join(Course, col(Course.id) == col(TrainingClass.course_id))
        .where(col(TrainingClass.id).in_({row.class_id for row in rows}))
    )
    classes = {klass.id: (klass, course) for klass, course in found}
    return [
        Held(
            row, *classes[row.class_id], crypto.open_if(SUBJECT, "name", row.id, row.name_sealed),
            crypto.open_if(SUBJECT, "reason", row.id, row.reason_sealed),
        )
        for row in rows
    ]  # fmt: skip


def _made(row: Enrolment, klass: TrainingClass, course: Course, actor: Actor, now: datetime) -> Certificate:
    today = china_date(now)
    valid_to = None if course.valid_years is None else _years_on(today, course.valid_years)
    return Certificate(
        id=new_id(), created_at=now, updated_at=now, number=_number(now), enrolment_id=row.id, class_id=klass.id,
        course_id=course.id, person_id=row.person_id, issued_on=today, valid_to=valid_to, minutes=row.minutes or 0,
        score=row.score, issued_by=actor.person_id,
    )  # fmt: skip


def _number(now: datetime) -> str:
    return rules.number_of(china_date(now).year, one_time_code(NUMBER_SIGNS))


def _years_on(day: date, years: int) -> date:
    """The day before the same day so many years later; 29 February counts as 1 March."""
    try:
        same = day.replace(year=day.year + years)
    except ValueError:
        same = date(day.year + years, 3, 1)
    return date.fromordinal(same.toordinal() - 1)


def _end(row: Certificate, state: CertificateState, actor: Actor, now: datetime) -> None:
    row.state, row.ended_by, row.ended_at = state, actor.person_id, now
    row.touch(now)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


async def _lock_managed(
    session: AsyncSession, actor: Actor, certificate_id: UUID, expected_version: int
) -> Certificate:
    check_town_wide(actor, MANAGE)
    row = await lock(session, Certificate, certificate_id, rules.CertificateNotFoundError)
    if row.person_id == actor.person_id:
        raise rules.OwnCertificateError
    check_version(row.version, expected_version)
    return row


async def _names(session: AsyncSession, rows: Sequence[Enrolment]) -> dict[UUID, str]:
    """As a second person has looked at them: what is printed stays."""
    facts = await facts_of(session, crypto_of(session), sorted({row.person_id for row in rows}))
    names = {key: one.name for key, one in facts.items() if one.name and not one.name_held}
    missing = len({row.person_id for row in rows} - set(names))
    if missing:
        raise rules.CertificateNameError(count=missing)
    return names


async def _tell(session: AsyncSession, row: Certificate, course: Course, actor: Actor, now: datetime) -> None:
    await emit(
        session,
        CertificateMoved(
            at=now, certificate_id=row.id, enrolment_id=row.enrolment_id, person_id=row.person_id, title=course.title,
            state=row.state, by=actor.person_id,
        ),
    )  # fmt: skip
