"""Who is behind the parties of a case: names as each may see them, and whom to tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core.crypto import crypto_of
from app.core.db import ReadSession
from app.models.disputes import CaseParty, DisputeCase, PanelSeat, PartyRepresentative
from app.rules.disputes.panel import SeatRole, SeatState
from app.rules.disputes.parties import CasePartyKind, CaseSide, RepresentativeState
from app.services.disputes.standing import ANSWER, parties_of
from app.services.identity.members import people_with
from app.services.identity.people import facts_of
from app.services.organisation.enterprises import names_of
from app.services.organisation.ties import village_names

TABLE = "case_party"


@dataclass(frozen=True, slots=True)
class Contact:
    """One line of the call list."""

    party_id: UUID
    name: str
    phone: str | None


async def party_names(session: AsyncSession | ReadSession, parties: Sequence[CaseParty]) -> dict[UUID, str]:
    """Party → name. Whoever was named by the opener stays under that name: it must not tell who is registered."""
    crypto = crypto_of(session)
    people = await facts_of(session, crypto, sorted({row.person_id for row in parties if row.person_id is not None}))
    firms = await names_of(session, {row.enterprise_id for row in parties if row.enterprise_id is not None})
    villages = await village_names(session, {row.area_id for row in parties if row.area_id is not None})
    found = {}
    for row in parties:
        given = crypto.open_if(TABLE, "name", row.id, row.name_sealed)
        if given is None and row.enterprise_id is not None:
            given = firms.get(row.enterprise_id)
        if given is None and row.kind is CasePartyKind.VILLAGE and row.area_id is not None:
            given = villages.get(row.area_id)
        if given is None and row.person_id in people:
            given = people[row.person_id].name
        found[row.id] = given or "未登记姓名"
    return found


async def people_of_parties(
    session: AsyncSession, parties: Sequence[CaseParty], *, now: datetime
) -> dict[UUID, list[UUID]]:
    """Party → the people who act for it here: themselves, the firm's people, representatives."""
    stand = await session.exec(
        select(col(PartyRepresentative.party_id), col(PartyRepresentative.person_id)).where(
            col(PartyRepresentative.party_id).in_([row.id for row in parties]),
            PartyRepresentative.state == RepresentativeState.ACTIVE,
        )
    )
    found: dict[UUID, list[UUID]] = {row.id: [] for row in parties}
    for party_id, person_id in stand.all():
        found[party_id].append(person_id)
    for row in parties:
        if row.person_id is not None:
            found[row.id].append(row.person_id)
        elif row.enterprise_id is not None:
            found[row.id] += await people_with(session, ANSWER, row.enterprise_id, now=now)
    return found


async def everybody(session: AsyncSession, case: DisputeCase, *, now: datetime, panel: bool = False) -> list[UUID]:
    """Whom a step of the case concerns: the people of its parties and its manager; `panel`: who sits, too."""
    parties = [
        row
        for row in await parties_of(session, case.id)
        if row.side is CaseSide.COMPLAINANT or case.asked_at is not None
    ]
    found = {person for people in (await people_of_parties(session, parties, now=now)).values() for person in people}
    if case.manager_id is not None:
        found.add(case.manager_id)
    if panel:
        seated = await session.exec(
            select(col(PanelSeat.person_id)).where(
                PanelSeat.case_id == case.id, PanelSeat.state == SeatState.ACCEPTED,
                col(PanelSeat.role) != SeatRole.MANAGER,
            )
        )  # fmt: skip
        found |= set(seated.all())
    return sorted(found)


async def contacts_of(session: AsyncSession, case: DisputeCase, *, now: datetime) -> list[Contact]:
    """Names and telephones of everybody on the call list of this case, for its manager alone."""
    parties = await parties_of(session, case.id)
    names = await party_names(session, parties)
    behind = await people_of_parties(session, parties, now=now)
    crypto = crypto_of(session)
    facts = await facts_of(session, crypto, sorted({one for people in behind.values() for one in people}))
    found = []
    for row in parties:
        given = crypto.open_if(TABLE, "phone", row.id, row.phone_sealed)
        if given is not None or not behind[row.id]:
            found.append(Contact(row.id, names[row.id], given))
        found += [
            Contact(row.id, facts[one].name or names[row.id], facts[one].phone)
            for one in behind[row.id]
            if one in facts and facts[one].phone is not None
        ]
    return found
