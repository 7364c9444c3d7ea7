"""The parties are asked for their word: on consent, a seat, an extension, a text."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.events import emit
from app.models.disputes import DisputeCase
from app.rules.disputes.parties import PartyConsent
from app.services.disputes.events import PartyAsked
from app.services.disputes.people import people_of_parties
from app.services.disputes.standing import parties_of


async def ask(session: AsyncSession, case: DisputeCase, what: str, *, now: datetime, pending: bool = False) -> None:
    """The parties are told that their word is wanted; `pending`: those who have not consented."""
    parties = [row for row in await parties_of(session, case.id) if not pending or row.consent is PartyConsent.PENDING]
    people = {one for found in (await people_of_parties(session, parties, now=now)).values() for one in found}
    told = PartyAsked(at=now, case_id=case.id, number=case.number, people=tuple(sorted(people)), what=f"请{what}")
    await emit(session, told)
