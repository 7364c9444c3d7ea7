"""An assignment as its person sees it, with the hours of the confirmation window of its day."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.clock import china_date
from app.core.db import ReadSession
from app.rules.identity.roles import Actor
from app.schemas.gigs.offers import AssignmentRead
from app.services.gigs import assignments, law, offer_views
from app.services.gigs.assignments import Held


async def assignment(
    session: ReadSession | AsyncSession, actor: Actor, assignment_id: UUID, *, now: datetime
) -> AssignmentRead:
    return (await assignments_read(session, [await assignments.get_mine(session, actor, assignment_id)], now=now))[0]


async def assignments_read(
    session: ReadSession | AsyncSession, found: Sequence[Held], *, now: datetime
) -> list[AssignmentRead]:
    hours = (await law.limits_on(session, china_date(now))).confirm_hours
    return [offer_views.assignment_read(held, now, confirm_hours=hours) for held in found]
