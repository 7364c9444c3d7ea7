"""The worker's own row: the lock under which seats are given and taken."""

from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.models.gigs import WorkerProfile
from app.rules.gigs.profiles import WorkerProfileMissingError


async def find_worker(session: ReadSession | AsyncSession, person_id: UUID) -> WorkerProfile | None:
    return (await session.exec(select(WorkerProfile).where(WorkerProfile.person_id == person_id))).one_or_none()


async def lock_worker(session: AsyncSession, person_id: UUID) -> WorkerProfile:
    """Two seats at one time, two acceptances at once: decided one after the other under this lock.

    Always before the row of a shift or an offer: one order everywhere, so that nobody waits in a circle.
    """
    statement = (
        select(WorkerProfile)
        .where(col(WorkerProfile.person_id) == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = (await session.exec(statement)).one_or_none()
    if row is None:
        raise WorkerProfileMissingError
    return row
