"""The dispatcher asks one person of the firm's own list: an offer like any other, with a seat held and a time to answer."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.gigs import WorkerBlock
from app.rules.gigs.offers import InviteRefusedError, OfferSource, SeatsFullError, check_taking_people
from app.rules.identity.roles import Actor
from app.services.gigs import board, claims, law, offers, refill, rosters
from app.services.identity import audit


async def invite(session: AsyncSession, actor: Actor, shift_id: UUID, person_id: UUID, *, now: datetime) -> None:
    """Why somebody cannot be asked stays with them: hours elsewhere, age and other shifts are not the firm's to read."""
    firm_id = (await board.of_firm(session, actor, shift_id)).shift.enterprise_id
    await rosters.find_current(session, firm_id, person_id)
    worker = await law.lock_worker(session, person_id)
    on = (await board.hold_shifts(session, [shift_id]))[shift_id]
    check_taking_people(on.shift.state, on.shift.starts_at, on.shift.ends_at, now)
    closed = not worker.active or str(firm_id) in {*worker.blocks, *worker.hidden_from}
    if (
        closed
        or await _refused(session, firm_id, person_id)
        or await offers.is_on(session, shift_id, person_id)
        or not await refill.may_take(session, on, person_id, now)
    ):
        raise InviteRefusedError
    made = await offers.make(
        session, on, person_id, source=OfferSource.DISPATCHER, now=now, reason="派工员请您来上这个班"
    )
    if made is None:
        raise SeatsFullError(waiting=await claims.waiting_count(session, shift_id))
    audit.by(session, actor, "worker_invited", "shift", shift_id, now=now)


async def _refused(session: AsyncSession, firm_id: UUID, person_id: UUID) -> bool:
    """The firm said that it does not want this person any more: it lifts that first."""
    found = await session.exec(
        select(col(WorkerBlock.id)).where(
            WorkerBlock.enterprise_id == firm_id,
            WorkerBlock.person_id == person_id,
            col(WorkerBlock.lifted_at).is_(None),
        )
    )
    return found.first() is not None
