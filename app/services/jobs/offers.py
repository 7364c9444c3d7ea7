"""The person's own answer to an offer. It is a word to the firm: hired stays the firm's step, with its seat.

Nobody answers for another: what is accepted here is work, not a form.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import check_version, lock
from app.core.events import emit
from app.models.jobs import Application
from app.rules.identity.roles import Actor
from app.rules.jobs.applications import ApplicationNotFoundError, check_offer
from app.rules.jobs.invitations import DeclineReason
from app.services.events import OfferAnswered
from app.services.identity import audit
from app.services.jobs.applications import SUBJECT, Tracked, check_own, leave, track


async def accept(
    session: AsyncSession, actor: Actor, application_id: UUID, *, expected_version: int, now: datetime
) -> Tracked:
    """Recorded with its time and told to the firm. Twice is once."""
    row = await _lock(session, actor, application_id, expected_version)
    if row.offer_accepted_at is not None:
        return await track(session, row.id)
    row.offer_accepted_at = now
    row.touch(now)
    audit.by(session, actor, "offer_accepted", SUBJECT, row.id, now=now)
    return await _told(session, row, accepted=True, now=now)


async def decline(
    session: AsyncSession,
    actor: Actor,
    application_id: UUID,
    *,
    reason: DeclineReason | None,
    expected_version: int,
    now: datetime,
) -> Tracked:
    """A withdrawal that says why; also by whoever had accepted: plans change until the first day."""
    row = await _lock(session, actor, application_id, expected_version)
    row.decline_reason = reason
    await leave(session, row, actor.caller_id, now)
    audit.by(session, actor, "offer_declined", SUBJECT, row.id, now=now)
    return await _told(session, row, accepted=False, now=now)


async def _lock(session: AsyncSession, actor: Actor, application_id: UUID, expected_version: int) -> Application:
    await check_own(session, actor, application_id)
    row = await lock(session, Application, application_id, ApplicationNotFoundError)
    check_version(row.version, expected_version)
    check_offer(row.state)
    return row


async def _told(session: AsyncSession, row: Application, *, accepted: bool, now: datetime) -> Tracked:
    await session.flush()
    tracked = await track(session, row.id)
    vacancy = tracked.vacancy
    await emit(
        session,
        OfferAnswered(
            at=now, application_id=row.id, vacancy_id=vacancy.id, enterprise_id=vacancy.enterprise_id,
            title=vacancy.title, accepted=accepted, reason=row.decline_reason,
        ),
    )  # fmt: skip
    return tracked
