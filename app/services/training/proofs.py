"""What certificates prove in the profiles of jobs and gigs: only with the person's consent, only while they hold.

The cause is the pass (the enrolment), so that a certificate that was exchanged changes nothing.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.events import emit
from app.models.training import Certificate, Course
from app.rules.identity.consents import ConsentPurpose
from app.rules.training.certificates import CertificateState
from app.services.identity.consents import consenting
from app.services.training.events import PassRevoked, SkillProven, SkillUnproven


def cause_of(enrolment_id: UUID) -> str:
    return f"class:{enrolment_id}"


async def publish(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Everything that holds now; said again, it changes nothing."""
    if not await consenting(session, [person_id], ConsentPurpose.SKILL_PROFILE):
        return
    rows = await session.exec(
        select(Certificate, Course)
        .join(Course, col(Course.id) == col(Certificate.course_id))
        .where(
            Certificate.person_id == person_id, Certificate.state == CertificateState.ISSUED,
            or_(col(Certificate.valid_to).is_(None), col(Certificate.valid_to) >= china_date(now)),
        )
        .order_by(col(Certificate.id))
    )  # fmt: skip
    for row, course in rows.all():
        await emit(
            session,
            SkillProven(
                at=now, cause=cause_of(row.enrolment_id), person_id=person_id, title=course.title,
                word=course.skill_word, occupation_code=course.occupation_code, level=course.level,
                process_code=course.process_code, gig_level=course.gig_level,
            ),
        )  # fmt: skip


async def retract(session: AsyncSession, row: Certificate, *, now: datetime, by: UUID | None = None) -> None:
    """Revoked by somebody: out of the profiles, and the points go back. Expired: the pass stays a fact."""
    await emit(session, SkillUnproven(at=now, cause=cause_of(row.enrolment_id), person_id=row.person_id))
    if by is not None:
        await emit(session, PassRevoked(at=now, cause=cause_of(row.enrolment_id), person_id=row.person_id, by=by))


async def hide_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """The consent was taken back."""
    rows = await session.exec(
        select(col(Certificate.enrolment_id)).where(Certificate.person_id == person_id).order_by(col(Certificate.id))
    )
    for enrolment_id in rows.all():
        await emit(session, SkillUnproven(at=now, cause=cause_of(enrolment_id), person_id=person_id))
