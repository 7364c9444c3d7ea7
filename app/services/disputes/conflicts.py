"""Who is too close to a case to manage it or to sit: asked of the graph before anybody is invited."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.models.disputes import CaseParty, DisputeCase, PartyRepresentative
from app.rules.disputes.panel import Conflict
from app.rules.disputes.parties import CasePartyKind, RepresentativeState
from app.services.disputes.standing import parties_of
from app.services.gigs import referrals
from app.services.identity import members, onbehalf
from app.services.organisation import ties
from app.services.organisation.enterprises import names_of
from app.services.points import households, rewards


async def conflicts_of(session: AsyncSession, case: DisputeCase, person_id: UUID, *, now: datetime) -> list[str]:
    """Codes of `Conflict`, in their order; none: free to sit."""
    parties = await parties_of(session, case.id)
    firms = sorted({row.enterprise_id for row in parties if row.enterprise_id is not None})
    villages = sorted({row.area_id for row in parties if row.kind is CasePartyKind.VILLAGE and row.area_id is not None})
    people = {row.person_id for row in parties if row.person_id is not None}
    people |= await _representatives(session, parties)
    found = set(await ties.closeness(session, person_id, firms, villages))
    others = sorted(people - {person_id})
    if person_id in people:
        found.add(Conflict.PARTY)
    if await _works_in(session, person_id, firms, now):
        found.add(Conflict.MEMBER)
    if firms and await referrals.has_worked_for(session, person_id, firms):
        found.add(Conflict.WORKER)
    if await _gives(session, person_id, now):
        found.add(Conflict.DONOR)
    if others and await onbehalf.have_acted(session, person_id, others):
        found.add(Conflict.AGENT)
    if others and await households.share_one(session, person_id, others):
        found.add(Conflict.HOUSEHOLD)
    return [one.value for one in Conflict if one in found]


async def _representatives(session: AsyncSession, parties: Sequence[CaseParty]) -> set[UUID]:
    rows = await session.exec(
        select(col(PartyRepresentative.person_id)).where(
            col(PartyRepresentative.party_id).in_([row.id for row in parties]),
            PartyRepresentative.state == RepresentativeState.ACTIVE,
        )
    )
    return set(rows.all())


async def _works_in(session: AsyncSession, person_id: UUID, firms: Collection[UUID], now: datetime) -> bool:
    return bool(await members.firms_of(session, person_id, now=now) & set(firms))


async def _gives(session: AsyncSession, person_id: UUID, now: datetime) -> bool:
    """An officer of a firm that donates rewards to the town."""
    firms = await members.firms_of(session, person_id, now=now)
    names = set((await names_of(session, firms)).values())
    return bool(names) and await rewards.has_donor(session, names)
