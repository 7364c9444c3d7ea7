"""Ratings both ways after a done shift: stars, once from each side; a mean is shown from five on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.db import ReadSession
from app.core.ids import new_id
from app.core.upsert import insert_or_ignore
from app.models.gigs import Assignment, Rating
from app.rules.gigs.offers import AssignmentState
from app.rules.gigs.standing import AlreadyRatedError, RatingClosedError
from app.rules.gigs.terms import Side
from app.rules.identity.roles import Actor
from app.services.gigs import assignments
from app.services.identity import audit

# Fewer would tell who said what.
SHOWN_FROM = 5


async def rate_firm(session: AsyncSession, actor: Actor, assignment_id: UUID, *, stars: int, now: datetime) -> Rating:
    row, _ = await assignments.lock_own(session, actor, assignment_id)
    return await _rate(session, actor, row, Side.WORKER, stars, now)


async def rate_worker(session: AsyncSession, actor: Actor, assignment_id: UUID, *, stars: int, now: datetime) -> Rating:
    row, _ = await assignments.lock_of_firm(session, actor, assignment_id)
    return await _rate(session, actor, row, Side.FIRM, stars, now)


async def mean_of_firm(session: AsyncSession | ReadSession, enterprise_id: UUID) -> tuple[float | None, int]:
    """Workers about the firm: (mean to one decimal, how many); no mean below five."""
    return await _mean(session, Rating.enterprise_id == enterprise_id, Side.WORKER)


async def mean_of_worker(session: AsyncSession | ReadSession, person_id: UUID) -> tuple[float | None, int]:
    return await _mean(session, Rating.person_id == person_id, Side.FIRM)


async def _mean(session: AsyncSession | ReadSession, whose: bool, side: Side) -> tuple[float | None, int]:
    found = await session.exec(
        select(func.coalesce(func.sum(col(Rating.stars)), 0), func.count()).where(whose, Rating.side == side)
    )
    total, number = found.one()
    return (round(int(total) / int(number), 1) if number >= SHOWN_FROM else None), int(number)


async def _rate(session: AsyncSession, actor: Actor, row: Assignment, side: Side, stars: int, now: datetime) -> Rating:
    if row.state is not AssignmentState.DONE:
        raise RatingClosedError
    rating = Rating(
        id=new_id(), created_at=now, assignment_id=row.id, side=side, person_id=row.person_id,
        enterprise_id=row.enterprise_id, stars=stars, by_person_id=actor.caller_id,
    )  # fmt: skip
    if not await insert_or_ignore(session, Rating, rating.model_dump()):
        raise AlreadyRatedError
    audit.by(session, actor, "shift_rated", assignments.SUBJECT, row.id, now=now, side=side)
    return rating
