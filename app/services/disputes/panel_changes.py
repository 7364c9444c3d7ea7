"""Changes of seats that follow from other steps: the manager's own, seats looked at again, a mediator who goes."""

from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.disputes import CaseVote, DisputeCase, PanelSeat
from app.rules.disputes.panel import CURRENT, SeatBody, SeatRole, SeatState
from app.services.disputes.conflicts import conflicts_of

S = SeatState


async def seat_manager(
    session: AsyncSession, case: DisputeCase, person_id: UUID, *, by: UUID, conflicts: list[str], now: datetime,
    seat: PanelSeat | None = None,
) -> None:  # fmt: skip
    """The one before loses the case in the same moment."""
    await unseat_manager(session, case, now=now)
    if seat is None:
        seat = PanelSeat(
            created_at=now, updated_at=now, case_id=case.id, person_id=person_id, role=SeatRole.MANAGER,
            body=SeatBody.PARTY_COMMITTEE, state=S.ACCEPTED, conflicts=conflicts, invited_by=by,
        )  # fmt: skip
        session.add(seat)
    seat.state, seat.accepted_at = S.ACCEPTED, now
    seat.touch(now)
    case.manager_id = person_id
    await session.flush()


async def unseat_manager(session: AsyncSession, case: DisputeCase, *, now: datetime) -> None:
    for seat in await seats_of(session, case.id, role=SeatRole.MANAGER):
        if seat.state is S.ACCEPTED:
            end(seat, S.REPLACED, now)
    case.manager_id = None
    await session.flush()


async def drop_waiting_managers(session: AsyncSession, case: DisputeCase, *, now: datetime) -> None:
    """Somebody free to do it has come: nobody need be asked about the other any more."""
    for seat in await seats_of(session, case.id, role=SeatRole.MANAGER):
        if seat.state is S.AWAITING_CONSENT:
            end(seat, S.REPLACED, now)
    await session.flush()


async def look_again(session: AsyncSession, case: DisputeCase, *, now: datetime) -> None:
    """The graph of the case has changed: who is too close now waits for everybody's consent, outside."""
    for seat in await seats_of(session, case.id):
        found = await conflicts_of(session, case, seat.person_id, now=now)
        new = set(found) - set(seat.conflicts)
        seat.conflicts = found
        if new and seat.state in {S.INVITED, S.ACCEPTED}:
            seat.state = S.AWAITING_CONSENT
            if seat.role is SeatRole.MANAGER:
                case.manager_id = None
        seat.touch(now)
    await session.flush()


async def seats_of(
    session: AsyncSession, case_id: UUID, *, role: SeatRole | None = None, all_of_them: bool = False
) -> list[PanelSeat]:
    statement = select(PanelSeat).where(PanelSeat.case_id == case_id)
    if not all_of_them:
        statement = statement.where(col(PanelSeat.state).in_(sorted(CURRENT)))
    if role is not None:
        statement = statement.where(PanelSeat.role == role)
    rows = await session.exec(statement.order_by(col(PanelSeat.id)).execution_options(populate_existing=True))
    return list(rows.all())


async def mediator_of(session: AsyncSession, case_id: UUID) -> PanelSeat | None:
    """Who mediates: invited or sitting."""
    return next(iter(await seats_of(session, case_id, role=SeatRole.MEDIATOR)), None)


async def votes_on(session: AsyncSession, subject_id: UUID) -> dict[UUID, bool]:
    """Party → its word."""
    rows = await session.exec(select(CaseVote).where(CaseVote.subject_id == subject_id))
    return {row.party_id: row.agree for row in rows}


def end(seat: PanelSeat, state: SeatState, now: datetime) -> None:
    seat.state, seat.ended_at = state, now
    seat.touch(now)
