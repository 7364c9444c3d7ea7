"""Who is on a shift, for its dispatcher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import Crypto
from app.core.db import ReadSession
from app.models.gigs import Assignment, WaitingEntry
from app.rules.gigs.offers import HOLDING, AssignmentState, WaitingState
from app.rules.identity.roles import Actor
from app.services.gigs import board
from app.services.gigs.board import OnBoard
from app.services.identity.people import PersonFacts, facts_of

# Name and phone while the two have to do with one another; who gave the seat up is a name no more.
_KNOWN = HOLDING | {AssignmentState.DONE, AssignmentState.STOOD_BY, AssignmentState.NO_SHOW}


@dataclass(frozen=True, slots=True)
class People:
    on: OnBoard
    rows: Sequence[Assignment]
    facts: Mapping[UUID, PersonFacts]
    waiting: int


async def of_shift(session: AsyncSession | ReadSession, crypto: Crypto, actor: Actor, shift_id: UUID) -> People:
    """Seats and who has them, in the order in which they were taken; four statements whatever the number."""
    on = await board.at_site(session, actor, shift_id)
    rows = (
        await session.exec(
            select(Assignment)
            .where(Assignment.shift_id == shift_id)
            .order_by(col(Assignment.accepted_at), col(Assignment.id))
        )
    ).all()
    facts = await facts_of(session, crypto, [row.person_id for row in rows if row.state in _KNOWN])
    counted = await session.exec(
        select(func.count())
        .select_from(WaitingEntry)
        .where(WaitingEntry.shift_id == shift_id, WaitingEntry.state == WaitingState.WAITING)
    )
    return People(on, rows, facts, counted.one())
