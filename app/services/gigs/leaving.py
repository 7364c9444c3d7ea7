"""A person leaves the service: what is still to come is given back, what was worked stays as the wage record it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import lock
from app.models.gigs import Assignment, WaitingEntry
from app.rules.gigs.offers import AssignmentNotFoundError, AssignmentState, WaitingState
from app.services.gigs import assignments, board, offers

_TO_COME = (AssignmentState.ACCEPTED, AssignmentState.CONFIRMED)


async def leave_all(session: AsyncSession, person_id: UUID, *, now: datetime) -> None:
    """Offers, places in lines and seats to come; nobody counts that as a no-show."""
    await offers.leave_all(session, person_id, now=now)
    await session.exec(
        update(WaitingEntry)
        .where(col(WaitingEntry.person_id) == person_id, col(WaitingEntry.state) == WaitingState.WAITING)
        .values(state=WaitingState.LEFT, updated_at=now, version=col(WaitingEntry.version) + 1)
    )
    seen = (
        await session.exec(
            select(Assignment).where(
                Assignment.person_id == person_id, col(Assignment.state).in_(_TO_COME), col(Assignment.starts_at) > now
            )
        )
    ).all()
    await board.hold_shifts(session, [row.shift_id for row in seen])
    for one in sorted(seen, key=lambda row: row.id):
        row = await lock(session, Assignment, one.id, AssignmentNotFoundError)
        if row.state in _TO_COME:
            await assignments.move(session, row, AssignmentState.LEFT, now=now)
