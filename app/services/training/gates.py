"""Who may enter a class: age, prerequisites, consent, not twice, not in two places at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.crypto import crypto_of
from app.core.errors import AppError
from app.models.training import Certificate, Course, Enrolment, TrainingClass
from app.rules.identity.consents import ConsentMissingError, ConsentPurpose
from app.rules.training import courses, enrolments
from app.rules.training.certificates import CertificateState
from app.rules.training.enrolments import ENROLMENT_NEXT, EnrolmentState
from app.services.identity.consents import consenting
from app.services.identity.people import PersonFacts, facts_of
from app.services.training import catalogue, clashes

# Somebody in one of these has gone; every other state stands in the way of a second entry.
GONE = frozenset(
    {
        EnrolmentState.REFUSED, EnrolmentState.LAPSED, EnrolmentState.DECLINED, EnrolmentState.WITHDRAWN,
        EnrolmentState.CLASS_CANCELLED,
    }
)  # fmt: skip


async def problems(
    session: AsyncSession, row: TrainingClass, course: Course, people: Sequence[UUID], *, now: datetime
) -> dict[UUID, AppError]:
    """What keeps each of them out. The people are held by the caller, and the class is locked."""
    facts = await facts_of(session, crypto_of(session), people)
    agreed = await consenting(session, people, ConsentPurpose.SERVICE)
    passed = await passed_by(session, people, course.prerequisites, now)
    titles = await catalogue.titles_of_codes(session, set(course.prerequisites))
    inside = await _entries(session, row.id, people)
    busy = await clashes.find(session, row.id, people)
    found: dict[UUID, AppError] = {}
    for person_id in people:
        try:
            _check(person_id, course, facts, agreed, passed, titles, inside, busy, now)
        except AppError as error:
            found[person_id] = error
    return found


async def passed_by(
    session: AsyncSession, people: Sequence[UUID], codes: Sequence[str], now: datetime
) -> dict[UUID, set[str]]:
    """Of these courses, those of which each of them holds a certificate now."""
    found: dict[UUID, set[str]] = {person_id: set() for person_id in people}
    if not codes:
        return found
    rows = await session.exec(
        select(col(Certificate.person_id), col(Course.code))
        .join(Course, col(Course.id) == col(Certificate.course_id))
        .where(
            col(Certificate.person_id).in_(people), col(Course.code).in_(codes),
            Certificate.state == CertificateState.ISSUED,
            or_(col(Certificate.valid_to).is_(None), col(Certificate.valid_to) >= china_date(now)),
        )
    )  # fmt: skip
    for person_id, code in rows:
        found[person_id].add(code)
    return found


def _check(
    person_id: UUID,
    course: Course,
    facts: Mapping[UUID, PersonFacts],
    agreed: set[UUID],
    passed: Mapping[UUID, set[str]],
    titles: dict[str, str],
    inside: Mapping[UUID, EnrolmentState],
    busy: Mapping[UUID, tuple[str, str]],
    now: datetime,
) -> None:
    if person_id not in agreed:
        raise ConsentMissingError(purpose=ConsentPurpose.SERVICE.label, code=ConsentPurpose.SERVICE.value)
    if person_id in inside:
        raise enrolments.EnrolledTwiceError(who="本人", state=inside[person_id].label)
    born = facts[person_id].birth_date if person_id in facts else None
    courses.check_age(born, courses.least_age(course.least_age, licensed=course.licensed), china_date(now))
    courses.check_prerequisites(course.prerequisites, passed[person_id], titles)
    if person_id in busy:
        at, title = busy[person_id]
        raise enrolments.SessionClashError(who="本人", at=at, title=title)


async def _entries(session: AsyncSession, class_id: UUID, people: Sequence[UUID]) -> dict[UUID, EnrolmentState]:
    standing = sorted(set(ENROLMENT_NEXT) - GONE)
    rows = await session.exec(
        select(col(Enrolment.person_id), col(Enrolment.state)).where(
            Enrolment.class_id == class_id, col(Enrolment.person_id).in_(people), col(Enrolment.state).in_(standing)
        )
    )
    return dict(rows.all())
